/** How many points each endpoint of a ring has: 160 per unit of weight, as long as all together are not too many. */
import type { Endpoint } from './endpoint.ts';

/** Points per unit of weight. Fixed: another number would move keys of endpoints that stay. */
export const POINTS_PER_WEIGHT = 160;

/**
 * What all endpoints together may weigh: 1,120,000 points, which take 11 MB and some 50 ms to build (`node bench/micro.ts
 * ring`). Without a bound sixty endpoints of the greatest weight would take gigabytes and minutes. Twice, four times as
 * much and so on are what moves keys when somebody joins, so no round number: the sums of people's weights are those.
 */
export const MAX_RING_WEIGHT = 7_000;

/** An endpoint beside far heavier ones: with fewer its share would be chance, and walks past those that are down long. */
export const MIN_POINTS = 40;

/** The same for a member of a DNS record with policy `hash`, whose name server has rings for many names. */
export const MAX_HASH_WEIGHT = 100;

type Weights = readonly Pick<Endpoint, 'weight'>[];

/** Of each endpoint; all have a weight above 0. Those of one with less weight are the first of those it would have with more. */
export function pointCounts(endpoints: Weights): Uint32Array {
  const divisor = weightDivisor(endpoints);
  return Uint32Array.from(endpoints, ({ weight }) =>
    Math.max(MIN_POINTS, Math.ceil((weight * POINTS_PER_WEIGHT) / divisor)),
  );
}

/**
 * 1 while the weights are at most {@link MAX_RING_WEIGHT} together (or at most one for each endpoint), else the first of
 * 2, 4, 8, … that makes them so. Steps, because a divisor that followed the sum would move keys of those that stay
 * whenever anybody joined or left; as it is, nobody does before the sum has doubled.
 */
export function weightDivisor(endpoints: Weights): number {
  const most = Math.max(MAX_RING_WEIGHT, endpoints.length);
  const total = endpoints.reduce((sum, { weight }) => sum + weight, 0);
  let divisor = 1;
  while (total > most * divisor) divisor *= 2;
  return divisor;
}
