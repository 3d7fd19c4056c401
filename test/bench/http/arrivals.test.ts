import { describe, expect, test } from 'vitest';
import { arrivalGaps, percentileOf } from '../../../bench/http/arrivals.ts';

const take = (count: number, perSecond: number, seed: number): readonly number[] => {
  const next = arrivalGaps(perSecond, seed);
  return Array.from({ length: count }, next);
};

describe('arrivals', () => {
  test('come at the asked rate, each by chance: a third of the gaps is longer than the mean, as e says', () => {
    const gaps = take(200_000, 5_000, 42);
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    expect(mean).toBeGreaterThan(0.198);
    expect(mean).toBeLessThan(0.202);
    expect(gaps.filter((gap) => gap > 0.2).length / gaps.length).toBeCloseTo(Math.exp(-1), 2);
    expect(gaps.every((gap) => gap >= 0 && Number.isFinite(gap))).toBe(true);
  });

  test('are the same for the same seed, and others for another', () => {
    expect(take(10, 100, 1)).toEqual(take(10, 100, 1));
    expect(take(10, 100, 1)).not.toEqual(take(10, 100, 2));
  });
});

describe('a percentile', () => {
  test.each([
    [50, 2],
    [51, 3],
    [99, 4],
    [100, 4],
    [0, 1],
  ])('of 1 to 4: %d %% do not exceed %d', (percent, expected) => {
    expect(percentileOf(Float64Array.of(1, 2, 3, 4), percent)).toBe(expected);
  });

  test('of nothing is not a number', () => {
    expect(percentileOf(new Float64Array(), 99)).toBeNaN();
  });
});
