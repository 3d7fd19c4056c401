import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_WEIGHT } from '../../src/endpoint.ts';
import { murmur3 } from '../../src/hash.ts';
import { buildNginxRing } from '../../src/nginx-ring.ts';
import { buildRing, walkRing } from '../../src/ring.ts';
import { MAX_RING_WEIGHT, MIN_POINTS, POINTS_PER_WEIGHT, pointCounts, weightDivisor } from '../../src/ring-points.ts';
import { anyone, fleet } from '../support/endpoints.ts';

const weights = (...all: number[]): readonly { weight: number }[] => all.map((weight) => ({ weight }));
const times = (count: number, weight: number): readonly { weight: number }[] => Array(count).fill({ weight });
const sum = (counts: Uint32Array): number => counts.reduce((total, count) => total + count, 0);

describe('weights count', () => {
  test.each([
    ['as they are, of nobody', [], 1],
    ['as they are, up to what all may have together', weights(6_999, 1), 1],
    ['as they are, of any number of equals', times(20_000, 1), 1],
    ['as they are, where a hundred of weight 50 become one more', times(101, 50), 1],
    ['as halves beyond it', weights(6_999, 2), 2],
    ['as halves up to twice as much', weights(13_999, 1), 2],
    ['as quarters beyond that', weights(14_000, 1), 4],
    ['as 1024ths, of 61 with the most that Consul allows', times(61, MAX_WEIGHT), 1024],
    ['on the mean as one where that would be too little', times(10_000, 3), 4],
  ])('%s', (_how, endpoints, divisor) => {
    expect(weightDivisor(endpoints)).toBe(divisor);
  });
});

describe('the number of points', () => {
  test('is 160 per unit of weight, by which shares go, also where weights count as less', () => {
    expect([...pointCounts(weights(1, 7, 100))]).toEqual([160, 1_120, 16_000]);
    expect([...pointCounts(weights(30_000, 60_000, 10_000))]).toEqual([300_000, 600_000, 100_000]);
  });

  test('is at least 40 where the others are far heavier', () => {
    expect([...pointCounts(weights(1, MAX_WEIGHT))]).toEqual([MIN_POINTS, Math.ceil((MAX_WEIGHT * 160) / 16)]);
  });

  test('is bounded, whatever the weights', () => {
    const anyWeights = fc.array(fc.integer({ min: 1, max: MAX_WEIGHT }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(anyWeights, (all) => {
        const most = MAX_RING_WEIGHT * POINTS_PER_WEIGHT + all.length * (MIN_POINTS + 1);
        expect(sum(pointCounts(weights(...all)))).toBeLessThanOrEqual(most);
      }),
    );
    expect(sum(pointCounts(times(10_000, MAX_WEIGHT)))).toBeLessThanOrEqual(10_000 * (POINTS_PER_WEIGHT + MIN_POINTS));
  });
});

describe('of a ring with too much weight', () => {
  const KEYS = Array.from({ length: 2_000 }, (_, i) => murmur3(`user-${i}`));
  const heavy = fleet(61, MAX_WEIGHT);

  test.each([
    ['our own', buildRing],
    ["nginx's layout", buildNginxRing],
  ])('the points are few enough to build it in no time (%s)', (_which, build) => {
    expect(build(heavy).hashes.length).toBeLessThanOrEqual(MAX_RING_WEIGHT * POINTS_PER_WEIGHT + 61);
  });

  test('points ascend by hash, and those of one hash by endpoint', () => {
    const { hashes, owners } = buildRing(heavy);
    const isAscending = (i: number): boolean =>
      hashes[i - 1]! < hashes[i]! || (hashes[i - 1] === hashes[i] && owners[i - 1]! <= owners[i]!);
    expect(hashes.length).toBeGreaterThan(500_000);
    expect(Array.from(hashes.keys()).filter((i) => i > 0 && !isAscending(i))).toEqual([]);
  });

  test('a lost endpoint moves its own keys and no others', () => {
    const [before, after] = [buildRing(heavy), buildRing(heavy.slice(1))];
    const moved = KEYS.filter((key) => {
      const from = walkRing(before, key, anyone)!;
      return from !== heavy[0] && walkRing(after, key, anyone) !== from;
    });
    expect(moved).toEqual([]);
  });

  test('keys move between those that stay where weights begin to count as halves, and about half of them', () => {
    const [before, after] = [buildRing(fleet(100, 70)), buildRing(fleet(101, 70))];
    const moved = KEYS.filter((key) => walkRing(before, key, anyone)!.id !== walkRing(after, key, anyone)!.id);
    expect(moved.length / KEYS.length).toBeGreaterThan(0.4);
    expect(moved.length / KEYS.length).toBeLessThan(0.6);
  });
});
