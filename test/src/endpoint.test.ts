import { describe, expect, test } from 'vitest';
import { diffEndpoints, holdEndpoint, sameEndpoints } from '../../src/endpoint.ts';
import { discovered } from '../support/endpoints.ts';

const CHANGES = [
  { host: '10.0.0.2' },
  { port: 81 },
  { weight: 2 },
  { health: 'down' as const },
  { healthReason: 'check "web alive" is critical' },
  { locality: 'dc2' },
];

describe('sameEndpoints', () => {
  test('does not look at the order', () => {
    expect(sameEndpoints([discovered('a'), discovered('b')], [discovered('b'), discovered('a')])).toBe(true);
    expect(sameEndpoints([], [])).toBe(true);
  });

  test.each(CHANGES)('sees %j', (change) => {
    expect(sameEndpoints([discovered('a')], [discovered('a', change)])).toBe(false);
  });

  test('sees an endpoint that left, joined, or was replaced', () => {
    const [a, b, c] = [discovered('a'), discovered('b'), discovered('c')];
    expect(sameEndpoints([a, b], [a])).toBe(false);
    expect(sameEndpoints([a], [a, b])).toBe(false);
    expect(sameEndpoints([a, b], [a, c])).toBe(false);
  });
});

describe('diffEndpoints', () => {
  test('tells who joined, who left and who changed, with the newer form of the changed', () => {
    const before = [discovered('stays'), discovered('leaves'), discovered('changes')];
    const after = [discovered('changes', { weight: 3 }), discovered('joins'), discovered('stays')];
    expect(diffEndpoints(before, after)).toEqual({
      joined: [discovered('joins')],
      left: [discovered('leaves')],
      changed: [discovered('changes', { weight: 3 })],
    });
  });

  test.each(CHANGES)('counts %j as a change', (change) => {
    const { changed } = diffEndpoints([discovered('a')], [discovered('a', change)]);
    expect(changed).toEqual([discovered('a', change)]);
  });

  test('of equal sets is empty', () => {
    expect(diffEndpoints([discovered('a')], [discovered('a')])).toEqual({ joined: [], left: [], changed: [] });
  });
});

describe('holdEndpoint', () => {
  test('freezes, and writes the address once', () => {
    const held = holdEndpoint(discovered('a', { host: '::1', port: 80 }), 7);
    expect(held).toMatchObject({ id: 'a', slot: 7, address: '[::1]:80' });
    expect(Object.isFrozen(held)).toBe(true);
  });
});
