/** When requests arrive that know nothing of each other, and how long 99 of 100 of them took. */

/**
 * Milliseconds to the next arrival, again and again: exponential gaps, which make a Poisson process of
 * `perSecond` on average. The same seed gives the same arrivals, so that all candidates meet the same crowd.
 */
export function arrivalGaps(perSecond: number, seed: number): () => number {
  const random = mulberry32(seed);
  // 1 − random is never 0, whose logarithm is infinite.
  return () => (-Math.log(1 - random()) * 1_000) / perSecond;
}

/** mulberry32 (Tommy Ettinger, public domain): evenly from 0 up to, but never, 1. */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The least of `sorted` that `percent` of them do not exceed (nearest rank); NaN for none. */
export function percentileOf(sorted: Float64Array, percent: number): number {
  const rank = Math.ceil((percent / 100) * sorted.length);
  return sorted[Math.max(0, rank - 1)] ?? Number.NaN;
}
