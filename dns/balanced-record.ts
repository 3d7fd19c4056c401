/** A name whose addresses follow the health of pools: what it answers now, and what it remembers of before. */
import { balancedTtlSeconds } from '../src/answer-ttl.ts';
import type { EndpointId } from '../src/endpoint.ts';
import type { AnswerSet } from './answer-set.ts';
import { balancedSets, type Serving } from './balanced-sets.ts';
import type { SavedPenalty } from './damped-members.ts';
import type { Basis, Choice, FailoverMemory, FailoverRule } from './failover.ts';
import { answerFingerprint } from './fingerprint.ts';
import type { Ip } from './ip.ts';
import { LostTogether } from './lost-together.ts';
import { NetworkRings } from './network-rings.ts';
import type { PoolState } from './pool.ts';
import {
  type Chosen,
  chooseFrom,
  type MemberStanding,
  type Reading,
  RecordMembers,
  type RecordMembersOptions,
} from './record-members.ts';
import type { ZoneNode } from './zone-tree.ts';

export interface BalancedRecordOptions extends FailoverRule, RecordMembersOptions {
  readonly node: ZoneNode;
  /** Sets of other types, which stay as they are. */
  readonly fixed: readonly AnswerSet[];
  readonly minTtlMs: number;
  readonly maxTtlMs: number;
  /** Default `all`. */
  readonly serving?: Serving;
  /** Those of the thread's other names. Default: it has its own. */
  readonly rings?: NetworkRings;
}

/** A change of the addresses, for the log. */
export interface AnswerChange {
  readonly from: readonly Ip[];
  readonly to: readonly Ip[];
  readonly basis: Basis;
}

/** What a record answers now, and what it was told of its pools when it decided that. */
export interface Standing {
  readonly choice: Choice;
  /** In the order of the configuration. */
  readonly pools: readonly PoolState[];
  readonly ttlSeconds: number;
}

export class BalancedRecord {
  readonly #options: BalancedRecordOptions;
  readonly #members: RecordMembers;
  readonly #rings: NetworkRings;
  readonly #lostTogether: LostTogether;
  #node: ZoneNode;
  /** How often the addresses changed after the first time. */
  changes = 0;
  #memory: FailoverMemory = { lastGood: [], decided: false };
  #sure = false;
  #standing: Standing | undefined;

  constructor(options: BalancedRecordOptions) {
    this.#options = options;
    this.#members = new RecordMembers(options);
    this.#rings = options.rings ?? new NetworkRings();
    this.#lostTogether = new LostTogether(options.probe?.intervalMs);
    this.#node = options.node;
  }

  get node(): ZoneNode {
    return this.#node;
  }

  /** Its answers are those of this node from here on, which is of the same name in another tree. */
  moveTo(node: ZoneNode): void {
    node.sets = this.#node.sets;
    node.known = this.#node.known;
    node.isStale = this.#node.isStale;
    this.#node = node;
  }

  /** Takes the place of a record of the same name: remembers for it what it had seen, and counts on. */
  follow(former: BalancedRecord): void {
    this.changes += former.changes;
    const { lastGood, decided } = this.#memory;
    this.#memory = { lastGood: lastGood.length > 0 ? lastGood : former.#memory.lastGood, decided };
    this.#members.follow(former.#members);
  }

  /** Takes the last good addresses of an earlier run as its own, while it has none. */
  recall(lastGood: readonly Ip[]): void {
    if (this.#memory.lastGood.length === 0) this.#memory = { ...this.#memory, lastGood, isRecalled: true };
  }

  /** Penalties of its members, for a later process; {@link SavedPenalty} says what the times are. */
  savedPenalties(nowMs: number, epochMs: number): readonly SavedPenalty[] {
    return this.#members.savedPenalties(nowMs, epochMs);
  }

  /** Takes those of an earlier process; counts from the next {@link refresh} on. */
  recallPenalties(saved: readonly SavedPenalty[], nowMs: number, epochMs: number): void {
    this.#members.recallPenalties(saved, nowMs, epochMs);
  }

  /** Losses of members since the start; another number means that there are other penalties to save. */
  get losses(): number {
    return this.#members.losses;
  }

  /** What it answers where nobody is up and `last_good` was chosen; the same list as long as it is equal. */
  get lastGood(): readonly Ip[] {
    return this.#memory.lastGood;
  }

  /** True from the first answer on that no first verdict could still change (a backup may be unknown by then). */
  get sure(): boolean {
    return this.#sure;
  }

  /** Of the addresses that it answers with, and of their weights where these count; undefined while nobody is known. */
  get fingerprint(): string | undefined {
    const choice = this.#standing?.choice;
    if (choice === undefined || !this.#node.known) return undefined;
    const { serving = 'all' } = this.#options;
    return answerFingerprint(choice.addresses, serving === 'all' ? [] : choice.weights);
  }

  /** Undefined before the first {@link refresh}. */
  get standing(): Standing | undefined {
    return this.#standing;
  }

  /** What there is to say of a member of one of its pools beside its health, by the name of the pool's cluster. */
  memberStanding(pool: string, member: EndpointId, nowMs: number): MemberStanding {
    return this.#members.standingOf(pool, member, nowMs);
  }

  /** Milliseconds after which to {@link refresh} though nothing has happened; undefined where there is no need. */
  lookAgainMs(nowMs: number): number | undefined {
    return this.#members.lookAgainMs(nowMs);
  }

  /**
   * Reads the pools and replaces the node's answers if addresses or TTL are others now. Returns the change of the
   * addresses, if there was one; a change of the TTL alone is no change of content. `nowSeconds` is the wall clock's,
   * for the serial; `nowMs` is of a monotonic one.
   */
  refresh(nowSeconds: number, nowMs = nowSeconds * 1_000): AnswerChange | undefined {
    const { minTtlMs, maxTtlMs } = this.#options;
    const node = this.#node;
    const reading = this.#members.read(nowMs);
    const decided = this.#memory.decided || reading.steady.every((state) => state.settled);
    const { choice, pools } = this.#choose(reading, decided, nowMs);
    const { basis, addresses, flipMs, sure } = choice;
    this.#remember(choice, decided, nowMs);
    this.#sure ||= sure;
    const ttl = balancedTtlSeconds(flipMs, minTtlMs, maxTtlMs);
    node.isStale = basis === 'last_good';
    const former = this.#standing;
    const standing = { choice, pools, ttlSeconds: ttl };
    this.#standing = standing;
    if (former !== undefined && node.known === (basis !== 'unknown') && sameList(former.choice.addresses, addresses)) {
      this.#adjust(standing, former);
      return undefined;
    }
    node.sets = this.#setsOf(choice, ttl);
    node.known = basis !== 'unknown';
    if (former === undefined) return undefined;
    this.changes += 1;
    node.zone.contentChanged(nowSeconds);
    return { from: former.choice.addresses, to: addresses, basis };
  }

  #choose(reading: Reading, decided: boolean, nowMs: number): Chosen {
    const chosen = chooseFrom(this.#options, reading, { ...this.#memory, decided });
    if (chosen.choice.basis !== 'last_good') return chosen;
    const whole = this.#lostTogether.wholeOf(this.#memory.lastGood, nowMs);
    if (whole === undefined) return chosen;
    this.#memory = { ...this.#memory, lastGood: whole };
    return chooseFrom(this.#options, reading, { ...this.#memory, decided });
  }

  #remember({ basis, addresses }: Choice, decided: boolean, nowMs: number): void {
    const { lastGood } = this.#memory;
    const isGood = basis === 'up' || basis === 'too_few' || basis === 'held';
    if (!isGood) this.#memory = { ...this.#memory, decided };
    else if (sameList(lastGood, addresses)) this.#memory = { lastGood, decided };
    else {
      this.#lostTogether.note(lastGood, nowMs);
      this.#memory = { lastGood: addresses, decided };
    }
  }

  /** The same addresses: perhaps with other weights or for another time. */
  #adjust({ choice, ttlSeconds: ttl }: Standing, former: Standing): void {
    const { fixed, serving = 'all' } = this.#options;
    const node = this.#node;
    if (serving !== 'all' && !sameList(choice.weights, former.choice.weights)) node.sets = this.#setsOf(choice, ttl);
    else if (ttl !== former.ttlSeconds) node.sets = node.sets.map((it) => (fixed.includes(it) ? it : it.withTtl(ttl)));
  }

  #setsOf({ addresses, weights }: Choice, ttl: number): readonly AnswerSet[] {
    const { fixed, serving = 'all' } = this.#options;
    const node = this.#node;
    const candidates = addresses.map((ip, i) => ({ ip, weight: weights[i] ?? 1 }));
    const options = { ttl, serving, rings: this.#rings, former: node.sets };
    return [...balancedSets(candidates, options), ...fixed];
  }
}

function sameList<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((it, i) => it === b[i]);
}
