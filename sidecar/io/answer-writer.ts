/** An answer on its way to the client: its head waits for the first body bytes, and a slow client holds upstream back. */
import type { DownstreamConnection } from './downstream-connection.ts';
import { latin1 } from './latin1.ts';
import { JOIN_BYTES } from './read-buffer.ts';
import type { UpstreamConnection } from './upstream-connection.ts';

/** One object serves all answers of a client connection. */
export class AnswerWriter {
  readonly #client: DownstreamConnection;
  #upstream: UpstreamConnection | undefined;
  /** Text that waits for the first body bytes, so that a malformed beginning can still become another answer. */
  #pending = '';
  #rechunk = false;

  constructor(client: DownstreamConnection) {
    this.#client = client;
  }

  /** `rechunk`: the body ends with its connection upstream, and becomes chunks for a client that reads them. */
  begin(upstream: UpstreamConnection, head: string, rechunk: boolean): void {
    this.#upstream = upstream;
    this.#pending = head;
    this.#rechunk = rechunk;
  }

  /** Nothing of the answer has gone down yet. */
  get isHeld(): boolean {
    return this.#pending !== '';
  }

  /** What waits will not be sent. */
  drop(): void {
    this.#pending = '';
    this.#upstream = undefined;
  }

  body(bytes: Buffer, from: number, to: number): void {
    if (this.#rechunk) this.#pending += `${(to - from).toString(16)}\r\n`;
    if (to - from <= JOIN_BYTES) this.#pending += latin1(bytes, from, to);
    else {
      this.flush();
      this.pass(this.#upstream, bytes, from, to);
    }
    if (this.#rechunk) this.#pending += '\r\n';
    this.flush();
  }

  trailers(lines: string): void {
    this.#pending += `${lines}\r\n`;
    this.flush();
  }

  end(): void {
    // Not to be held back any more: it may wait for another client's request by now.
    this.#upstream = undefined;
    if (this.#rechunk) this.#pending += '0\r\n\r\n';
    this.flush();
  }

  flush(): void {
    if (this.#pending === '') return;
    const text = this.#pending;
    this.#pending = '';
    if (!this.#client.write(text)) this.#upstream?.pause();
  }

  /** Bytes that `upstream` has just read, as they are. */
  pass(upstream: UpstreamConnection | undefined, bytes: Buffer, from: number, to: number): void {
    if (upstream !== undefined && !upstream.source.pass(this.#client.socket, bytes, from, to)) upstream.pause();
  }
}
