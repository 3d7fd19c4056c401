/** One copy of a request on a connection of its own. Its answer is read, so that it is whole for its sender, and dropped. */
import { connect, type Socket } from 'node:net';
import type { Endpoint } from '../../src/endpoint.ts';
import { type MirrorOutcome, statusClassOf } from '../mirror.ts';
import type { Deadlines, Timed } from './deadlines.ts';

/** Behind this much of an answer its sender is cut off. */
const MAX_ANSWER_BYTES = 1_048_576;
/** Interim answers and a status line fit into this many times over. */
const MAX_STATUS_CHARS = 16 * 1_024;

export interface MirrorConnectionOptions {
  readonly endpoint: Endpoint;
  /** Everything to send, in order. */
  readonly pieces: readonly (string | Uint8Array)[];
  readonly timeoutMs: number;
  readonly deadlines: Deadlines;
  /** Called once, when the connection is closed. Must not throw. */
  readonly onEnd: (outcome: MirrorOutcome) => void;
}

export class MirrorConnection implements Timed {
  deadlineAt: number;
  readonly #socket: Socket;
  #start = '';
  #bytes = 0;
  #outcome: MirrorOutcome | undefined;

  constructor({ endpoint, pieces, timeoutMs, deadlines, onEnd }: MirrorConnectionOptions) {
    this.deadlineAt = deadlines.in(timeoutMs);
    const socket = connect({ host: endpoint.host, port: endpoint.port, noDelay: true });
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => this.#onData(bytes));
    socket.on('close', () => {
      deadlines.delete(this);
      onEnd(this.#outcome ?? 'failed');
    });
    // Written before it is connected: the socket keeps it until then, and all of it is bounded.
    for (const piece of pieces) socket.write(piece, 'latin1');
    deadlines.add(this);
  }

  onDeadline(): void {
    this.deadlineAt = Number.POSITIVE_INFINITY;
    this.#outcome ??= 'timeout';
    this.#socket.destroy();
  }

  close(): void {
    this.#socket.destroy();
  }

  #onData(bytes: Buffer): void {
    this.#bytes += bytes.length;
    if (this.#outcome === undefined) {
      this.#start += bytes.toString('latin1', 0, MAX_STATUS_CHARS);
      this.#outcome = statusClassOf(this.#start);
      if (this.#outcome !== undefined) this.#start = '';
      else if (this.#start.length > MAX_STATUS_CHARS) this.#outcome = 'failed';
    }
    if (this.#outcome === 'failed' || this.#bytes > MAX_ANSWER_BYTES) this.#socket.destroy();
  }
}
