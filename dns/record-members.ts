/**
 * The members of a record's pools as an answer may count on them, and which of them it takes.
 *
 *   a pool counts as up without those that are held   → as the policy says, held members being down
 *   one does with them                                → as the policy says, held members being up        `held`
 *   none does, but somebody is up who is not held     → as the policy says, held members being down
 *   only held members are up                          → as the policy says, held members being up        `held`
 *   nobody is up, some have no verdict yet, and there
 *   are last good addresses of an earlier run         → those                                           `last_good`
 *   nobody is up                                      → `when_all_down`
 *
 * So a backup that is up goes before a preferred member that is held, and a held member goes before too few others and
 * before `when_all_down`: damping costs an answer its preference, never its addresses.
 */
import type { ClusterView, ProbeView } from '../src/cluster-view.ts';
import type { EndpointId } from '../src/endpoint.ts';
import { DampedMembers, type Damping, type HoldChange, NOT_DAMPED } from './damped-members.ts';
import type { DampingRule } from './damping.ts';
import { type Choice, choose, type FailoverMemory, type FailoverRule } from './failover.ts';
import { membersOf, type PoolMember, type PoolState, type ProbeTiming, poolOf } from './pool.ts';

export interface RecordMembersOptions {
  /** In the order of the configuration. */
  readonly pools: readonly (ClusterView & ProbeView)[];
  /** Undefined where members are not probed. */
  readonly probe: ProbeTiming | undefined;
  /** Undefined where nobody is held. */
  readonly damping?: DampingRule | undefined;
  /** A hold has begun or ended; called from within {@link RecordMembers.read}. */
  readonly onHold?: ((change: HoldChange) => void) | undefined;
}

/** All pools at one moment, in the order of the configuration. */
export interface Reading {
  /** Held members are down. */
  readonly steady: readonly PoolState[];
  /** Held members are as they are; undefined where none of them is up. */
  readonly lenient: readonly PoolState[] | undefined;
}

/** What was chosen, and what of the pools it was chosen from. */
export interface Chosen {
  readonly choice: Choice;
  readonly pools: readonly PoolState[];
}

export class RecordMembers {
  readonly #options: RecordMembersOptions;
  readonly #damped: DampedMembers | undefined;

  constructor(options: RecordMembersOptions) {
    this.#options = options;
    const { damping, onHold = () => {} } = options;
    if (damping !== undefined) this.#damped = new DampedMembers(damping, onHold);
  }

  /** `nowMs` is of a monotonic clock. */
  read(nowMs: number): Reading {
    const read = this.#options.pools.map((cluster) => this.#readPool(cluster, nowMs));
    const isAnyHeld = read.some(({ steady }) => steady.members.some((member) => member.held === true));
    return {
      steady: read.map(({ steady }) => steady),
      lenient: isAnyHeld ? read.map(({ lenient }) => lenient) : undefined,
    };
  }

  dampingOf(pool: string, member: EndpointId, nowMs: number): Damping {
    return this.#damped?.of(pool, member, nowMs) ?? NOT_DAMPED;
  }

  /** Milliseconds after which it must be read again though nothing has happened; undefined where that is not so. */
  lookAgainMs(nowMs: number): number | undefined {
    return this.#damped?.lookAgainMs(nowMs);
  }

  /** Takes over what was known of members of the same pools. */
  follow(former: RecordMembers): void {
    if (former.#damped !== undefined) this.#damped?.follow(former.#damped);
  }

  #readPool(cluster: ClusterView & ProbeView, nowMs: number): Record<'steady' | 'lenient', PoolState> {
    const members = membersOf(cluster, this.#options.probe);
    const damped = this.#damped;
    damped?.observe(cluster.name, members, nowMs);
    const steadied = (member: PoolMember): PoolMember => damped?.steady(cluster.name, member, nowMs) ?? member;
    return { steady: poolOf(cluster, members.map(steadied)), lenient: poolOf(cluster, members) };
  }
}

export function chooseFrom(rule: FailoverRule, { steady, lenient }: Reading, memory: FailoverMemory): Chosen {
  const choice = sureOrRecalled(choose(rule, steady, memory), memory);
  if (lenient === undefined || choice.basis === 'up' || choice.basis === 'assumed') return { choice, pools: steady };
  const among = choose(rule, lenient, memory);
  const isBetter = among.basis === 'up' || (among.basis === 'too_few' && choice.basis !== 'too_few');
  if (!isBetter) return { choice, pools: steady };
  // The end of a hold changes the answer as well as the next failure of a held member does.
  const flipMs = Math.min(choice.flipMs, among.flipMs);
  return { choice: { ...among, basis: 'held', flipMs }, pools: lenient };
}

/** What was up before a restart is a better guess than who is named first. */
function sureOrRecalled(choice: Choice, { lastGood, isRecalled = false }: FailoverMemory): Choice {
  if (choice.basis !== 'assumed' || !isRecalled) return choice;
  return { ...choice, basis: 'last_good', addresses: lastGood, pools: [] };
}
