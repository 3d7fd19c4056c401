/**
 * Holds back suspicious losses: when more than half of the endpoints vanish in one update (all of them included),
 * those that vanished stay for a while, because a revoked token or a confused server looks exactly like that.
 * What joined or changed is taken at once. Pure: time comes in.
 *
 *   vanished in one update | of them up in discovery | then
 *   -----------------------|-------------------------|--------------------------------------------------------
 *   none … half            | any                     | dropped at once
 *   more than half         | no                      | dropped at once: they got no work anyway
 *   more than half         | yes                     | held for 10 s
 *
 *   while held             | then
 *   -----------------------|--------------------------------------------------------
 *   it is back             | an ordinary endpoint again
 *   its probe says down    | dropped: the probe confirms the loss
 *   10 s have passed       | dropped
 *   another update         | goes on being held from its own first moment
 */
import type { DiscoveredEndpoint, EndpointId } from '../endpoint.ts';

export const HOLD_MS = 10_000;

interface Held {
  readonly endpoint: DiscoveredEndpoint;
  readonly untilMs: number;
}

export interface HoldState {
  /** What discovery said last. */
  readonly live: readonly DiscoveredEndpoint[];
  /** What it no longer names and we do not believe yet. */
  readonly held: readonly Held[];
}

export const NOTHING_HELD: HoldState = Object.freeze({ live: Object.freeze([]), held: Object.freeze([]) });

/** Takes discovery's next whole set. Ids are unique within it. */
export function holdUpdate(state: HoldState, next: readonly DiscoveredEndpoint[], nowMs: number): HoldState {
  const present = new Set(next.map((endpoint) => endpoint.id));
  const vanished = state.live.filter((endpoint) => !present.has(endpoint.id));
  const stillHeld = state.held.filter((it) => !present.has(it.endpoint.id) && it.untilMs > nowMs);
  if (vanished.length * 2 <= state.live.length) return { live: next, held: stillHeld };
  const untilMs = nowMs + HOLD_MS;
  const newlyHeld = vanished.filter((endpoint) => endpoint.health === 'up').map((endpoint) => ({ endpoint, untilMs }));
  return { live: next, held: [...stillHeld, ...newlyHeld] };
}

/** Drops what was held long enough, and what `isConfirmedGone` (its probe) says is gone. The same state if nothing. */
export function releaseHeld(
  state: HoldState,
  nowMs: number,
  isConfirmedGone: (id: EndpointId) => boolean = () => false,
): HoldState {
  const held = state.held.filter((it) => it.untilMs > nowMs && !isConfirmedGone(it.endpoint.id));
  return held.length === state.held.length ? state : { live: state.live, held };
}

/** What a cluster should hold now: what is live and what is held. */
export function endpointsOf(state: HoldState): readonly DiscoveredEndpoint[] {
  return state.held.length === 0 ? state.live : [...state.live, ...state.held.map((it) => it.endpoint)];
}

/** When {@link releaseHeld} next has something to do by time alone; undefined when nothing is held. */
export function nextReleaseMs(state: HoldState): number | undefined {
  return state.held.length === 0 ? undefined : Math.min(...state.held.map((it) => it.untilMs));
}

/** One sentence for people; undefined when nothing is held. */
export function describeHeld(state: HoldState): string | undefined {
  if (state.held.length === 0) return undefined;
  const ids = state.held.slice(0, 10).map((it) => it.endpoint.id);
  const rest = state.held.length > ids.length ? ` and ${state.held.length - ids.length} more` : '';
  const one = state.held.length === 1;
  const what = one ? '1 endpoint vanished and is' : `${state.held.length} endpoints vanished at once and are`;
  return `${what} kept for up to ${HOLD_MS / 1000}s: ${ids.join(', ')}${rest}`;
}
