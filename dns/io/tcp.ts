/** Queries over TCP (RFC 7766), with bounds on the number of connections and on their idleness. */
import { createServer, isIP, type Server, type Socket } from 'node:net';
import type { HostPort } from '../../src/address.ts';
import { CAN_SHARE_PORTS } from '../../src/io/listen-beside.ts';
import { stopAccepting } from '../../src/io/stop-accepting.ts';
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

/** Of a drain: long enough for the query of a client that has just connected, or is about to ask again. */
const DRAIN_IDLE_MS = 500;

export interface TcpListener {
  readonly address: HostPort;
  /** Accepts those that wait and no more, ends each connection once it is idle; resolves when none is left. */
  drain(): Promise<void>;
  /** Closes everything at once. */
  close(): Promise<void>;
}

/** Binds and answers until closed; `host`, and what rejects, is as with `listenUdp`. */
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
  const sweepEvery = (ms: number): NodeJS.Timeout => setInterval(() => connections.sweep(), ms);
  let sweep = sweepEvery(limits.idleMs / SWEEPS_PER_IDLE);
  const closed = new Promise<void>((resolve) => {
    server.once('close', () => {
      clearInterval(sweep);
      resolve();
    });
  });
  const real = server.address();
  return {
    address: real === null || typeof real === 'string' ? address : { host: real.address, port: real.port },
    drain: async () => {
      await stopAccepting(server);
      clearInterval(sweep);
      if (!connections.isEmpty) sweep = sweepEvery(DRAIN_IDLE_MS / SWEEPS_PER_IDLE);
      connections.drain();
      await closed;
    },
    close: () => {
      if (server.listening) server.close();
      connections.destroyAll();
      return closed;
    },
  };
}

function bound(server: Server, { host, port }: HostPort): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, ipv6Only: isIP(host) === 6, reusePort: CAN_SHARE_PORTS }, () => {
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
  #idleMs: number;
  #isDraining = false;

  constructor(options: DnsSocketOptions, limits: TcpLimits) {
    this.#options = options;
    this.#limits = limits;
    this.#idleMs = limits.idleMs;
  }

  get isEmpty(): boolean {
    return this.#idleSince.size === 0;
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

  destroyAll(): void {
    for (const socket of this.#idleSince.keys()) socket.destroy();
  }

  /** From here on each connection is ended as soon as it is idle, and cut where its client does not end it too. */
  drain(): void {
    this.#isDraining = true;
    this.#idleMs = Math.min(this.#idleMs, DRAIN_IDLE_MS);
    this.sweep();
  }

  /** To be called every now and then. */
  sweep(): void {
    const limit = performance.now() - this.#idleMs;
    for (const [socket, since] of this.#idleSince) {
      // Also what was put behind the others in this round.
      if (since > limit) return;
      if (!this.#isDraining || socket.writableEnded) this.#destroy(socket);
      else {
        socket.end();
        this.#touch(socket);
      }
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
