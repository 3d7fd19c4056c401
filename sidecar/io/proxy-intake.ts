/** Waits for the PROXY protocol header of one connection, and gives the connection back as if it had never been there. */
import { readProxyHeader } from '../proxy-protocol/codec.ts';
import type { ConnectionEnds } from '../proxy-protocol/header.ts';
import type { ClientSocket } from './client-socket.ts';
import type { Timed } from './deadlines.ts';

/** What became of it: the ends that the header names (or none) and what came behind it, or why there is no header. */
export type ProxyIntakeEnd =
  | { readonly kind: 'read'; readonly ends: ConnectionEnds | undefined; readonly rest: Buffer }
  | { readonly kind: 'malformed' | 'timeout' | 'closed' };

export class ProxyIntake implements Timed {
  readonly deadlineAt: number;
  readonly socket: ClientSocket;
  readonly #onEnd: (end: ProxyIntakeEnd, intake: ProxyIntake) => void;
  #bytes: Buffer | undefined;
  #isDone = false;
  readonly #onClose = (): void => this.#end({ kind: 'closed' });

  /** `onEnd` is called once. After `read` the socket is paused. */
  constructor(socket: ClientSocket, deadlineAt: number, onEnd: (end: ProxyIntakeEnd, intake: ProxyIntake) => void) {
    this.socket = socket;
    this.deadlineAt = deadlineAt;
    this.#onEnd = onEnd;
    // Stays for good: a destroyed socket may still have an error to tell.
    socket.on('error', () => undefined);
    socket.source.reader = (bytes, size) => this.#read(bytes.subarray(0, size));
    socket.on('end', this.#onClose);
    socket.on('close', this.#onClose);
    socket.resume();
  }

  onDeadline(): void {
    this.#end({ kind: 'timeout' });
  }

  #read(piece: Buffer): void {
    // At most the longest header and one read: more is never incomplete.
    const bytes = this.#bytes === undefined ? piece : Buffer.concat([this.#bytes, piece]);
    const header = readProxyHeader(bytes);
    if (header === 'incomplete') this.#bytes = Buffer.from(bytes);
    else if (header === 'malformed') this.#end({ kind: 'malformed' });
    else {
      this.socket.pause();
      this.#end({ kind: 'read', ends: header.ends, rest: Buffer.from(bytes.subarray(header.end)) });
    }
  }

  #end(end: ProxyIntakeEnd): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.socket.off('end', this.#onClose).off('close', this.#onClose);
    this.#onEnd(end, this);
  }
}
