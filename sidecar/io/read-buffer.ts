/**
 * What sockets read into, and the way out of it. All of them share one buffer: what is read is used before the next read,
 * or copied. A socket whose reads fill it to the end carries bulk, and gets buffers of its own, which can be lent to the
 * write that passes them on without a copy; they come from a few that are used again and again. Fresh buffers would cost a
 * third of a large download (docs/benchmarks.md).
 */
import { ownCopy } from '../own-copy.ts';
import type { DirectSocket } from './direct-socket.ts';
import { latin1 } from './latin1.ts';

const READ_BYTES = 64 * 1_024;

/** Contents last until the read's callback returns. */
const SHARED = Buffer.allocUnsafeSlow(READ_BYTES);

/** Up to this size bytes leave as a string, with what stands before them: one write, and nothing to give back. */
export const JOIN_BYTES = 4 * 1_024;

/** Kept for the next reads; more than these are in use only while many clients are slower than their endpoints. */
const MAX_SPARE = 64;
const spare: Buffer[] = [];

function giveBack(buffer: Buffer): void {
  if (spare.length < MAX_SPARE) spare.push(buffer);
}

/** A buffer of one socket's own, and how many writes still need it. */
class Lease {
  readonly buffer = spare.pop() ?? Buffer.allocUnsafeSlow(READ_BYTES);
  #writes = 0;
  #isLeft = false;

  get isLent(): boolean {
    return this.#writes > 0;
  }

  lend(): () => void {
    this.#writes += 1;
    return this.#taken;
  }

  /** Nobody reads into it any more. */
  leave(): void {
    this.#isLeft = true;
    if (this.#writes === 0) giveBack(this.buffer);
  }

  readonly #taken = (): void => {
    this.#writes -= 1;
    if (this.#isLeft && this.#writes === 0) giveBack(this.buffer);
  };
}

/** Gets the first `size` bytes of a buffer whose contents last until it returns. */
export type ReadBytes = (bytes: Buffer, size: number) => void;

/** What one socket reads into, and who gets it. */
export class ReadSource {
  reader: ReadBytes;
  #own: Lease | undefined;
  #wasFull = false;

  constructor(reader: ReadBytes = nothing) {
    this.reader = reader;
  }

  /** For the constructor of the socket. */
  get onread(): { buffer: () => Buffer; callback: (size: number, buffer: Uint8Array) => boolean } {
    return {
      buffer: () => this.#next(),
      callback: (size, buffer) => {
        // It stopped at the end of the buffer, so the next read follows at once.
        this.#wasFull = size === READ_BYTES;
        this.reader(buffer as Buffer, size);
        return true;
      },
    };
  }

  /** The buffer of the first read, and after each read that of the next. */
  #next(): Buffer {
    if (this.#own !== undefined && (!this.#wasFull || this.#own.isLent)) this.close();
    if (!this.#wasFull) return SHARED;
    this.#own ??= new Lease();
    return this.#own.buffer;
  }

  /** The socket reads no more. */
  close(): void {
    this.#own?.leave();
    this.#own = undefined;
  }

  /** Writes what this source has just read, or a part of it; false when `to` should have time to drain. */
  pass(to: DirectSocket, bytes: Buffer, from: number, end: number): boolean {
    const size = end - from;
    if (size <= JOIN_BYTES) return to.writeText(latin1(bytes, from, end));
    const own = this.#own;
    // A slow client's queue is bounded by the bytes in it: mostly empty buffers would multiply what it may hold of memory.
    if (size < READ_BYTES / 4) return writeCopy(to, ownCopy(bytes.subarray(from, end)));
    if (own !== undefined && own.buffer.buffer === bytes.buffer) return lend(to, own, bytes.subarray(from, end));
    if (size > READ_BYTES) return writeCopy(to, ownCopy(bytes.subarray(from, end)));
    const copy = new Lease();
    bytes.copy(copy.buffer, 0, from, end);
    const isTaken = lend(to, copy, copy.buffer.subarray(0, size));
    copy.leave();
    return isTaken;
  }
}

function lend(to: DirectSocket, lease: Lease, bytes: Buffer): boolean {
  const taken = lease.lend();
  if (to.writeBytes(bytes, taken) === 'now') taken();
  return !to.needsDrain;
}

function writeCopy(to: DirectSocket, bytes: Buffer): boolean {
  to.writeBytes(bytes, nothing);
  return !to.needsDrain;
}

function nothing(): void {}
