/** Flap damping of all members of a record: who is held, for how long, and when that begins and ends. */
import type { EndpointId } from '../src/endpoint.ts';
import { type Damped, type DampingRule, damp, heldMs, isForgotten, penaltyAt, UNDAMPED } from './damping.ts';
import type { PoolMember } from './pool.ts';

/** A hold that has begun or ended, for the log. */
export interface HoldChange {
  /** Name of the pool's cluster. */
  readonly pool: string;
  readonly member: EndpointId;
  readonly penalty: number;
  /** Milliseconds for which it will be held at least; 0 at the end. */
  readonly holdMs: number;
}

/** What damping has to say of one member now. */
export interface Damping {
  /** 0 or more; a loss adds 1000. */
  readonly penalty: number;
  /** 0 where it is not held. */
  readonly heldMs: number;
}

/** A penalty as it outlives the process; times are the wall clock's. */
export interface SavedPenalty {
  /** Name of the pool's cluster. */
  readonly pool: string;
  readonly member: EndpointId;
  /** As it was at the last loss. */
  readonly penalty: number;
  /** Milliseconds since 1970. */
  readonly lostAtMs: number;
  /** How long from then it is held; 0 where it is not. */
  readonly heldMs: number;
}

export const NOT_DAMPED: Damping = Object.freeze({ penalty: 0, heldMs: 0 });

/** A held member's time runs while nothing happens, so whoever holds one looks again after this long. */
export const LOOK_AGAIN_MS = 1_000;

type Members = Map<EndpointId, Damped>;

export class DampedMembers {
  readonly #rule: DampingRule;
  readonly #onHold: (change: HoldChange) => void;
  /** By the name of the pool's cluster. */
  readonly #pools = new Map<string, Members>();
  readonly #held = new Map<string, HoldChange>();
  /** Losses so far, in all: another number means that there is something to save. */
  losses = 0;

  /** `onHold` is called from within {@link observe}. */
  constructor(rule: DampingRule, onHold: (change: HoldChange) => void) {
    this.#rule = rule;
    this.#onHold = onHold;
  }

  /** Takes in how the members of a pool stand now; who was up before and is not among them has been lost. */
  observe(pool: string, members: readonly PoolMember[], nowMs: number): void {
    const known = this.#pools.get(pool) ?? new Map<EndpointId, Damped>();
    this.#pools.set(pool, known);
    const seen = new Map(members.map((member) => [member.id, member.verdict === 'up']));
    for (const id of known.keys()) if (!seen.has(id)) seen.set(id, false);
    for (const [id, isUp] of seen) {
      const former = known.get(id) ?? UNDAMPED;
      const state = damp(former, isUp, nowMs, this.#rule);
      if (former.isUp && !isUp) this.losses += 1;
      this.#tell(pool, id, state, nowMs);
      if (!isUp && isForgotten(state, nowMs, this.#rule)) known.delete(id);
      else known.set(id, state);
    }
  }

  of(pool: string, member: EndpointId, nowMs: number): Damping {
    const state = this.#pools.get(pool)?.get(member);
    if (state === undefined) return NOT_DAMPED;
    return { penalty: penaltyAt(state, nowMs, this.#rule), heldMs: heldMs(state, nowMs) };
  }

  /** The member as an answer may count on it: not up while it is held. */
  steady(pool: string, member: PoolMember, nowMs: number): PoolMember {
    const left = this.of(pool, member.id, nowMs).heldMs;
    if (left === 0 || member.verdict === 'unknown') return member;
    // What is left shrinks until somebody looks again.
    const heldFlipMs = Math.max(0, left - LOOK_AGAIN_MS);
    const flipMs = member.verdict === 'up' ? heldFlipMs : Math.max(member.flipMs, heldFlipMs);
    return { ...member, verdict: 'down', held: member.verdict === 'up', flipMs };
  }

  /** Milliseconds after which it must be asked again though nothing has happened; undefined while nobody is held. */
  lookAgainMs(nowMs: number): number | undefined {
    let soonest: number | undefined;
    for (const { pool, member } of this.#held.values()) {
      const left = this.of(pool, member, nowMs).heldMs;
      soonest = Math.min(soonest ?? LOOK_AGAIN_MS, left);
    }
    return soonest;
  }

  /** Takes over what a former record of the same name knew of its members, in pools that are in both. */
  follow(former: DampedMembers): void {
    for (const [pool, states] of former.#pools) {
      const own = this.#pools.get(pool);
      if (own === undefined) continue;
      for (const [id, state] of states) {
        own.set(id, { ...state, isUp: own.get(id)?.isUp ?? state.isUp });
        const held = former.#held.get(keyOf(pool, id));
        if (held !== undefined) this.#held.set(keyOf(pool, id), held);
      }
    }
  }

  /** `epochMs` is when the clock of `nowMs` was at 0, in milliseconds since 1970. */
  saved(nowMs: number, epochMs: number): readonly SavedPenalty[] {
    return [...this.#pools].flatMap(([pool, states]) =>
      [...states]
        .filter(([, state]) => state.penalty > 0 && !isForgotten(state, nowMs, this.#rule))
        .map(([member, { penalty, atMs, heldUntilMs }]) => {
          const heldMs = Math.max(0, Math.round(heldUntilMs - atMs));
          return { pool, member, penalty, lostAtMs: Math.round(epochMs + atMs), heldMs };
        }),
    );
  }

  /** Goes on with penalties of an earlier process, where they are greater than what is known here. */
  recall(saved: readonly SavedPenalty[], nowMs: number, epochMs: number): void {
    const { maxHoldMs } = this.#rule;
    for (const { pool, member, penalty, lostAtMs, heldMs: ms } of saved) {
      // A clock that has gone back must not hold anybody for longer than the loss asked for.
      const atMs = Math.min(nowMs, lostAtMs - epochMs);
      const heldUntilMs = ms > 0 ? atMs + Math.min(ms, maxHoldMs) : Number.NEGATIVE_INFINITY;
      const known = this.#pools.get(pool) ?? new Map<EndpointId, Damped>();
      const own = known.get(member) ?? UNDAMPED;
      const state = { isUp: own.isUp, penalty, atMs, heldUntilMs };
      if (isForgotten(state, nowMs, this.#rule)) continue;
      if (penaltyAt(state, nowMs, this.#rule) <= penaltyAt(own, nowMs, this.#rule)) continue;
      this.#pools.set(pool, known.set(member, state));
    }
  }

  #tell(pool: string, id: EndpointId, state: Damped, nowMs: number): void {
    const key = keyOf(pool, id);
    const holdMs = heldMs(state, nowMs);
    if (holdMs > 0 === this.#held.has(key)) return;
    const change = { pool, member: id, penalty: penaltyAt(state, nowMs, this.#rule), holdMs };
    if (holdMs > 0) this.#held.set(key, change);
    else this.#held.delete(key);
    this.#onHold(change);
  }
}

/** A name of a pool has no line break. */
function keyOf(pool: string, member: EndpointId): string {
  return `${pool}\n${member}`;
}
