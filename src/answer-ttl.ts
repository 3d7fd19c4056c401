/** Time to live: how long an answer may be remembered, in the whole seconds that DNS counts in. */

/**
 * The time until the answer could next change, held between `minMs` and `maxMs` (where they cross, the maximum
 * counts). Rounded down, so that it never promises more; but a TTL of 0 is served only if the minimum is 0, because
 * resolvers differ in what they make of it.
 */
export function balancedTtlSeconds(flipMs: number, minMs: number, maxMs: number): number {
  const seconds = Math.floor(Math.min(Math.max(flipMs, minMs), maxMs) / 1000);
  return seconds === 0 && minMs > 0 ? 1 : seconds;
}

/** A configured duration as a TTL; anything above 0 is at least 1. */
export function ttlSeconds(ms: number): number {
  return ms > 0 ? Math.max(1, Math.floor(ms / 1000)) : 0;
}
