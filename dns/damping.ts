/**
 * Flap damping of one member, after RFC 2439: each loss adds to a penalty, which halves again and again; a member whose
 * penalty has become too high is held, which means that it is not answered though it is up.
 *
 *   state | event                                             | becomes
 *   ------|---------------------------------------------------|------------------------------------------------------
 *   free  | lost (was up, is not); penalty is below suppress  | free, penalty + 1000
 *   free  | lost; penalty + 1000 has reached suppress         | held until the penalty has fallen to reuse
 *   held  | lost                                              | held, penalty + 1000, so held for longer
 *   held  | the penalty has fallen to reuse                   | free, and answered if it is up
 *   any   | has come up, is still up, is still not up         | unchanged
 *
 * The penalty never exceeds the one from which it takes `maxHoldMs` to fall to reuse. A loss is a loss whatever the
 * reason: probes, discovery, or gone from it. Going down is never delayed, since a member that is not up is not answered
 * anyway.
 */

/** What one loss adds. */
const LOSS_PENALTY = 1_000;

export interface DampingRule {
  readonly halfLifeMs: number;
  /** A loss that brings the penalty here begins a hold. */
  readonly suppress: number;
  /** A hold ends here; above 0 and below `suppress`. */
  readonly reuse: number;
  /** Longest time from a loss to the end of the hold. */
  readonly maxHoldMs: number;
}

/** Times in milliseconds of one monotonic clock. */
export interface Damped {
  /** As it was seen last. */
  readonly isUp: boolean;
  /** As it was at `atMs`, the last loss. */
  readonly penalty: number;
  readonly atMs: number;
  /** Held before this moment; not held where it is past or -Infinity. */
  readonly heldUntilMs: number;
}

/** A member that was never seen before. */
export const UNDAMPED: Damped = Object.freeze({
  isUp: false,
  penalty: 0,
  atMs: 0,
  heldUntilMs: Number.NEGATIVE_INFINITY,
});

/** The same object where nothing has changed. `nowMs` never goes back. */
export function damp(state: Damped, isUp: boolean, nowMs: number, rule: DampingRule): Damped {
  if (state.isUp === isUp) return state;
  if (isUp) return { ...state, isUp };
  const penalty = Math.min(penaltyAt(state, nowMs, rule) + LOSS_PENALTY, ceilingOf(rule));
  const isHeld = heldMs(state, nowMs) > 0 || penalty >= rule.suppress;
  return {
    isUp,
    penalty,
    atMs: nowMs,
    heldUntilMs: isHeld ? nowMs + decayMs(penalty, rule) : Number.NEGATIVE_INFINITY,
  };
}

export function penaltyAt({ penalty, atMs }: Damped, nowMs: number, { halfLifeMs }: DampingRule): number {
  return penalty * 2 ** ((atMs - nowMs) / halfLifeMs);
}

/** Milliseconds for which it is still held if it is not lost again; 0 where it is not held. */
export function heldMs({ heldUntilMs }: Damped, nowMs: number): number {
  return Math.max(0, heldUntilMs - nowMs);
}

/** Nothing of it needs to be remembered: as routers do, from half of reuse on. */
export function isForgotten(state: Damped, nowMs: number, rule: DampingRule): boolean {
  return heldMs(state, nowMs) === 0 && penaltyAt(state, nowMs, rule) < rule.reuse / 2;
}

/** How long a penalty takes to fall to reuse. */
function decayMs(penalty: number, { halfLifeMs, reuse }: DampingRule): number {
  return Math.max(0, halfLifeMs * Math.log2(penalty / reuse));
}

function ceilingOf({ halfLifeMs, reuse, maxHoldMs }: DampingRule): number {
  return reuse * 2 ** (maxHoldMs / halfLifeMs);
}
