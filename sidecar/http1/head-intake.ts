/** Bytes of a client, in any pieces → whole request heads, and the bytes behind them. Bounded, and quick to refuse. */
import { emptyLines, findHeadEnd } from './head-bytes.ts';
import { mayBeRequestHead } from './head-lines.ts';

/** Empty lines that may stand before a request line, in bytes (RFC 9112 section 2.2). */
const MAX_EMPTY_BYTES = 4;

/** `incomplete` may become a head; the other two never will. */
export type HeadIntakeVerdict = 'whole' | 'incomplete' | 'too_large' | 'malformed';

/** Of pipelined requests that wait for their turn. */
const MAX_WAITING_BYTES = 64 * 1_024;

/** First room for a head that comes in pieces. */
const MIN_ROOM_BYTES = 512;

const CR = 0x0d;
const NOTHING = Buffer.alloc(0);

export class HeadIntake {
  readonly #maxBytes: number;
  /** Bytes read and not used yet: a head in pieces, or requests that wait for their turn. */
  #pending: Buffer | undefined;
  /** An allocation of our own that `#pending` may lie in; never written where a view of it has been given away. */
  #room: Buffer | undefined;
  /** `#pending` lies in a buffer that others read into. */
  #isBorrowed = false;
  /** Bytes of `#pending` known not to hold a whole head. */
  #searched = 0;
  #emptyBytes = 0;
  /** After `whole`: the bytes that hold the head, from 0 to {@link headEnd}. */
  head: Buffer = NOTHING;
  /** Offset behind the blank line. */
  headEnd = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that wait. */
  get size(): number {
    return this.#pending?.length ?? 0;
  }

  /** So much waits that the client should not be read any further. */
  get isFull(): boolean {
    return this.size > MAX_WAITING_BYTES;
  }

  /** Takes bytes that stay as they are until {@link keep}. */
  push(bytes: Buffer): void {
    const pending = this.#pending;
    this.#isBorrowed = pending === undefined;
    this.#pending = pending === undefined ? bytes : this.#append(pending, bytes);
  }

  /** Into the room behind `pending`, where nobody has looked yet: what came before is not copied again for each piece. */
  #append(pending: Buffer, bytes: Buffer): Buffer {
    const end = pending.byteOffset + pending.length;
    const size = pending.length + bytes.length;
    if (this.#room?.buffer === pending.buffer && end + bytes.length <= this.#room.length) {
      bytes.copy(this.#room, end);
      return this.#room.subarray(pending.byteOffset, end + bytes.length);
    }
    this.#room = Buffer.allocUnsafeSlow(Math.max(MIN_ROOM_BYTES, size + (size >> 1)));
    pending.copy(this.#room);
    bytes.copy(this.#room, pending.length);
    return this.#room.subarray(0, size);
  }

  /** What goes on waiting becomes its own. */
  keep(): void {
    if (this.#pending === undefined || !this.#isBorrowed) return;
    this.#pending = Buffer.from(this.#pending);
    this.#isBorrowed = false;
  }

  /** All that waits; nothing waits any more. Undefined where nothing did. */
  takeRest(): Buffer | undefined {
    const rest = this.#pending;
    this.clear();
    return rest;
  }

  clear(): void {
    this.#pending = this.#room = undefined;
    this.#searched = this.#emptyBytes = 0;
  }

  /** Looks for the next head; what is behind it goes on waiting. */
  next(): HeadIntakeVerdict {
    if (!this.#skipEmptyLines()) return 'malformed';
    const bytes = this.#pending;
    if (bytes === undefined) return 'incomplete';
    const end = findHeadEnd(bytes, this.#searched);
    if (end < 0 ? bytes.length > this.#maxBytes : end + 4 > this.#maxBytes) return 'too_large';
    if (end < 0) {
      if (!mayBeRequestHead(bytes, this.#searched)) return 'malformed';
      this.#searched = bytes.length;
      return 'incomplete';
    }
    this.head = bytes;
    this.headEnd = end + 4;
    this.#pending = end + 4 < bytes.length ? bytes.subarray(end + 4) : undefined;
    if (this.#pending === undefined) this.#room = undefined;
    this.#searched = this.#emptyBytes = 0;
    return 'whole';
  }

  /** False where there are more of them than anyone sends by mistake. */
  #skipEmptyLines(): boolean {
    const bytes = this.#pending;
    if (bytes?.[0] !== CR) return true;
    const empty = emptyLines(bytes);
    if (empty > 0) {
      this.#emptyBytes += empty;
      this.#pending = empty < bytes.length ? bytes.subarray(empty) : undefined;
      if (this.#pending === undefined) this.#room = undefined;
      // An empty line may have come in two pieces, the first of which was searched.
      this.#searched = 0;
    }
    return this.#emptyBytes < MAX_EMPTY_BYTES || (this.#emptyBytes === MAX_EMPTY_BYTES && this.#pending?.[0] !== CR);
  }
}
