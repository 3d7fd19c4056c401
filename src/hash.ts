/** MurmurHash3, 32 bits, x86 variant (Austin Appleby, public domain, SMHasher), over strings of bytes and over words. */

/**
 * Hashes a string in which every character stands for one byte (its low eight bits), which is how header values,
 * paths and endpoint ids reach the balancer. Text from elsewhere goes through {@link bytesOf} first, or two
 * programs would hash `é` differently. Returns an unsigned 32-bit integer.
 *
 * Written for speed: it is on the path of every keyed request (`node bench/micro.ts`: 20–60 ns for short keys).
 */
export function murmur3(bytes: string, seed = 0): number {
  const length = bytes.length;
  const blocksEnd = length & ~3;
  let h = seed | 0;
  let i = 0;
  for (; i < blocksEnd; i += 4) {
    h = mixBlock(
      h,
      (bytes.charCodeAt(i) & 0xff) |
        ((bytes.charCodeAt(i + 1) & 0xff) << 8) |
        ((bytes.charCodeAt(i + 2) & 0xff) << 16) |
        ((bytes.charCodeAt(i + 3) & 0xff) << 24),
    );
  }
  if (i < length) {
    let k = bytes.charCodeAt(i) & 0xff;
    if (i + 1 < length) k |= (bytes.charCodeAt(i + 1) & 0xff) << 8;
    if (i + 2 < length) k |= (bytes.charCodeAt(i + 2) & 0xff) << 16;
    h ^= scramble(k);
  }
  return finish(h ^ length);
}

/**
 * Fills `into[i]` with `murmur3(bytes, i)`. What does not depend on the seed is done once, which makes a ring of
 * many points per endpoint four times as fast to build as with one call per point.
 */
export function murmur3Seeds(bytes: string, into: Uint32Array): void {
  const length = bytes.length;
  const blocks = new Int32Array(length >>> 2);
  for (let i = 0; i < blocks.length; i += 1) blocks[i] = scramble(littleEndian(bytes, i * 4, 4));
  const tail = scramble(littleEndian(bytes, blocks.length * 4, length & 3));
  for (let seed = 0; seed < into.length; seed += 1) {
    let h = seed;
    for (let i = 0; i < blocks.length; i += 1) h = mixScrambled(h, blocks[i] as number);
    into[seed] = finish(h ^ tail ^ length);
  }
}

function littleEndian(bytes: string, start: number, count: number): number {
  let word = 0;
  for (let i = 0; i < count; i += 1) word |= (bytes.charCodeAt(start + i) & 0xff) << (8 * i);
  return word;
}

/** The same hash over the words' bytes, least significant first, whatever the byte order of the machine. */
export function murmur3Words(words: Uint32Array, seed = 0): number {
  let h = seed | 0;
  for (let i = 0; i < words.length; i += 1) h = mixBlock(h, words[i] as number);
  return finish(h ^ (words.length * 4));
}

function mixBlock(h: number, k: number): number {
  return mixScrambled(h, scramble(k));
}

function mixScrambled(h: number, k: number): number {
  const mixed = h ^ k;
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

function scramble(k: number): number {
  const product = Math.imul(k, 0xcc9e2d51);
  return Math.imul((product << 15) | (product >>> 17), 0x1b873593);
}

function finish(value: number): number {
  let h = value;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  h ^= h >>> 16;
  return h >>> 0;
}

/** Turns text into the byte string that the same text is when it arrives in a request: UTF-8, one character a byte. */
export function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The way back: bytes as a person reads them; what is no UTF-8 becomes U+FFFD. */
export function textOf(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
