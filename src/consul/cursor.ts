/** The index of a blocking query: where a watch stands, by the rules of Consul's page on blocking queries. */

/** Decimal digits of an unsigned 64-bit number; beyond 2^53 a JavaScript number would lose the last of them. */
export type ConsulIndex = bigint;

/** Asks for the present state at once instead of waiting for a change. */
export const FROM_START: ConsulIndex = 0n;

const LARGEST = 2n ** 64n - 1n;

/**
 * The index to ask with next, from the one asked with and the `X-Consul-Index` of the answer.
 *
 *   header                             | next
 *   -----------------------------------|------------------------------------------------------
 *   missing, not a number, 0, negative | 1: anything else would never wait
 *   above 2^64 - 1                     | 1: Consul would refuse it
 *   below the index asked with         | 0: the servers were reset, so their count starts again
 *   otherwise                          | itself
 */
export function nextIndex(asked: ConsulIndex, header: string | undefined): ConsulIndex {
  if (header === undefined || !/^[0-9]{1,20}$/.test(header)) return 1n;
  const index = BigInt(header);
  if (index < 1n || index > LARGEST) return 1n;
  return index < asked ? FROM_START : index;
}
