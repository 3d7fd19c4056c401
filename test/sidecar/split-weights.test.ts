import { describe, expect, it } from 'vitest';
import { configuredWeights, fittingWeights, nextWeights, readWeights } from '../../sidecar/split-weights.ts';
import type { KvReading } from '../../src/consul/kv-value.ts';

const ARMS = ['products', 'canary'];
const SPLIT = { arms: ARMS, configured: [95, 5] };
const present = (text: string): KvReading => ({ kind: 'value', value: { kind: 'present', text } });
const ABSENT: KvReading = { kind: 'value', value: { kind: 'absent' } };
const FAILED: KvReading = { kind: 'failed', error: new Error('no leader') };

describe('the value of a key', () => {
  it.each([
    ['{"products": 80, "canary": 20}', [80, 20]],
    ['{"canary":20,"products":80}\n', [80, 20]],
    ['{"products": 0, "canary": 65535}', [0, 65_535]],
  ])('%s', (text, weights) => expect(readWeights(text, ARMS)).toEqual(weights));

  it.each([
    ['', 'is not JSON'],
    ['80', 'is not an object of weights'],
    ['[80, 20]', 'is not an object of weights'],
    ['null', 'is not an object of weights'],
    ['{"products": 80}', 'has no weight for canary'],
    ['{"products": 80, "canary": 20, "other": 1}', 'names "other", which is no arm of the split'],
    ['{"products": 80, "canary": 20, "__proto__": 1}', 'names "__proto__", which is no arm of the split'],
    ['{"products": "80", "canary": 20}', 'has a weight for products that is no number'],
    ['{"products": 80, "canary": -1}', 'has weights that must be whole numbers'],
    ['{"products": 80, "canary": 1.5}', 'has weights that must be whole numbers'],
    ['{"products": 80, "canary": 65536}', 'has weights that must be whole numbers'],
    ['{"products": 1e999, "canary": 1}', 'has weights that must be whole numbers'],
    ['{"products": 0, "canary": 0}', 'has weights that must not all be 0'],
  ])('%s is refused', (text, problem) => expect(readWeights(text, ARMS)).toContain(problem));

  it('that is no text is refused', () => expect(readWeights(undefined, ARMS)).toBe('is too large or no text'));
});

describe('the weights in force', () => {
  const FIRST = configuredWeights(SPLIT);
  const FROM_KEY = { weights: [80, 20], source: 'consul_kv', problem: undefined } as const;

  it.each([
    ['the key is there', FIRST, present('{"products":80,"canary":20}'), FROM_KEY],
    ['it is malformed', FROM_KEY, present('{'), { ...FROM_KEY, problem: 'is not JSON' }],
    ['it is malformed from the start', FIRST, present('{'), { ...FIRST, problem: 'is not JSON' }],
    ['it goes', FROM_KEY, ABSENT, FIRST],
    ['Consul goes', FROM_KEY, FAILED, { ...FROM_KEY, problem: 'cannot be read: no leader' }],
    [
      'Consul comes back',
      { ...FROM_KEY, problem: 'cannot be read: no leader' },
      present('{"products":80,"canary":20}'),
      FROM_KEY,
    ],
  ])('when %s', (_, before, reading, after) => {
    expect(nextWeights(before, reading, SPLIT)).toEqual(after);
  });

  it('fit only the split that they were made for', () => {
    const weights = new Map([
      ['canary', 20],
      ['products', 80],
    ]);
    expect(fittingWeights(weights, ARMS)).toEqual([80, 20]);
    expect(fittingWeights(weights, ['products', 'other'])).toBeUndefined();
    expect(fittingWeights(weights, ['products'])).toBeUndefined();
    expect(fittingWeights(undefined, ARMS)).toBeUndefined();
  });
});
