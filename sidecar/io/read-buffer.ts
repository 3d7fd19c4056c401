/**
 * The buffer that all upstream connections read into, and the way out of it. What a socket takes at once never leaves
 * it; what a socket keeps must be its own, and is copied into one of a few spare buffers that are used again and again:
 * fresh ones would cost a third of a large download (bench: http-download-1m).
 */
import type { Socket } from 'node:net';
import { latin1 } from './latin1.ts';

const READ_BYTES = 64 * 1_024;

/** Contents last until the read's callback returns. */
export const READ_BUFFER = Buffer.allocUnsafeSlow(READ_BYTES);

/** Up to this size bytes leave as a string, with what stands before them: one write, and nothing to give back. */
export const JOIN_BYTES = 4 * 1_024;

/** Kept for the next writes; more than these wait only while many clients are slower than their endpoints. */
const MAX_SPARE = 64;
const spare: Buffer[] = [];

/** Writes a stretch of the read buffer; false when the socket should have time to drain. */
export function writeStretch(socket: Socket, bytes: Buffer, from: number, to: number): boolean {
  const size = to - from;
  if (size <= JOIN_BYTES) return socket.write(latin1(bytes, from, to), 'latin1');
  // A slow client's queue is bounded by the bytes in it: mostly empty buffers would multiply what it may hold of memory.
  if (size < READ_BYTES / 4 || size > READ_BYTES) return socket.write(Buffer.from(bytes.subarray(from, to)));
  const copy = spare.pop() ?? Buffer.allocUnsafeSlow(READ_BYTES);
  bytes.copy(copy, 0, from, to);
  return socket.write(copy.subarray(0, size), () => {
    if (spare.length < MAX_SPARE) spare.push(copy);
  });
}
