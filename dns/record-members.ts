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
 * A member that an administrator has ordered up is up; one that was ordered down is as if it were not there, also among
 * the last good addresses, unless nobody else is there at all.
 *
 * So a backup that is up goes before a preferred member that is held, and a held member goes before too few others and
 * before `when_all_down`: damping costs an answer its preference, never its addresses.
 */
import type { ClusterView, ProbeView } from '../src/cluster-view.ts';
import type { EndpointId } from '../src/endpoint.ts';
import {
  DampedMembers,
  type Damping,
  type HoldChange,
  LOOK_AGAIN_MS,
  NOT_DAMPED,
  type SavedPenalty,
} from './damped-members.ts';
import type { DampingRule } from './damping.ts';
import { withoutDoubted } from './doubted-pool.ts';
import { type Choice, choose, type FailoverMemory, type FailoverRule, remembered } from './failover.ts';
import type { Ip } from './ip.ts';
import type { OverrideState } from './override-order.ts';
import { membersOf, type PoolMember, type PoolState, type ProbeTiming, poolOf } from './pool.ts';
import { limitWeights } from './ring-weight.ts';

export interface RecordMembersOptions extends Pick<FailoverRule, 'policy'> {
  /** In the order of the configuration. */
  readonly pools: readonly (ClusterView & ProbeView)[];
  /** Undefined where members are not probed. */
  readonly probe: ProbeTiming | undefined;
  /** Undefined where nobody is held. */
  readonly damping?: DampingRule | undefined;
  /** A hold has begun or ended; called from within {@link RecordMembers.read}. */
  readonly onHold?: ((change: HoldChange) => void) | undefined;
  /** What an administrator has ordered of a member, by the name of the pool's cluster. */
  readonly overrideOf?: ((pool: string, member: PoolMember) => OverrideState | undefined) | undefined;
}

/** What there is to say of a member beside its health. */
export interface MemberStanding extends Damping {
  /** What an administrator has ordered; undefined where its health decides. */
  readonly ordered: OverrideState | undefined;
}

/** All pools at one moment, in the order of the configuration. */
export interface Reading {
  /** Held members are down. */
  readonly steady: readonly PoolState[];
  /** Held members are as they are; undefined where none of them is up. */
  readonly lenient: readonly PoolState[] | undefined;
  /** Those that were ordered down are there, and down; undefined where there are none. */
  readonly everyone: readonly PoolState[] | undefined;
  /** Addresses that nobody has but members that were ordered down. */
  readonly takenOut: ReadonlySet<Ip>;
}

/** One pool in the three ways of {@link Reading}. */
type PoolReading = Record<'steady' | 'lenient' | 'everyone', PoolState>;

/** What was chosen, and what of the pools it was chosen from. */
export interface Chosen {
  readonly choice: Choice;
  readonly pools: readonly PoolState[];
}

export class RecordMembers {
  readonly #options: RecordMembersOptions;
  readonly #damped: DampedMembers | undefined;
  #isAnyDoubted = false;
  /** By the name of the pool's cluster, as of the last reading. */
  readonly #ordered = new Map<string, ReadonlyMap<EndpointId, OverrideState>>();

  constructor(options: RecordMembersOptions) {
    this.#options = options;
    const { damping, onHold = () => {} } = options;
    if (damping !== undefined) this.#damped = new DampedMembers(damping, onHold);
  }

  /** `nowMs` is of a monotonic clock. */
  read(nowMs: number): Reading {
    const read = this.#options.pools.map((cluster) => this.#readPool(cluster, nowMs));
    const way = (name: keyof PoolReading): readonly PoolState[] => read.map((pool) => pool[name]);
    this.#isAnyDoubted = read.some(({ everyone }) => everyone.members.some(({ isDoubted }) => isDoubted === true));
    const isAnyHeld = read.some(({ steady }) => steady.members.some((member) => member.held === true));
    const isAnyOut = read.some(({ everyone, steady }) => everyone.members.length > steady.members.length);
    return {
      steady: way('steady'),
      lenient: isAnyHeld ? way('lenient') : undefined,
      everyone: isAnyOut ? way('everyone') : undefined,
      takenOut: isAnyOut ? onlyIn(way('everyone'), way('steady')) : NOBODY,
    };
  }

  /** Of a member of the pool with this cluster. */
  standingOf(pool: string, member: EndpointId, nowMs: number): MemberStanding {
    const damping = this.#damped?.of(pool, member, nowMs) ?? NOT_DAMPED;
    const ordered = this.#ordered.get(pool)?.get(member);
    return { ...damping, ordered, heldMs: ordered === undefined ? damping.heldMs : 0 };
  }

  /** Milliseconds after which it must be read again though nothing has happened; undefined where that is not so. */
  lookAgainMs(nowMs: number): number | undefined {
    const heldMs = this.#damped?.lookAgainMs(nowMs);
    // That discovery has somebody again is no change of its set.
    return this.#isAnyDoubted ? Math.min(heldMs ?? LOOK_AGAIN_MS, LOOK_AGAIN_MS) : heldMs;
  }

  /** Of all members, since the start; another number means that penalties are others. */
  get losses(): number {
    return this.#damped?.losses ?? 0;
  }

  savedPenalties(nowMs: number, epochMs: number): readonly SavedPenalty[] {
    return this.#damped?.saved(nowMs, epochMs) ?? [];
  }

  recallPenalties(saved: readonly SavedPenalty[], nowMs: number, epochMs: number): void {
    this.#damped?.recall(saved, nowMs, epochMs);
  }

  /** Takes over what was known of members of the same pools. */
  follow(former: RecordMembers): void {
    if (former.#damped !== undefined) this.#damped?.follow(former.#damped);
  }

  #readPool(cluster: ClusterView & ProbeView, nowMs: number): PoolReading {
    const { policy, probe, overrideOf = () => undefined } = this.#options;
    const found = membersOf(cluster, probe);
    const { members, weightLimit } = policy === 'hash' ? limitWeights(found) : { members: found };
    const damped = this.#damped;
    damped?.observe(cluster.name, members, nowMs);
    const everyone = members.map((member) => ordered(member, overrideOf(cluster.name, member)));
    const orders = everyone.flatMap(({ id, ordered: state }) => (state === undefined ? [] : [[id, state] as const]));
    this.#ordered.set(cluster.name, new Map(orders));
    const there = everyone.filter((member) => member.ordered !== 'down');
    const steadied = (member: PoolMember): PoolMember =>
      member.ordered === undefined ? (damped?.steady(cluster.name, member, nowMs) ?? member) : member;
    const pool = (some: readonly PoolMember[]): PoolState => ({ ...poolOf(cluster, some), weightLimit });
    return { steady: pool(there.map(steadied)), lenient: pool(there), everyone: pool(everyone) };
  }
}

const NOBODY: ReadonlySet<Ip> = new Set();

/** An order holds until there is another one, so it never changes by itself. */
function ordered(member: PoolMember, state: OverrideState | undefined): PoolMember {
  return state === undefined ? member : { ...member, verdict: state, ordered: state, flipMs: Number.POSITIVE_INFINITY };
}

function onlyIn(all: readonly PoolState[], some: readonly PoolState[]): ReadonlySet<Ip> {
  const known = new Set(addressesOf(some));
  return new Set(addressesOf(all).filter((ip) => !known.has(ip)));
}

function addressesOf(pools: readonly PoolState[]): readonly Ip[] {
  return pools.flatMap(({ members }) => members.map(({ ip }) => ip));
}

export function chooseFrom(rule: FailoverRule, reading: Reading, memory: FailoverMemory): Chosen {
  const chosen = chooseAmong(rule, reading, memory);
  if (rule.policy === 'all') return chosen;
  // Only for what was good before: a pool in doubt still goes before nothing, and before another pool.
  const believed = chooseAmong(rule, trusted(reading), memory);
  return believed.choice.basis === 'last_good' ? believed : chosen;
}

function trusted({ steady, lenient, ...rest }: Reading): Reading {
  return { ...rest, steady: withoutDoubted(steady), lenient: lenient && withoutDoubted(lenient) };
}

function chooseAmong(rule: FailoverRule, reading: Reading, memory: FailoverMemory): Chosen {
  const { everyone, takenOut } = reading;
  const known = { ...memory, lastGood: memory.lastGood.filter((ip) => !takenOut.has(ip)) };
  const chosen = chooseSteady(rule, reading, takenOut.size === 0 ? memory : known);
  if (everyone === undefined || chosen.choice.basis !== 'unknown') return chosen;
  return { choice: choose(rule, everyone, memory), pools: everyone };
}

function chooseSteady(rule: FailoverRule, { steady, lenient }: Reading, memory: FailoverMemory): Chosen {
  const choice = sureOrRecalled(choose(rule, steady, memory), steady, memory);
  if (lenient === undefined || choice.basis === 'up' || choice.basis === 'assumed') return { choice, pools: steady };
  const among = choose(rule, lenient, memory);
  const isBetter = among.basis === 'up' || (among.basis === 'too_few' && choice.basis !== 'too_few');
  if (!isBetter) return { choice, pools: steady };
  // The end of a hold changes the answer as well as the next failure of a held member does.
  const flipMs = Math.min(choice.flipMs, among.flipMs);
  return { choice: { ...among, basis: 'held', flipMs }, pools: lenient };
}

/** What was up before a restart is a better guess than who is named first. */
function sureOrRecalled(choice: Choice, pools: readonly PoolState[], memory: FailoverMemory): Choice {
  const { lastGood, isRecalled = false } = memory;
  if (choice.basis !== 'assumed' || !isRecalled || lastGood.length === 0) return choice;
  return { ...choice, basis: 'last_good', ...remembered(lastGood, pools) };
}
