/** Queries over TCP (RFC 7766), with bounds on the number of connections and on their idleness. */
import { createServer, isIP, type Server, type Socket } from 'node:net';
import type { HostPort } from '../../src/address.ts';
import { serveConnection } from './tcp-connection.ts';
import type { DnsSocketOptions } from './udp.ts';

export interface TcpLimits {
  /** One more, and the connection that has been idle for longest is closed. */
  readonly maxConnections: number;
  /** The same for the connections of one address. */
  readonly maxPerClient: number;
  /** On one connection. */
  readonly maxQueries: number;
  /** From the last complete query (or the accept) on; single octets do not prolong it. */
  readonly idleMs: number;
}

// RFC 7766 section 6.2.3 asks for seconds; 256 connections cost about 3 MB when all of them sit idle.
export const TCP_LIMITS: TcpLimits = { maxConnections: 256, maxPerClient: 64, maxQueries: 10_000, idleMs: 10_000 };

const SWEEPS_PER_IDLE = 10;

export interface TcpListener {
  readonly address: HostPort;
  /** Takes no more connections and ends the open ones; resolves when none is left. */
  drain(): Promise<void>;
  /** Closes everything at once. */
  close(): Promise<void>;
}

/** Binds and answers until closed. `host` is an IP address. Rejects when the address cannot be bound. */
export async function listenTcp(
  address: HostPort,
  options: DnsSocketOptions,
  limits: TcpLimits = TCP_LIMITS,
): Promise<TcpListener> {
  const connections = new Connections(options, limits);
  // Half-open: a client may end its side right behind its query and still wants the answer.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => connections.add(socket));
  await bound(server, address);
  server.on('error', (error) => options.log.warn({ err: error }, 'tcp listener error'));
  const sweep = setInterval(() => connections.destroyIdle(), limits.idleMs / SWEEPS_PER_IDLE);
  const closed = new Promise<void>((resolve) => {
    server.once('close', () => {
      clearInterval(sweep);
      resolve();
    });
  });
  const end = (action: (socket: Socket) => void): Promise<void> => {
    if (server.listening) server.close();
    connections.forEach(action);
    return closed;
  };
  const real = server.address();
  return {
    address: real === null || typeof real === 'string' ? address : { host: real.address, port: real.port },
    drain: () => end((socket) => socket.end()),
    close: () => end((socket) => socket.destroy()),
  };
}

function bound(server: Server, { host, port }: HostPort): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, ipv6Only: isIP(host) === 6 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** The open connections, the one that has been idle for longest first: a Map keeps the order of insertion. */
class Connections {
  readonly #options: DnsSocketOptions;
  readonly #limits: TcpLimits;
  /** Connection → time of its last complete query, or of its beginning. */
  readonly #idleSince = new Map<Socket, number>();
  /** Address → the connections it has open, in any order. */
  readonly #byClient = new Map<string, Set<Socket>>();

  constructor(options: DnsSocketOptions, limits: TcpLimits) {
    this.#options = options;
    this.#limits = limits;
  }

  add(socket: Socket): void {
    const { responder, tally } = this.#options;
    const { maxQueries, maxConnections, maxPerClient } = this.#limits;
    const client = socket.remoteAddress ?? '';
    serveConnection(socket, { responder, tally, maxQueries, onAnswered: () => this.#touch(socket) });
    socket.on('close', () => this.#forget(socket, client));
    this.#touch(socket);
    const own = this.#byClient.get(client) ?? new Set();
    this.#byClient.set(client, own.add(socket));
    if (own.size > maxPerClient) this.#closeLongestIdle((it) => own.has(it));
    else if (this.#idleSince.size > maxConnections) this.#closeLongestIdle(() => true);
  }

  #closeLongestIdle(isMeant: (socket: Socket) => boolean): void {
    this.#options.tally.drop('connection_limit');
    for (const socket of this.#idleSince.keys()) {
      if (!isMeant(socket)) continue;
      this.#destroy(socket);
      return;
    }
  }

  #forget(socket: Socket, client: string): void {
    this.#idleSince.delete(socket);
    const own = this.#byClient.get(client);
    own?.delete(socket);
    if (own?.size === 0) this.#byClient.delete(client);
  }

  forEach(action: (socket: Socket) => void): void {
    for (const socket of this.#idleSince.keys()) action(socket);
  }

  destroyIdle(): void {
    const limit = performance.now() - this.#limits.idleMs;
    for (const [socket, since] of this.#idleSince) {
      if (since > limit) return;
      this.#destroy(socket);
    }
  }

  #touch(socket: Socket): void {
    this.#idleSince.delete(socket);
    this.#idleSince.set(socket, performance.now());
  }

  #destroy(socket: Socket): void {
    // At once, for its place is free; `close` comes later.
    this.#forget(socket, socket.remoteAddress ?? '');
    socket.destroy();
  }
}
