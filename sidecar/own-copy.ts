/** A copy of bytes in as much memory as it needs. */

/**
 * Below this Node's pool is quickest. From it on a piece of the pool would have a new pool of 64 KiB made for every few
 * copies, and as long as one of them is in use all of that pool is.
 */
const POOLED_BYTES = 4 * 1_024;

/** For bytes whose buffer is somebody else's, or about to be written over. */
export function ownCopy(bytes: Uint8Array): Buffer {
  if (bytes.length < POOLED_BYTES) return Buffer.from(bytes);
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}
