import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearest, suggestion } from '../../../src/config/suggest.ts';

const KEYS = ['listeners', 'clusters', 'status', 'register', 'log', 'drain', 'path', 'path_prefix'];

describe('the key that was meant', () => {
  it.each([
    ['listners', 'listeners'],
    ['listener', 'listeners'],
    ['Clusters', 'clusters'],
    ['regsiter', 'register'],
    ['lgo', 'log'],
    ['paht', 'path'],
    ['pathprefix', 'path_prefix'],
  ])('of %s is %s', (word, meant) => {
    expect(nearest(word, KEYS)).toBe(meant);
  });

  it.each(['telemetry', 'x', 'to', '', 'upstreams'])('of "%s" is none', (word) => {
    expect(suggestion(word, KEYS)).toBe('');
  });

  it('is found without a look at what is too long to be it', () => {
    const started = performance.now();
    expect(nearest('x'.repeat(1_000_000), KEYS)).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

describe('the edit distance', () => {
  const word = fc.string({ maxLength: 8, unit: fc.constantFrom('a', 'b', 'c') });

  it('counts a swap of neighbours as one', () => {
    expect(editDistance('regsiter', 'register')).toBe(1);
    expect(editDistance('ab', 'ba')).toBe(1);
  });

  it('is zero for equal words only, the same both ways, and no more than the longer word', () => {
    fc.assert(
      fc.property(word, word, (a, b) => {
        const distance = editDistance(a, b);
        expect(distance === 0).toBe(a === b);
        expect(editDistance(b, a)).toBe(distance);
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
        expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
      }),
    );
  });
});
