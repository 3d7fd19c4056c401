/** One TCP listener: each connection goes to one endpoint of its cluster. */
import { createServer, type Server } from 'node:net';
import type { ListenAddress } from '../../src/address.ts';
import type { ListenerLimits, TcpListenerConfig } from '../../src/config/listener.ts';
import { listenBeside, type ShareOptions } from '../../src/io/listen-beside.ts';
import { stopAccepting } from '../../src/io/stop-accepting.ts';
import type { TrustedProxies } from '../client-address.ts';
import type { ClientOrigin } from '../client-origin.ts';
import { LimitCounts } from '../limit-counts.ts';
import { type NewCounts, within } from '../traffic.ts';
import { listenerPath } from '../worker-counts.ts';
import { acceptClients, type ClientSocket } from './client-socket.ts';
import { ConnectionDoor } from './connection-door.ts';
import type { ConnectionLimit } from './connection-limit.ts';
import type { Deadlines } from './deadlines.ts';
import { TcpTunnel } from './tcp-tunnel.ts';
import type { UpstreamCluster } from './upstream-cluster.ts';

/** What a reload may change of a listener. */
export interface TcpRules {
  readonly config: TcpListenerConfig;
  readonly cluster: UpstreamCluster;
  readonly trusted: TrustedProxies;
}

export interface TcpListenerOptions extends TcpRules {
  readonly deadlines: Deadlines;
  /** Where a limit holds for more than this listener. */
  readonly limit?: ConnectionLimit | undefined;
  readonly newCounts: NewCounts;
}

export class TcpListener {
  readonly protocol = 'tcp';
  readonly deadlines: Deadlines;
  readonly #newCounts: NewCounts;
  readonly #door: ConnectionDoor;
  readonly #server: Server;
  readonly #tunnels = new Set<TcpTunnel>();
  readonly #closedBytes = { received: 0, sent: 0 };
  #rules: TcpRules & { readonly exceeded: LimitCounts };
  #whenEmpty: (() => void) | undefined;

  constructor({ deadlines, limit, newCounts, ...rules }: TcpListenerOptions) {
    this.deadlines = deadlines;
    this.#newCounts = newCounts;
    this.#rules = this.#counted(rules);
    this.#door = new ConnectionDoor({
      ...this.#rules,
      deadlines,
      limit,
      onClient: (socket, origin, rest) => this.#open(socket, origin, rest),
      onFull: (socket) => {
        socket.on('error', () => undefined);
        socket.resetAndDestroy();
      },
      onGone: (socket) => this.#gone(socket),
    });
    this.#server = createServer();
    this.#server.on('error', () => undefined);
  }

  get name(): string {
    return this.#rules.config.name;
  }

  /** Where new connections go. */
  get cluster(): UpstreamCluster {
    return this.#rules.cluster;
  }

  get limits(): ListenerLimits {
    return this.#rules.config.limits;
  }

  get exceeded(): LimitCounts {
    return this.#rules.exceeded;
  }

  /** Other rules for new connections, and other limits for all. Returns what puts them in place. */
  prepare(rules: TcpRules): () => void {
    const next = this.#counted(rules);
    return () => {
      this.#rules = next;
      this.#door.replaceRules(next);
    };
  }

  #counted(rules: TcpRules): TcpRules & { readonly exceeded: LimitCounts } {
    return { ...rules, exceeded: new LimitCounts(within(this.#newCounts, ...listenerPath(rules.config.name))) };
  }

  /** Resolves to the bound address; rejects when it cannot be bound. */
  listen(address: ListenAddress, options: ShareOptions = {}): Promise<string> {
    const onBound = (): void => acceptClients(this.#server, (socket) => this.#door.accept(socket));
    return listenBeside(this.#server, address, { backlog: 4_096, ...options, onBound });
  }

  get connections(): number {
    return this.#tunnels.size + this.#door.waiting;
  }

  bytes(): { readonly received: number; readonly sent: number } {
    let { received, sent } = this.#closedBytes;
    for (const { downstream } of this.#tunnels) {
      received += downstream.bytesRead;
      sent += downstream.bytesWritten;
    }
    return { received, sent };
  }

  /** Accepts who waits for it and nobody else; resolves when the address is free. */
  leave(): Promise<void> {
    return stopAccepting(this.#server);
  }

  /** Leaves its address; resolves when the last connection has ended by itself. */
  async drain(): Promise<void> {
    await this.leave();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#whenEmpty = resolve;
    this.#door.close();
    if (this.connections === 0) resolve();
    await promise;
  }

  close(): void {
    this.#server.close();
    for (const tunnel of this.#tunnels) tunnel.cut();
    this.#door.close();
  }

  closed(tunnel: TcpTunnel): void {
    if (!this.#tunnels.delete(tunnel)) return;
    this.#door.leave(tunnel.client.address);
    this.#gone(tunnel.downstream);
  }

  #gone(socket: ClientSocket): void {
    this.#closedBytes.received += socket.bytesRead;
    this.#closedBytes.sent += socket.bytesWritten;
    if (this.connections === 0) this.#whenEmpty?.();
  }

  #open(socket: ClientSocket, origin: ClientOrigin, rest: Buffer): void {
    const tunnel = new TcpTunnel(socket, origin, this, rest);
    this.#tunnels.add(tunnel);
    tunnel.start();
  }
}
