/** How long to wait before asking again after a failure: exponential with full jitter (Brooker, AWS, 2015). */

export interface BackoffLimits {
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * `failures` ≥ 1 in a row; `random` in [0, 1). Returns whole milliseconds in [baseMs / 2, ceiling], where the ceiling
 * is `maxMs` or `baseMs × 2^failures`, whichever is less; `maxMs` must not be below `baseMs`.
 */
export function backoffMs(failures: number, random: number, limits: BackoffLimits): number {
  const ceiling = Math.min(limits.maxMs, limits.baseMs * 2 ** Math.min(failures, 30));
  // A floor, because full jitter alone may draw "at once" several times in a row.
  return Math.round(Math.max(limits.baseMs / 2, random * ceiling));
}
