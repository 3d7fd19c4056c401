/** How long to wait before asking again after a failure: exponential with full jitter (Brooker, AWS, 2015). */

export interface BackoffLimits {
  readonly baseMs: number;
  readonly maxMs: number;
}

/** `failures` ≥ 1 in a row; `random` in [0, 1). Returns milliseconds in [baseMs / 2, min(maxMs, baseMs × 2^failures)]. */
export function backoffMs(failures: number, random: number, limits: BackoffLimits): number {
  const ceiling = Math.min(limits.maxMs, limits.baseMs * 2 ** Math.min(failures, 30));
  // A floor, because full jitter alone may draw "at once" several times in a row.
  return Math.round(Math.max(limits.baseMs / 2, random * ceiling));
}
