/** CRC-32C (Castagnoli), RFC 3720 appendix B.4: the checksum that a v2 header may carry. */

/** The polynomial 0x1edc6f41, bits reversed. */
const POLYNOMIAL = 0x82f63b78;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
  return value >>> 0;
});

/** An unsigned 32-bit number. Bytes in `zeroFrom`…`zeroTo` count as 0: where the checksum itself stands. */
export function crc32c(bytes: Uint8Array, zeroFrom = 0, zeroTo = 0): number {
  let crc = 0xffffffff;
  for (const [i, byte] of bytes.entries()) {
    const counted = i >= zeroFrom && i < zeroTo ? 0 : byte;
    crc = (crc >>> 8) ^ (TABLE[(crc ^ counted) & 0xff] as number);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
