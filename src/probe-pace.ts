/** When an endpoint is probed again: a pure rule that the loop of probes follows and failover times are calculated from. */

/** Jitter only shortens, so `interval` stays a bound. It keeps probes of many endpoints from marching in step. */
const JITTER = 0.1;
/** A probe that took longer than its interval must not lead to one without a pause. */
const LEAST_PAUSE = 0.1;

/** Of the probe that has just ended. */
export interface EndedProbe {
  readonly intervalMs: number;
  /** From the moment at which it was due to its end. */
  readonly tookMs: number;
  /** Uniform in [0, 1). */
  readonly random: number;
}

/**
 * Milliseconds from the end of a probe to the start of the next: an interval from start to start, up to a tenth
 * shorter by chance, and at least a tenth of an interval from end to start. From start to start, because a probe that
 * times out would otherwise cost an interval and a timeout, so that `fall` of them took `fall` times as long.
 */
export function pauseAfterProbe({ intervalMs, tookMs, random }: EndedProbe): number {
  return Math.max(intervalMs * (1 - JITTER * random) - tookMs, intervalMs * LEAST_PAUSE);
}

/** The longest time from the start of a probe to the start of the next, where each takes `tookMs`. */
export function longestCycleMs(intervalMs: number, tookMs: number): number {
  return Math.max(intervalMs, tookMs + intervalMs * LEAST_PAUSE);
}
