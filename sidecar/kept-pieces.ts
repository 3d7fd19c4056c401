/** Body bytes kept for another attempt: as few pieces as can be, however small the segments are that they came in. */
import { ownCopy } from './own-copy.ts';

/** A piece of its own for each octet would hold more than a hundred times what the client has sent. */
const ROOM_BYTES = 4 * 1_024;

/** Copies `bytes` to the end of `pieces`, which no one else adds to; pieces given away before stay as they are. */
export function keepPiece(pieces: Buffer[], bytes: Uint8Array): void {
  const last = pieces.at(-1);
  if (last === undefined) {
    // Most bodies are one piece; what lies behind it in its buffer may not be ours.
    pieces.push(ownCopy(bytes));
    return;
  }
  const size = last.length + bytes.length;
  if (pieces.length > 1 && size <= last.buffer.byteLength) {
    const grown = Buffer.from(last.buffer, 0, size);
    grown.set(bytes, last.length);
    pieces[pieces.length - 1] = grown;
    return;
  }
  const room = Buffer.allocUnsafeSlow(Math.max(bytes.length, ROOM_BYTES));
  room.set(bytes);
  pieces.push(room.subarray(0, bytes.length));
}
