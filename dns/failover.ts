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
  /** Milliseconds until the choice could be another at the earliest. */
  readonly flipMs: number;
  /** Every pool that the choice depends on was settled: no first answer or first probe can still change it. */
  readonly sure: boolean;
}

export function choose(rule: FailoverRule, pools: readonly PoolState[], memory: FailoverMemory): Choice {
  const levels = rule.policy === 'all' ? [merge(pools)] : pools;
  let flipMs = Number.POSITIVE_INFINITY;
  let sure = true;
  for (const { members, settled, flipMs: poolFlipMs } of levels) {
    flipMs = Math.min(flipMs, poolFlipMs);
    sure &&= settled;
    const up = members.filter((member) => member.verdict === 'up');
    if (up.length > 0) return { basis: 'up', addresses: addressesOf(up), flipMs, sure };
    const awaited = memory.decided ? [] : members.filter((member) => member.verdict === 'unknown');
    if (awaited.length > 0) return { basis: 'assumed', addresses: addressesOf(awaited), flipMs: 0, sure };
  }
  return { ...whenAllDown(rule, pools, memory), flipMs, sure };
}

function whenAllDown(
  rule: FailoverRule,
  pools: readonly PoolState[],
  memory: FailoverMemory,
): Pick<Choice, 'basis' | 'addresses'> {
  if (rule.whenAllDown === 'none' && memory.decided) return { basis: 'none', addresses: [] };
  const everyone = addressesOf(merge(pools).members);
  if (rule.whenAllDown === 'all' && everyone.length > 0) return { basis: 'all', addresses: everyone };
  if (memory.lastGood.length > 0) return { basis: 'last_good', addresses: memory.lastGood };
  const first = pools.find((pool) => pool.members.length > 0);
  if (first !== undefined) return { basis: 'configured', addresses: addressesOf(first.members) };
  return { basis: 'unknown', addresses: [] };
}

function merge(pools: readonly PoolState[]): PoolState {
  return {
    members: pools.flatMap((pool) => pool.members),
    settled: pools.every((pool) => pool.settled),
    flipMs: Math.min(...pools.map((pool) => pool.flipMs)),
  };
}

function addressesOf(members: readonly PoolMember[]): readonly Ip[] {
  return [...new Set(members.map((member) => member.ip))].sort();
}
