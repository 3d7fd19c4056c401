/** How long a member that has failed can still be in use, at worst: detection + propagation + TTL. Pure. */
import { balancedTtlSeconds } from './answer-ttl.ts';
import { longestCycleMs } from './probe-pace.ts';

/**
 * Answers are made anew at most once in this time, so a change may wait as long. Far below any interval of probes, and
 * enough that 1,000 members that are probed at once are one change.
 */
export const ANSWER_PAUSE_MS = 20;

export interface FallTiming {
  readonly intervalMs: number;
  readonly fall: number;
}

export interface TtlBounds {
  readonly minMs: number;
  readonly maxMs: number;
}

/** Milliseconds from the failure on; the total is the sum of the others. */
export interface FailoverWindow {
  /** Until the member is known to be down. */
  readonly detectionMs: number;
  /** From then until answers go without it. */
  readonly propagationMs: number;
  /** From then until the last who was given its address has forgotten it. */
  readonly ttlMs: number;
  readonly totalMs: number;
}

/**
 * The window of a probed member that fails right behind a good probe. `tookMs` is what each of its failed probes takes:
 * 0 where the connection is refused, the timeout where nothing answers.
 *
 *   failed probes so far | state ends at the latest after | TTL served in it
 *   ---------------------|--------------------------------|-------------------------------
 *   0                    | interval + took                | bounded(fall × interval)
 *   n < fall             | interval + n × cycle + took    | bounded((fall − n) × interval)
 *   fall                 | (out of the answer)            |
 *
 * The last to use the member may have asked at the end of any of these states: the longest of `end + TTL` counts, and
 * the TTL's part of it is what lies behind the change of the answer.
 */
export function probedWindow(timing: FallTiming, ttl: TtlBounds, tookMs: number): FailoverWindow {
  const { intervalMs, fall } = timing;
  const cycleMs = longestCycleMs(intervalMs, tookMs);
  const endOf = (failures: number): number => intervalMs + failures * cycleMs + tookMs;
  const detectionMs = endOf(fall - 1);
  const ends = servedTtls(timing, ttl).map((seconds, failures) => endOf(failures) + seconds * 1_000);
  const ttlMs = Math.max(0, ...ends) - detectionMs;
  const propagationMs = ANSWER_PAUSE_MS;
  return { detectionMs, propagationMs, ttlMs, totalMs: detectionMs + propagationMs + ttlMs };
}

/** Seconds of TTL that are served after 0, 1 … `fall` − 1 failed probes of the member that is the first to fall. */
export function servedTtls({ intervalMs, fall }: FallTiming, ttl: TtlBounds): number[] {
  return Array.from({ length: fall }, (_, failures) =>
    balancedTtlSeconds((fall - failures) * intervalMs, ttl.minMs, ttl.maxMs),
  );
}
