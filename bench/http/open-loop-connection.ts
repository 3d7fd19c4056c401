/** One kept connection of the open-loop load: one request at a time, and the least that tells a whole good answer. */
import { connect, type Socket } from 'node:net';

export interface ConnectionEvents {
  /** The request that was due at `dueMs` has its answer; the next may be sent at once. */
  answered(connection: OpenLoopConnection, dueMs: number): void;
  /** It has none, or not a good one; the next may be sent all the same. */
  failed(connection: OpenLoopConnection, why: string): void;
}

const BUFFER_BYTES = 16_384;

export class OpenLoopConnection {
  readonly #port: number;
  readonly #events: ConnectionEvents;
  /** Undefined when the other side has closed it, until there is something to send. */
  #socket: Socket | undefined;
  #text = '';
  #dueMs = Number.NaN;

  constructor(port: number, events: ConnectionEvents) {
    this.#port = port;
    this.#events = events;
    this.#socket = this.#open();
  }

  /** When the request under way was due; NaN when there is none. */
  get dueMs(): number {
    return this.#dueMs;
  }

  send(request: string, dueMs: number): void {
    this.#dueMs = dueMs;
    this.#text = '';
    this.#socket ??= this.#open();
    this.#socket.write(request, 'latin1');
  }

  close(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.destroy();
  }

  #open(): Socket {
    const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
    const callback = (count: number): boolean => {
      // Of a socket that was left nothing is read any more.
      if (socket === this.#socket) this.#take(buffer.toString('latin1', 0, count));
      return true;
    };
    const socket = connect({ host: '127.0.0.1', port: this.#port, noDelay: true, onread: { buffer, callback } });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (socket !== this.#socket) return;
      this.#socket = undefined;
      if (Number.isNaN(this.#dueMs)) return;
      this.#dueMs = Number.NaN;
      this.#events.failed(this, 'the connection ended before the answer');
    });
    return socket;
  }

  #take(text: string): void {
    this.#text += text;
    const answer = readAnswer(this.#text);
    if (answer === 'partial') return;
    if (answer !== 'good') this.close();
    const dueMs = this.#dueMs;
    this.#dueMs = Number.NaN;
    if (answer === 'good' || answer === 'last') this.#events.answered(this, dueMs);
    else this.#events.failed(this, `an answer began with ${JSON.stringify(this.#text.slice(0, 40))}`);
  }
}

/** `last`: good, and the connection is not to be used again. `bad`: neither 200 nor of the length that it tells. */
export function readAnswer(text: string): 'partial' | 'good' | 'last' | 'bad' {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return 'partial';
  const head = text.slice(0, headEnd);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined || !head.startsWith('HTTP/1.1 200 ')) return 'bad';
  const missing = headEnd + 4 + Number(length) - text.length;
  if (missing !== 0) return missing > 0 ? 'partial' : 'bad';
  return /\r\nconnection: *close/i.test(head) ? 'last' : 'good';
}
