/**
 * Which addresses a balanced record answers with.
 *
 * A pool counts as up when at least `min_up` of its addresses are. A record has been decided once every pool was settled
 * (discovery answered, each member probed) at the same time; from then on a member without a verdict is a newcomer and
 * waits for its first probe. Before that, a pool that would count as up with such members is taken to be up: a start
 * must not look like a failure.
 *
 *   failover, weighted, hash, pool by pool in the order of the configuration:
 *     counts as up                               → its members that are up                      `up`
 *     is taken to be up                          → those, and those without a verdict           `assumed`
 *     else                                       → the next pool
 *   all: the same with all pools at once: those that count as up together, or else those that are taken to be. A pool
 *     below its `min_up` leaves the answer.
 *
 *   no pool counts as up or is taken to be:
 *     a member is up somewhere                   → those of the pool that has the largest part of
 *                                                  its `min_up`, the first of equals            `too_few`
 *     else, and never decided: some without
 *     a verdict                                  → those of the first pool that has any         `assumed`
 *
 *   no member is up, and when_all_down is
 *     none, and the record has been decided      → no address                                   `none`
 *     all                                        → every member of every pool                   `all`
 *     last_good (or one of the above in vain)    → the last set that was `up` or `too_few`,
 *                                                  whole (`lost-together.ts`)                   `last_good`
 *     …, and there never was one                 → every member of the first pool that has any  `configured`
 *     …, and no pool has any                     → nothing is known: no answer but SERVFAIL     `unknown`
 *
 * Where only members that damping holds are up, `record-members.ts` asks again with them as they are          `held`
 */
import type { Ip } from './ip.ts';
import { countOf, untilChangeMs } from './min-up.ts';
import type { PoolMember, PoolState } from './pool.ts';

export interface FailoverRule {
  /** `weighted` and `hash` choose the set as `failover` does; who of it a query gets is said in `balanced-sets.ts`. */
  readonly policy: 'failover' | 'all' | 'weighted' | 'hash';
  readonly whenAllDown: 'last_good' | 'all' | 'none';
  /** By the place of the pool; 1 where there is none. */
  readonly minUp?: readonly number[];
}

export interface FailoverMemory {
  /** The addresses of the last choice with basis `up`, `too_few` or `held`; empty if there was none. */
  readonly lastGood: readonly Ip[];
  /** `lastGood` is of an earlier run of the program. */
  readonly isRecalled?: boolean;
  readonly decided: boolean;
}

export type Basis = 'up' | 'held' | 'assumed' | 'too_few' | 'all' | 'last_good' | 'configured' | 'none' | 'unknown';

export interface Choice {
  readonly basis: Basis;
  /** Sorted and without repetition. Empty for `none` and `unknown`, and only for those. */
  readonly addresses: readonly Ip[];
  /** The weight of each address, 1 or more: that of all members there together. */
  readonly weights: readonly number[];
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
  const ranked = pools.map((pool, place) => rank(pool, minUpOf(rule, place), memory.decided));
  let flipMs = Number.POSITIVE_INFINITY;
  let sure = true;
  for (const level of levels) {
    flipMs = Math.min(flipMs, ...level.map((place) => ranked[place]?.untilChangeMs ?? 0));
    sure &&= level.every((place) => pools[place]?.settled);
    const up = level.filter((place) => ranked[place]?.standing === 'up');
    if (up.length > 0) return { basis: 'up', ...among(pools, up, ['up']), flipMs, sure };
    const awaited = level.filter((place) => ranked[place]?.standing === 'awaited');
    if (awaited.length > 0) return { basis: 'assumed', ...among(pools, awaited, ['up', 'unknown']), flipMs: 0, sure };
  }
  // Any member of any pool could make it another.
  flipMs = Math.min(...pools.map((pool) => pool.flipMs));
  return { ...bestOf(rule, pools, memory), flipMs, sure };
}

interface Ranked {
  readonly standing: 'up' | 'awaited' | 'down';
  readonly untilChangeMs: number;
}

function rank(pool: PoolState, minUp: number, decided: boolean): Ranked {
  const standing = (): Ranked['standing'] => {
    if (countOf(pool, ['up']) >= minUp) return 'up';
    return !decided && countOf(pool, ['up', 'unknown']) >= minUp ? 'awaited' : 'down';
  };
  return { standing: standing(), untilChangeMs: untilChangeMs(pool, minUp) };
}

function minUpOf({ minUp }: FailoverRule, place: number): number {
  return minUp?.[place] ?? 1;
}

type Found = Pick<Choice, 'basis' | 'addresses' | 'weights' | 'pools'>;

/** No pool counts as up. */
function bestOf(rule: FailoverRule, pools: readonly PoolState[], memory: FailoverMemory): Found {
  const parts = pools.map((pool, place) => countOf(pool, ['up']) / minUpOf(rule, place));
  const most = Math.max(...parts);
  if (most > 0) return { basis: 'too_few', ...among(pools, [parts.indexOf(most)], ['up']) };
  const awaited = memory.decided ? -1 : pools.findIndex((pool) => countOf(pool, ['unknown']) > 0);
  if (awaited >= 0) return { basis: 'assumed', ...among(pools, [awaited], ['unknown']) };
  return whenAllDown(rule, pools, memory);
}

function whenAllDown(rule: FailoverRule, pools: readonly PoolState[], memory: FailoverMemory): Found {
  if (rule.whenAllDown === 'none' && memory.decided) return { basis: 'none', addresses: [], weights: [], pools: [] };
  const everyone = among(pools, [...pools.keys()]);
  if (rule.whenAllDown === 'all' && everyone.addresses.length > 0) return { basis: 'all', ...everyone };
  if (memory.lastGood.length > 0) return { basis: 'last_good', ...remembered(memory.lastGood, pools) };
  const first = among(pools, everyone.pools.slice(0, 1));
  return { basis: first.addresses.length > 0 ? 'configured' : 'unknown', ...first };
}

const ANY_VERDICT: readonly PoolMember['verdict'][] = ['up', 'down', 'unknown'];

/** What the pools at these places have of these verdicts: the addresses, and the pools that have any. */
function among(pools: readonly PoolState[], places: readonly number[], verdicts = ANY_VERDICT): Omit<Found, 'basis'> {
  const found = places.map((place) => ({
    place,
    members: (pools[place]?.members ?? []).filter(({ verdict }) => verdicts.includes(verdict)),
  }));
  const weights = weightsOf(found.flatMap(({ members }) => members));
  const addresses = [...weights.keys()].sort();
  return {
    addresses,
    weights: addresses.map((ip) => weights.get(ip) ?? 1),
    pools: found.filter(({ members }) => members.length > 0).map(({ place }) => place),
  };
}

/** Addresses with the weights that they have now, as far as they have any. */
export function remembered(addresses: readonly Ip[], pools: readonly PoolState[]): Omit<Found, 'basis'> {
  const weights = weightsOf(pools.flatMap(({ members }) => members));
  return { addresses, weights: addresses.map((ip) => weights.get(ip) ?? 1), pools: [] };
}

function weightsOf(members: readonly PoolMember[]): ReadonlyMap<Ip, number> {
  const weights = new Map<Ip, number>();
  for (const { ip, weight } of members) weights.set(ip, (weights.get(ip) ?? 0) + weight);
  return weights;
}
