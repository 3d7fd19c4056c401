/** Sets of bytes: what one position of a pattern may be. */

/** 256 flags. Never changed once built. */
export type ByteSet = Uint8Array;

/** Bytes in ranges, both ends inclusive: `bytesIn([0x30, 0x39])` are the digits. */
export function bytesIn(...ranges: readonly (readonly [first: number, last: number])[]): ByteSet {
  const set = new Uint8Array(256);
  for (const [first, last] of ranges) set.fill(1, first, last + 1);
  return set;
}

export function allBut(set: ByteSet): ByteSet {
  return set.map((flag) => 1 - flag);
}

export function anyOf(sets: readonly ByteSet[]): ByteSet {
  const union = new Uint8Array(256);
  for (const set of sets) for (let byte = 0; byte < 256; byte += 1) if (set[byte] === 1) union[byte] = 1;
  return union;
}

/** With the other case of every ASCII letter in it. */
export function inAnyCase(set: ByteSet): ByteSet {
  const folded = set.slice();
  for (let upper = 0x41; upper <= 0x5a; upper += 1) {
    if (set[upper] === 1 || set[upper | 0x20] === 1) folded[upper] = folded[upper | 0x20] = 1;
  }
  return folded;
}

/** The byte of a set that has only one; -1 for any other. */
export function onlyByte(set: ByteSet): number {
  const first = set.indexOf(1);
  return first === set.lastIndexOf(1) ? first : -1;
}

export const DIGITS = bytesIn([0x30, 0x39]);
export const WORD = bytesIn([0x30, 0x39], [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]);
/** As RE2 has it: tab, line feed, form feed, carriage return, space. */
export const SPACES = bytesIn([0x09, 0x0a], [0x0c, 0x0d], [0x20, 0x20]);
