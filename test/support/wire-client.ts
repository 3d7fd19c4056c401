/** A client that says exactly what a test writes, and remembers exactly what came back. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fieldValue, statusOf, takeHead, takeMessage, type WireMessage } from './http-wire.ts';
import { until } from './until.ts';

const DEADLINE_MS = 10_000;

export interface Response extends WireMessage {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
}

export class WireClient {
  readonly socket: Socket;
  /** Bytes received and not taken by {@link response} yet, as latin1. */
  received = '';
  /** The other side has sent its FIN. */
  hasEnded = false;
  /** Code of the error that ended it, such as ECONNRESET. */
  error = '';

  /**
   * Resolves once connected, even if it has been reset since. Rejects where it was refused. Reads unless `paused`; comes
   * from the address `from`.
   */
  static async connect(
    address: string,
    options: { readonly paused?: boolean; readonly from?: string } = {},
  ): Promise<WireClient> {
    const client = new WireClient(address, options.from);
    if (options.paused === true) client.socket.pause();
    await once(client.socket, 'connect').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET') throw error;
    });
    return client;
  }

  private constructor(address: string, from?: string) {
    const colon = address.lastIndexOf(':');
    const place = address.startsWith('unix:')
      ? { path: address.slice('unix:'.length) }
      : { host: address.slice(0, colon), port: Number(address.slice(colon + 1)), ...(from && { localAddress: from }) };
    this.socket = connect({ ...place, allowHalfOpen: true, noDelay: true });
    this.socket.on('data', (bytes: Buffer) => {
      this.received += bytes.toString('latin1');
    });
    this.socket.on('end', () => {
      this.hasEnded = true;
    });
    this.socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error = error.code ?? error.message;
    });
  }

  get isOver(): boolean {
    return this.hasEnded || this.error !== '' || this.socket.destroyed;
  }

  send(wire: string | Buffer): void {
    if (typeof wire === 'string') this.socket.write(wire, 'latin1');
    else this.socket.write(wire);
  }

  /** Waits until what has been received satisfies `test`. */
  async receives(test: (received: string) => boolean, what = 'more bytes'): Promise<string> {
    await until(() => test(this.received) || this.isOver, { what, withinMs: DEADLINE_MS });
    if (!test(this.received)) throw new Error(`connection over (${this.error || 'end'}) with ${this.received}`);
    return this.received;
  }

  /** Takes the next whole response, interim ones included. */
  async response(method = 'GET'): Promise<Response> {
    const take = (): WireMessage | undefined =>
      takeMessage(this.received, { kind: 'response', method, ended: this.hasEnded });
    await until(() => take() !== undefined || this.isOver, { what: 'a whole response', withinMs: DEADLINE_MS });
    const message = take();
    if (message === undefined) throw new Error(`cut (${this.error || 'end'}) after ${this.received.slice(-500)}`);
    this.received = this.received.slice(message.length);
    return { ...message, status: statusOf(message), header: (name) => fieldValue(message, name) };
  }

  /** The head of a response whose body is still on its way; takes nothing. */
  async head(): Promise<string> {
    await this.receives((text) => takeHead(text) !== undefined, 'a response head');
    return this.received.slice(0, takeHead(this.received)?.end);
  }

  async ask(wire: string, method?: string): Promise<Response> {
    this.send(wire);
    return this.response(method);
  }

  end(): void {
    this.socket.end();
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Resolves when the other side has ended (`end`) or broken off (`reset`). */
  async over(withinMs = DEADLINE_MS): Promise<'end' | 'reset'> {
    await until(() => this.isOver, { what: 'the connection to be over', withinMs });
    return this.error === 'ECONNRESET' || this.error === 'EPIPE' ? 'reset' : 'end';
  }

  close(): void {
    this.socket.destroy();
  }
}

/** A bodiless HTTP/1.1 request with the Host that every test uses. */
export function get(target: string, fields: readonly string[] = []): string {
  return `GET ${target} HTTP/1.1\r\n${['host: app.test', ...fields].join('\r\n')}\r\n\r\n`;
}

export function post(target: string, body: string, fields: readonly string[] = []): string {
  const lines = ['host: app.test', `content-length: ${body.length}`, ...fields];
  return `POST ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}
