/** A pool held against its `min_up`: whether it counts as up, how near it is to that, and when it could. */
import type { Ip } from './ip.ts';
import type { PoolMember, PoolState } from './pool.ts';

/** Different addresses of the members with one of these verdicts: two instances at one address are one answer. */
export function countOf({ members }: PoolState, verdicts: readonly PoolMember['verdict'][]): number {
  return new Set(members.filter(({ verdict }) => verdicts.includes(verdict)).map((member): Ip => member.ip)).size;
}

/**
 * Milliseconds until the pool's part of an answer could change at the earliest. Of a pool that counts as up, any change
 * of its members; of one that does not, that it reaches `minUp`: that its members rise and nobody falls. A pool from
 * Consul could do so at any moment, because anybody may register; a list never, where it is too short.
 */
export function untilChangeMs(pool: PoolState, minUp: number): number {
  const missing = minUp - countOf(pool, ['up']);
  if (missing <= 0) return pool.flipMs;
  if (!pool.settled || !pool.isStatic) return 0;
  const rises = pool.members.filter(({ verdict }) => verdict !== 'up').map(({ flipMs }) => flipMs);
  return rises.sort((a, b) => a - b)[missing - 1] ?? Number.POSITIVE_INFINITY;
}
