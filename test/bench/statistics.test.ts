import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { differenceSpread, ratioSpread, spreadOf } from '../../bench/statistics.ts';

describe('a spread', () => {
  test.each([
    [[3], { median: 3, least: 3, most: 3 }],
    [[5, 1, 3], { median: 3, least: 1, most: 5 }],
    [[10, 9, 100, 8], { median: 9.5, least: 8, most: 100 }],
  ])('of %j has the middle and both ends', (values, expected) => {
    expect(spreadOf(values)).toEqual(expected);
  });

  test('of nothing is nothing', () => {
    expect(spreadOf([])).toBeUndefined();
  });

  test('has as many values above its median as below it, in whatever order they come', () => {
    const values = fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(values, (them) => {
        const { median, least, most } = spreadOf(them)!;
        expect(them.filter((it) => it < median).length).toBeLessThanOrEqual(them.length / 2);
        expect(them.filter((it) => it > median).length).toBeLessThanOrEqual(them.length / 2);
        expect([least, most]).toEqual([Math.min(...them), Math.max(...them)]);
      }),
    );
  });
});

describe('a ratio', () => {
  test('is of two values of the same turn, so that a slow minute disturbs both', () => {
    expect(ratioSpread([12, 60, 11], [10, 50, 10])).toEqual({ median: 1.2, least: 1.1, most: 1.2 });
  });

  test('leaves turns out that one of the two has not', () => {
    expect(ratioSpread([12, 60], [10])).toEqual({ median: 1.2, least: 1.2, most: 1.2 });
    expect(ratioSpread([12], [])).toBeUndefined();
    expect(ratioSpread([12, 8], [0, 4])).toEqual({ median: 2, least: 2, most: 2 });
  });
});

test('a difference is of two values of the same turn too', () => {
  expect(differenceSpread([12, 60, 11], [10, 63, 10])).toEqual({ median: 1, least: -3, most: 2 });
  expect(differenceSpread([12, 7], [undefined, 7])).toEqual({ median: 0, least: 0, most: 0 });
  expect(differenceSpread([], [1])).toBeUndefined();
});
