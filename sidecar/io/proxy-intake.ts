/** Waits for the PROXY protocol header of one connection, and gives the connection back as if it had never been there. */
import type { Socket } from 'node:net';
import { readProxyHeader } from '../proxy-protocol/codec.ts';
import type { ConnectionEnds } from '../proxy-protocol/header.ts';
import type { Timed } from './deadlines.ts';

/** What became of it: the ends that the header names (or none), or why there is no header to go by. */
export type ProxyIntakeEnd =
  | { readonly kind: 'read'; readonly ends: ConnectionEnds | undefined }
  | { readonly kind: 'malformed' | 'timeout' | 'closed' };

export class ProxyIntake implements Timed {
  readonly deadlineAt: number;
  readonly socket: Socket;
  readonly #onEnd: (end: ProxyIntakeEnd, intake: ProxyIntake) => void;
  #bytes: Buffer | undefined;
  #isDone = false;
  readonly #onData = (bytes: Buffer): void => this.#read(bytes);
  readonly #onClose = (): void => this.#end({ kind: 'closed' });

  /** `onEnd` is called once. After `read` the socket is paused and what has come behind the header is still to be read. */
  constructor(socket: Socket, deadlineAt: number, onEnd: (end: ProxyIntakeEnd, intake: ProxyIntake) => void) {
    this.socket = socket;
    this.deadlineAt = deadlineAt;
    this.#onEnd = onEnd;
    // Stays for good: a destroyed socket may still have an error to tell.
    socket.on('error', () => undefined);
    socket.on('data', this.#onData);
    socket.on('end', this.#onClose);
    socket.on('close', this.#onClose);
    // A listener may accept its sockets paused.
    socket.resume();
  }

  onDeadline(): void {
    this.#end({ kind: 'timeout' });
  }

  #read(piece: Buffer): void {
    // At most the longest header and one read: more is never incomplete.
    const bytes = this.#bytes === undefined ? piece : Buffer.concat([this.#bytes, piece]);
    const header = readProxyHeader(bytes);
    if (header === 'incomplete') this.#bytes = bytes;
    else if (header === 'malformed') this.#end({ kind: 'malformed' });
    else {
      this.socket.pause();
      if (header.end < bytes.length) this.socket.unshift(bytes.subarray(header.end));
      this.#end({ kind: 'read', ends: header.ends });
    }
  }

  #end(end: ProxyIntakeEnd): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.socket.off('data', this.#onData).off('end', this.#onClose).off('close', this.#onClose);
    this.#onEnd(end, this);
  }
}
