import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backoffMs } from '../../src/backoff.ts';

const limits = { baseMs: 200, maxMs: 30_000 };
const ALMOST_ONE = 1 - Number.EPSILON;

describe('backoffMs', () => {
  test.each([
    [1, 0, 100],
    [1, 0.5, 200],
    [1, ALMOST_ONE, 400],
    [2, ALMOST_ONE, 800],
    [3, 0.5, 800],
    [7, ALMOST_ONE, 25_600],
    [8, ALMOST_ONE, 30_000],
    [1e9, ALMOST_ONE, 30_000],
    [1e9, 0, 100],
  ])('after %d failures and a draw of %d is %d ms', (failures, random, expected) => {
    expect(backoffMs(failures, random, limits)).toBe(expected);
  });

  test('is never below half of the base, nor above the ceiling of its formula', () => {
    const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_000_000_000 }), draw, (failures, random) => {
        const wait = backoffMs(failures, random, limits);
        expect(wait).toBeGreaterThanOrEqual(limits.baseMs / 2);
        expect(wait).toBeLessThanOrEqual(Math.min(limits.maxMs, limits.baseMs * 2 ** failures));
        expect(Number.isInteger(wait)).toBe(true);
      }),
    );
  });

  test('grows with the number of failures for the same draw', () => {
    const waits = Array.from({ length: 12 }, (_, i) => backoffMs(i + 1, 0.9, limits));
    expect(waits).toEqual(waits.toSorted((a, b) => a - b));
  });
});
