/** What is known by name, found by the octets of a question without making a text of them. */
import { HEADER_BYTES } from './codes.ts';
import type { NameKey } from './name.ts';

export interface Named {
  readonly key: NameKey;
}

/** A name of 255 octets has at most 127 labels. */
const MAX_LABELS = 127;
/** Twice as many places as values at least, so that a search ends soon. */
const FEWEST_PLACES = 64;

const SEED = 0x811c9dc5;
const PRIME = 0x01000193;

/** ASCII letters as small ones, every other octet as it is. */
const LOWER = Uint8Array.from({ length: 256 }, (_, octet) => (octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet));

// Of the one question that is looked at: where its labels begin, and the hash from there to its end.
const starts = new Uint16Array(MAX_LABELS + 1);
const hashes = new Int32Array(MAX_LABELS + 1);

/**
 * A hash table with open addressing. Hashes run from the end of a name to its beginning, so one pass over a question
 * gives those of all the names above it too. It never shrinks; who asks cannot add to it.
 */
export class NameTable<Value extends Named> {
  #values: (Value | undefined)[];
  #hashes: Int32Array<ArrayBuffer>;
  #size = 0;

  /** `size` is about how many values there will be. */
  constructor(size = 0) {
    let places = FEWEST_PLACES;
    while (places < size * 2) places *= 2;
    this.#values = Array.from({ length: places });
    this.#hashes = new Int32Array(places);
  }

  get size(): number {
    return this.#size;
  }

  get(key: NameKey): Value | undefined {
    const hash = hashOf(key);
    const mask = this.#hashes.length - 1;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const value = this.#values[place];
      if (value === undefined || (this.#hashes[place] === hash && value.key === key)) return value;
    }
  }

  /** `value` has a key that no other has. */
  add(value: Value): void {
    this.#size += 1;
    if (this.#size * 2 > this.#hashes.length) this.#grow();
    this.#put(value, hashOf(value.key));
  }

  /**
   * The value with the longest name that is the one in `query`, which ends at `nameEnd`, or above it. Letters are equal
   * in either case (RFC 4343).
   */
  closest(query: Uint8Array, nameEnd: number): Value | undefined {
    // Keys are without the octet of the root.
    const end = nameEnd - 1;
    const labels = hashSuffixes(query, end);
    for (let label = 0; label <= labels; label++) {
      const value = this.#find(query, starts[label] ?? 0, end, hashes[label] ?? 0);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  #find(query: Uint8Array, start: number, end: number, hash: number): Value | undefined {
    const mask = this.#hashes.length - 1;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const value = this.#values[place];
      if (value === undefined) return undefined;
      if (this.#hashes[place] === hash && isNameAt(query, start, end, value.key)) return value;
    }
  }

  #put(value: Value, hash: number): void {
    const mask = this.#hashes.length - 1;
    let place = hash & mask;
    while (this.#values[place] !== undefined) place = (place + 1) & mask;
    this.#values[place] = value;
    this.#hashes[place] = hash;
  }

  #grow(): void {
    const [values, formerHashes] = [this.#values, this.#hashes];
    this.#values = Array.from({ length: formerHashes.length * 2 });
    this.#hashes = new Int32Array(formerHashes.length * 2);
    for (const [place, hash] of formerHashes.entries()) {
      const value = values[place];
      if (value !== undefined) this.#put(value, hash);
    }
  }
}

function hashOf(key: string): number {
  let hash = SEED | 0;
  for (let at = key.length - 1; at >= 0; at--) hash = Math.imul(hash ^ key.charCodeAt(at), PRIME);
  return spread(hash);
}

/** Fills `starts` and `hashes` from the whole name to the root, and gives the place of the root. */
function hashSuffixes(query: Uint8Array, end: number): number {
  let labels = 0;
  for (let at = HEADER_BYTES; at < end && labels < MAX_LABELS; at += 1 + (query[at] ?? 0)) starts[labels++] = at;
  starts[labels] = end;
  let hash = SEED | 0;
  hashes[labels] = spread(hash);
  let at = end;
  for (let label = labels - 1; label >= 0; label--) {
    const start = starts[label] ?? 0;
    while (at > start) hash = Math.imul(hash ^ (LOWER[query[--at] ?? 0] ?? 0), PRIME);
    hashes[label] = spread(hash);
  }
  return labels;
}

/** The lower bits choose the place, and of a product they know least of what went into it. */
function spread(hash: number): number {
  return hash ^ (hash >>> 15);
}

function isNameAt(query: Uint8Array, start: number, end: number, key: string): boolean {
  if (key.length !== end - start) return false;
  for (let i = 0; i < key.length; i++) if (LOWER[query[start + i] ?? 0] !== key.charCodeAt(i)) return false;
  return true;
}
