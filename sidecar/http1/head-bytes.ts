/** Finding the end of a head in bytes that come in any pieces, and refusing early what can never become one. */

const LF = 0x0a;
const CR = 0x0d;
const HTAB = 0x09;
const DEL = 0x7f;

/**
 * Offset of the blank line's first CR, or -1. `searched` bytes at the front are known not to hold it whole; `end` is
 * where the bytes end. Looks at every fourth octet where no line ends nearby (Boyer and Moore 1977), which for the
 * usual head of a few hundred octets is quicker than a call of `indexOf`.
 */
export function findHeadEnd(bytes: Buffer, searched: number, end = bytes.length): number {
  let i = Math.max(0, searched - 3) + 3;
  while (i < end) {
    const octet = bytes[i];
    if (octet === LF) {
      if (bytes[i - 1] === CR && bytes[i - 2] === LF && bytes[i - 3] === CR) return i - 3;
      i += 2;
    } else i += octet === CR ? 1 : 4;
  }
  return -1;
}

/**
 * True while the bytes from `from` on may still be part of a head: no control bytes but HTAB, CR before LF only,
 * LF after CR only. A bare LF would otherwise be waited on until the time is over.
 */
export function mayBeHead(bytes: Buffer, from: number): boolean {
  if (from > 0 && bytes[from - 1] === CR && from < bytes.length && bytes[from] !== LF) return false;
  for (let i = from; i < bytes.length; i += 1) {
    const octet = bytes[i] as number;
    // Nearly every octet, and one comparison for it: 64 KiB of them may come from anyone, again and again.
    if (octet >= 0x20 && octet !== DEL) continue;
    if (octet === CR) {
      if (i + 1 < bytes.length && bytes[i + 1] !== LF) return false;
    } else if (octet === LF) {
      if (i === 0 || bytes[i - 1] !== CR) return false;
    } else if (octet !== HTAB) return false;
  }
  return true;
}

/** How many bytes of empty lines stand before a request line; at most two are passed over (RFC 9112 section 2.2). */
export function emptyLines(bytes: Buffer): number {
  let i = 0;
  while (i < 4 && bytes[i] === 0x0d && bytes[i + 1] === 0x0a) i += 2;
  return i;
}
