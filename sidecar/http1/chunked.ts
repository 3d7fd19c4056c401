/**
 * Chunked bodies (RFC 9112 section 7.1), checked octet by octet on their way through.
 *
 *   state      | octet             | becomes
 *   -----------|-------------------|-----------------------------------------------------------
 *   size       | hex digit         | size (at most 13 digits, 16 with leading zeros)
 *   size       | ;                 | extension (only after a digit)
 *   size       | CR                | size_lf (only after a digit)
 *   extension  | HTAB, 20–7e, 80–ff| extension (bounded, never passed on)
 *   extension  | CR                | size_lf (only after `;name`, `;name=value` or more of them)
 *   size_lf    | LF                | data, or trailer where the size is 0
 *   data       | any × size        | data_cr
 *   data_cr/lf | CR, LF            | size
 *   trailer    | up to a blank line| done (bounded, checked field by field)
 *   any        | anything else     | failed
 */
import { filterTrailers } from './trailers.ts';

const SIZE = 0;
const EXTENSION = 1;
const SIZE_LF = 2;
const DATA = 3;
const DATA_CR = 4;
const DATA_LF = 5;
const TRAILER = 6;
const DONE = 7;
const FAILED = 8;

/** 2^52 at most, where numbers are exact. */
const MAX_SIZE_DIGITS = 13;
/** Leading zeros are allowed by the grammar and needed by nobody. */
const MAX_SIZE_OCTETS = 16;
/** For all extensions of a body together: they carry nothing that we pass on. */
const MAX_EXTENSION_BYTES = 4_096;
const MAX_TRAILER_BYTES = 8_192;
/**
 * RFC 9112 section 7.1.1 without its "bad white space", which nobody sends but to hide something. Each step of it is
 * told by the octet it begins with, so it takes time linear in the text.
 */
const EXTENSIONS = /^(?:;[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:=(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|"(?:[^"\\]|\\.)*"))?)+$/;

/** Where in the trailer section a reader is. */
const LINE_START = 0;
const IN_LINE = 1;
const LINE_CR = 2;
const LAST_CR = 3;

/** What a reader wants of the body: the chunks as they are (without extensions), or only the data in them. */
export type ChunkedMode = 'chunks' | 'data';

export class ChunkedReader {
  #mode: ChunkedMode = 'chunks';
  #state = SIZE;
  #size = 0;
  #digits = 0;
  #sizeOctets = 0;
  #left = 0;
  #extension = '';
  #extensionBytes = 0;
  #trailer = '';
  #trailerBytes = 0;
  #trailerPlace = LINE_START;
  /**
   * After {@link read}: the stretches of the input to pass on, as pairs of offsets [from, to). In mode `chunks` they
   * end before the last chunk's trailer section, which the caller writes itself: {@link trailers} and a blank line.
   */
  readonly ranges: number[] = [];
  /** Kept trailer lines, CRLF after each; complete once `done`. */
  trailers = '';

  begin(mode: ChunkedMode): void {
    this.#mode = mode;
    this.#state = SIZE;
    this.#size = this.#digits = this.#sizeOctets = this.#left = this.#extensionBytes = this.#trailerBytes = 0;
    this.#trailerPlace = LINE_START;
    this.#extension = this.#trailer = this.trailers = '';
    this.ranges.length = 0;
  }

  get done(): boolean {
    return this.#state === DONE;
  }

  get failed(): boolean {
    return this.#state === FAILED;
  }

  /**
   * Reads `bytes` from `from` to `to` (at most to the end of the body) and fills `ranges`. Returns the offset after
   * the last octet taken: less than `to` only when `done` or `failed`.
   * On the hot path: data is skipped, only the lines around it are looked at.
   */
  read(bytes: Uint8Array, from: number, to: number): number {
    this.ranges.length = 0;
    const wholeChunks = this.#mode === 'chunks';
    let i = from;
    while (i < to && this.#state < DONE) {
      if (this.#state === DATA) {
        const end = Math.min(to, i + this.#left);
        this.#keep(i, end);
        this.#left -= end - i;
        i = end;
        if (this.#left === 0) this.#state = DATA_CR;
      } else if (this.#state === TRAILER) {
        i = this.#readTrailer(bytes, i, to);
      } else {
        const before = this.#state;
        this.#step(bytes[i] as number);
        if (wholeChunks && this.#state !== FAILED && before !== EXTENSION && this.#state !== EXTENSION) {
          this.#keep(i, i + 1);
        } else if (wholeChunks && before === EXTENSION && this.#state === SIZE_LF) {
          this.#keep(i, i + 1);
        }
        i += 1;
      }
    }
    return i;
  }

  #keep(from: number, to: number): void {
    const { ranges } = this;
    const last = ranges.length - 1;
    if (last > 0 && ranges[last] === from) ranges[last] = to;
    else if (to > from) ranges.push(from, to);
  }

  #step(octet: number): void {
    switch (this.#state) {
      case SIZE:
        this.#stepSize(octet);
        return;
      case EXTENSION:
        this.#stepExtension(octet);
        return;
      case SIZE_LF:
        if (octet === 0x0a) this.#beginChunk();
        else this.#state = FAILED;
        return;
      case DATA_CR:
        this.#state = octet === 0x0d ? DATA_LF : FAILED;
        return;
      case DATA_LF:
        this.#state = octet === 0x0a ? SIZE : FAILED;
        this.#size = this.#digits = this.#sizeOctets = 0;
        return;
    }
  }

  #stepSize(octet: number): void {
    const digit = hexValue(octet);
    if (digit >= 0) {
      this.#sizeOctets += 1;
      if (this.#digits > 0 || digit > 0) this.#digits += 1;
      this.#size = this.#size * 16 + digit;
      if (this.#digits > MAX_SIZE_DIGITS || this.#sizeOctets > MAX_SIZE_OCTETS) this.#state = FAILED;
    } else if (this.#sizeOctets > 0 && octet === 0x0d) this.#state = SIZE_LF;
    else if (this.#sizeOctets > 0 && octet === 0x3b) {
      this.#state = EXTENSION;
      this.#extension = ';';
    } else this.#state = FAILED;
  }

  #stepExtension(octet: number): void {
    this.#extensionBytes += 1;
    if (octet === 0x0d) this.#state = EXTENSIONS.test(this.#extension) ? SIZE_LF : FAILED;
    else if (this.#extensionBytes > MAX_EXTENSION_BYTES || !isContent(octet)) this.#state = FAILED;
    else this.#extension += String.fromCharCode(octet);
  }

  #beginChunk(): void {
    this.#left = this.#size;
    this.#state = this.#size === 0 ? TRAILER : DATA;
  }

  /** Collects up to the blank line, in pieces as they come; bounded, so it may copy. */
  #readTrailer(bytes: Uint8Array, from: number, to: number): number {
    let i = from;
    while (i < to && this.#state === TRAILER) {
      this.#stepTrailer(bytes[i] as number);
      i += 1;
    }
    // In one go, after the bound was checked octet by octet: appended singly, a long section would be copied each time.
    if (this.#state !== FAILED) this.#trailer += String.fromCharCode(...bytes.subarray(from, i));
    if (this.#state === DONE) this.#endTrailer(this.#trailer);
    return i;
  }

  /** Refuses at once, not when the sender gives up: a bare LF, or a CR that no LF follows, ends no line. */
  #stepTrailer(octet: number): void {
    this.#trailerBytes += 1;
    const place = this.#trailerPlace;
    if (this.#trailerBytes > MAX_TRAILER_BYTES) this.#state = FAILED;
    else if (place === LAST_CR || place === LINE_CR) {
      if (octet !== 0x0a) this.#state = FAILED;
      else if (place === LAST_CR) this.#state = DONE;
      else this.#trailerPlace = LINE_START;
    } else if (octet === 0x0d) this.#trailerPlace = place === LINE_START ? LAST_CR : LINE_CR;
    else if (isContent(octet)) this.#trailerPlace = IN_LINE;
    else this.#state = FAILED;
  }

  #endTrailer(text: string): void {
    const kept = filterTrailers(text.slice(0, -2));
    if (kept === undefined) this.#state = FAILED;
    else this.trailers = kept;
  }
}

function hexValue(octet: number): number {
  if (octet >= 0x30 && octet <= 0x39) return octet - 0x30;
  const lower = octet | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function isContent(octet: number): boolean {
  return octet === 0x09 || (octet >= 0x20 && octet !== 0x7f);
}
