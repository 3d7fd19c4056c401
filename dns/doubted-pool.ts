/**
 * Pools whose members discovery has lost at once, as with a revoked token: held back, each pool's for a while of its own.
 *
 *   pools before it         | members of the first pool that has any | then
 *   ------------------------|----------------------------------------|---------------------------------------
 *   none                    | whoever                                | as they are
 *   all of them have nobody | all lost too, and not let go yet       | down: what took those takes these next
 *   all of them have nobody | one is not                             | as they are
 *
 * Otherwise the pool whose time is over some milliseconds later would take over for so long, and be what is remembered
 * as good. Pure.
 */
import type { PoolMember, PoolState } from './pool.ts';

export function withoutDoubted(pools: readonly PoolState[]): readonly PoolState[] {
  const place = pools.findIndex(({ members }) => members.length > 0);
  const pool = pools[place];
  if (pool === undefined || place === 0 || !pools.slice(0, place).every(({ settled }) => settled)) return pools;
  if (!pool.members.every(isDoubted)) return pools;
  const members = pool.members.map((member): PoolMember => ({ ...member, verdict: 'down' }));
  return pools.with(place, { ...pool, members });
}

function isDoubted({ isDoubted, ordered }: PoolMember): boolean {
  return isDoubted === true && ordered === undefined;
}
