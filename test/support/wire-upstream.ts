/** An endpoint whose every byte a test decides: it reads requests strictly, remembers them, and answers by hand. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { takeHead, takeMessage, type WireMessage } from './http-wire.ts';
import { until } from './until.ts';

export interface SeenRequest extends WireMessage {
  readonly method: string;
  readonly target: string;
  /** The connection that it came on. */
  readonly connection: UpstreamSocket;
}

export class UpstreamSocket {
  readonly socket: Socket;
  /** Bytes received and not part of a whole request yet, as latin1. */
  received = '';
  /** All bytes received. */
  bytes = 0;
  hasEnded = false;
  error = '';

  constructor(socket: Socket) {
    this.socket = socket;
  }

  send(wire: string | Buffer): boolean {
    return typeof wire === 'string' ? this.socket.write(wire, 'latin1') : this.socket.write(wire);
  }
}

export interface UpstreamBehaviour {
  /** A connection has come; return true to do everything by hand from here on (bytes go to `received`). */
  readonly onConnection?: (connection: UpstreamSocket) => boolean | undefined;
  /** A head has come; return true to do the rest by hand. */
  readonly onHead?: (head: { line: string; fields: string[] }, connection: UpstreamSocket) => boolean | undefined;
  /** A whole request has come. Default: 200 with its target as the body. */
  readonly onRequest?: (request: SeenRequest, connection: UpstreamSocket) => void;
}

/** Answers every request with these bytes, and ends the connection where told to. */
export const answering = (wire: string, ends = false): UpstreamBehaviour => ({
  onRequest: (_request, { socket }) => {
    socket.write(wire, 'latin1');
    if (ends) socket.end();
  },
});

export class WireUpstream {
  readonly requests: SeenRequest[] = [];
  /** All that were ever accepted. */
  readonly connections: UpstreamSocket[] = [];
  behaviour: UpstreamBehaviour;
  readonly #server: Server;

  static async start(behaviour: UpstreamBehaviour = {}, port = 0): Promise<WireUpstream> {
    const upstream = new WireUpstream(behaviour);
    upstream.#server.listen(port, '127.0.0.1');
    await once(upstream.#server, 'listening');
    return upstream;
  }

  private constructor(behaviour: UpstreamBehaviour) {
    this.behaviour = behaviour;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Resolves once it has been asked for nothing for a while, to how often it was asked. */
  async standstill(): Promise<number> {
    let asked = 0;
    let since = performance.now();
    const isStill = (): boolean => {
      if (this.requests.length !== asked) since = performance.now();
      asked = this.requests.length;
      return asked > 0 && performance.now() - since > 300;
    };
    await until(isStill, { what: 'a standstill' });
    return asked;
  }

  /** Connections that are open now. */
  get open(): readonly UpstreamSocket[] {
    return this.connections.filter(({ socket }) => !socket.destroyed);
  }

  /** How often each target was asked for. */
  executions(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { target } of this.requests) counts.set(target, (counts.get(target) ?? 0) + 1);
    return counts;
  }

  /** Stops listening (a new connection is refused) and resets what is open. */
  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    for (const { socket } of this.connections) socket.destroy();
    await promise;
  }

  #accept(socket: Socket): void {
    const connection = new UpstreamSocket(socket);
    this.connections.push(connection);
    let byHand = false;
    socket.on('error', (error: NodeJS.ErrnoException) => {
      connection.error = error.code ?? error.message;
    });
    socket.on('end', () => {
      connection.hasEnded = true;
      if (!byHand) socket.end();
    });
    byHand = this.behaviour.onConnection?.(connection) === true;
    let headSeen = false;
    socket.on('data', (bytes: Buffer) => {
      connection.bytes += bytes.length;
      connection.received += bytes.toString('latin1');
      while (!byHand && connection.received !== '') {
        const head = takeHead(connection.received);
        if (head === undefined) return;
        if (!headSeen) {
          headSeen = true;
          if (this.behaviour.onHead?.(head, connection) === true) {
            byHand = true;
            return;
          }
        }
        const message = takeMessage(connection.received, { kind: 'request' });
        if (message === undefined) return;
        connection.received = connection.received.slice(message.length);
        headSeen = false;
        this.#onRequest(message, connection);
      }
    });
  }

  #onRequest(message: WireMessage, connection: UpstreamSocket): void {
    const [method = '', target = '', version] = message.line.split(' ');
    if (version !== 'HTTP/1.1') throw new Error(`no request line: ${message.line}`);
    const request: SeenRequest = { ...message, method, target, connection };
    this.requests.push(request);
    if (this.behaviour.onRequest === undefined) connection.send(ok(target));
    else this.behaviour.onRequest(request, connection);
  }
}

/** A whole 200 with `body`. */
export function ok(body: string, fields: readonly string[] = []): string {
  return `HTTP/1.1 200 OK\r\n${[`content-length: ${body.length}`, ...fields].join('\r\n')}\r\n\r\n${body}`;
}
