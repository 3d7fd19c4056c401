/** CRC-32 as zlib, Ethernet and nginx have it (ISO 3309, polynomial 0xedb88320 reflected), in steps. */

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xedb8_8320 : crc >>> 1;
  return crc;
});

/** The register before any byte. */
export const CRC32_START = -1;

/** The register after bytes more: `bytes` is a string in which every character stands for one (hash.ts). */
export function crc32Update(register: number, bytes: string): number {
  let crc = register;
  for (let i = 0; i < bytes.length; i += 1) crc = step(crc, bytes.charCodeAt(i));
  return crc;
}

/** The register after the four bytes of a word, the least significant first. */
export function crc32UpdateWord(register: number, word: number): number {
  return step(step(step(step(register, word), word >>> 8), word >>> 16), word >>> 24);
}

/** The checksum that a register stands for: an unsigned 32-bit integer. */
export function crc32Finish(register: number): number {
  return (register ^ -1) >>> 0;
}

export function crc32(bytes: string): number {
  return crc32Finish(crc32Update(CRC32_START, bytes));
}

function step(crc: number, byte: number): number {
  return (TABLE[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8);
}
