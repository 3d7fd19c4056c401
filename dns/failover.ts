/**
 * Which addresses a balanced record answers with.
 *
 *   failover, pool by pool in the order of the configuration:
 *     has members that are up                    → those                                        `up`
 *     has none up, but members without a verdict,
 *     and the record has never been decided      → those: a start must not look like a failure  `assumed`
 *     else                                       → the next pool
 *   all: the same with one pool made of all pools.
 *
 *   no pool had any, and when_all_down is
 *     none, and the record has been decided      → no address                                   `none`
 *     all                                        → every member of every pool                   `all`
 *     last_good (or one of the above in vain)    → the last set that was `up`                   `last_good`
 *     …, and there never was one                 → every member of the first pool that has any  `configured`
 *     …, and no pool has any                     → nothing is known: no answer but SERVFAIL     `unknown`
 *
 * A record has been decided once every pool was settled (discovery answered, each member probed) at the same time;
 * from then on a member without a verdict is a newcomer and waits for its first probe.
 */
import type { Ip } from './ip.ts';
import type { PoolMember, PoolState } from './pool.ts';

export interface FailoverRule {
  readonly policy: 'failover' | 'all';
  readonly whenAllDown: 'last_good' | 'all' | 'none';
}

export interface FailoverMemory {
  /** The addresses of the last choice with basis `up`; empty if there was none. */
  readonly lastGood: readonly Ip[];
  readonly decided: boolean;
}

export type Basis = 'up' | 'assumed' | 'all' | 'last_good' | 'configured' | 'none' | 'unknown';

export interface Choice {
  readonly basis: Basis;
  /** Sorted and without repetition. Empty for `none` and `unknown`, and only for those. */
  readonly addresses: readonly Ip[];
  /** The pools that these come from, by their place in the configuration; none where they are remembered or nobody's. */
  readonly pools: readonly number[];
  /** Milliseconds until the choice could be another at the earliest. */
  readonly flipMs: number;
  /** Every pool that the choice depends on was settled: no first answer or first probe can still change it. */
  readonly sure: boolean;
}

export function choose(rule: FailoverRule, pools: readonly PoolState[], memory: FailoverMemory): Choice {
  const everyPool = [...pools.keys()];
  const levels = rule.policy === 'all' ? [everyPool] : everyPool.map((place) => [place]);
  let flipMs = Number.POSITIVE_INFINITY;
  let sure = true;
  for (const places of levels) {
    const level = places.map((place) => pools[place] as PoolState);
    flipMs = Math.min(flipMs, ...level.map((pool) => pool.flipMs));
    sure &&= level.every((pool) => pool.settled);
    const up = among(pools, places, 'up');
    if (up.addresses.length > 0) return { basis: 'up', ...up, flipMs, sure };
    const awaited = among(pools, memory.decided ? [] : places, 'unknown');
    if (awaited.addresses.length > 0) return { basis: 'assumed', ...awaited, flipMs: 0, sure };
  }
  return { ...whenAllDown(rule, pools, memory), flipMs, sure };
}

function whenAllDown(
  rule: FailoverRule,
  pools: readonly PoolState[],
  memory: FailoverMemory,
): Pick<Choice, 'basis' | 'addresses' | 'pools'> {
  if (rule.whenAllDown === 'none' && memory.decided) return { basis: 'none', addresses: [], pools: [] };
  const everyone = among(pools, [...pools.keys()], undefined);
  if (rule.whenAllDown === 'all' && everyone.addresses.length > 0) return { basis: 'all', ...everyone };
  if (memory.lastGood.length > 0) return { basis: 'last_good', addresses: memory.lastGood, pools: [] };
  const first = among(pools, everyone.pools.slice(0, 1), undefined);
  return { basis: first.addresses.length > 0 ? 'configured' : 'unknown', ...first };
}

/** What the pools at these places have of one verdict, or at all: the addresses, and the pools that have any. */
function among(
  pools: readonly PoolState[],
  places: readonly number[],
  verdict: PoolMember['verdict'] | undefined,
): Pick<Choice, 'addresses' | 'pools'> {
  const found = places.map((place) => ({
    place,
    members: (pools[place]?.members ?? []).filter((member) => verdict === undefined || member.verdict === verdict),
  }));
  return {
    addresses: addressesOf(found.flatMap(({ members }) => members)),
    pools: found.filter(({ members }) => members.length > 0).map(({ place }) => place),
  };
}

function addressesOf(members: readonly PoolMember[]): readonly Ip[] {
  return [...new Set(members.map((member) => member.ip))].sort();
}
