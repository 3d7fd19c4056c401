/** What a weight counts as with policy `hash`: building a ring takes time and memory in proportion to its weights. */
import { MAX_HASH_WEIGHT } from '../src/ring-points.ts';
import type { PoolMember } from './pool.ts';

/** All members of a pool together: 320,000 points, which take some 30 ms (`node bench/micro.ts`). */
const MAX_POOL_WEIGHT = 2_000;

/**
 * `MAX_HASH_WEIGHT`, halved until the weights of all together are few enough; at least 1. It is never calculated from the
 * largest weight or a common divisor, and `members` are all of a pool whether up or not: so whoever fails moves the keys
 * of no other member, and whoever joins or leaves does so only where that makes it another half.
 */
export function ringWeightLimit(members: readonly Pick<PoolMember, 'weight'>[]): number {
  let limit = MAX_HASH_WEIGHT;
  while (limit > 1 && sumUpTo(limit, members) > MAX_POOL_WEIGHT) limit = Math.floor(limit / 2);
  return limit;
}

/** The members with the weights that count, and the limit where one of them was above it. */
export function limitWeights(members: readonly PoolMember[]): LimitedMembers {
  const limit = ringWeightLimit(members);
  if (!members.some(({ weight }) => weight > limit)) return { members, weightLimit: undefined };
  const limited = members.map((member) => (member.weight > limit ? { ...member, weight: limit } : member));
  return { members: limited, weightLimit: limit };
}

export interface LimitedMembers {
  readonly members: readonly PoolMember[];
  readonly weightLimit: number | undefined;
}

function sumUpTo(limit: number, members: readonly Pick<PoolMember, 'weight'>[]): number {
  return members.reduce((sum, { weight }) => sum + Math.min(weight, limit), 0);
}
