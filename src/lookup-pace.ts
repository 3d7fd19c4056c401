/** When a name is looked up again. Pure. */
import type { BackoffLimits } from './backoff.ts';

/** A TTL of 0 must not become a loop, and one of a day must not outlive what it says. */
const SHORTEST_MS = 1_000;
const LONGEST_MS = 60_000;
/** Only ever later, as a cache would give the same answer again; apart, so that many do not ask at once. */
const JITTER = 0.1;

/** Between two look-ups that are answered, at most. */
export const LONGEST_LOOKUP_PAUSE_MS = LONGEST_MS * (1 + JITTER);

/** How long an answer holds that there is nothing: the resolver does not say for how long it may be remembered. */
export const NOTHING_TTL_SECONDS = 5;

export const LOOKUP_BACKOFF: BackoffLimits = { baseMs: 500, maxMs: 30_000 };

/** Milliseconds from an answer to the next question; `random` in [0, 1). */
export function nextLookupMs(ttlSeconds: number, random: number): number {
  const boundedMs = Math.min(Math.max(ttlSeconds * 1_000, SHORTEST_MS), LONGEST_MS);
  return Math.round(boundedMs * (1 + JITTER * random));
}
