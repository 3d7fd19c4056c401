/** One TCP listener: each connection goes to one endpoint of its cluster. */
import { createServer, type Server, type Socket } from 'node:net';
import type { ListenerLimits, TcpListenerConfig } from '../../src/config/listener.ts';
import { type ListenOptions, listen } from '../../src/io/listen.ts';
import { plainAddress } from '../client-address.ts';
import { type ConnectionLimit, OwnConnectionLimit } from './connection-limit.ts';
import type { Deadlines } from './deadlines.ts';
import { TcpTunnel } from './tcp-tunnel.ts';
import type { UpstreamCluster } from './upstream-cluster.ts';

export interface TcpListenerOptions {
  readonly config: TcpListenerConfig;
  readonly cluster: UpstreamCluster;
  readonly deadlines: Deadlines;
  /** Where a limit holds for more than this listener. */
  readonly limit?: ConnectionLimit | undefined;
}

export class TcpListener {
  readonly name: string;
  readonly cluster: UpstreamCluster;
  readonly deadlines: Deadlines;
  readonly limits: ListenerLimits;
  readonly limit: ConnectionLimit;
  readonly #config: TcpListenerConfig;
  readonly #server: Server;
  readonly #tunnels = new Set<TcpTunnel>();
  readonly #closedBytes = { received: 0, sent: 0 };
  #whenEmpty: (() => void) | undefined;

  constructor({ config, cluster, deadlines, limit }: TcpListenerOptions) {
    this.#config = config;
    this.name = config.name;
    this.limits = config.limits;
    this.cluster = cluster;
    this.deadlines = deadlines;
    this.limit = limit ?? new OwnConnectionLimit(config.limits);
    const options = { allowHalfOpen: true, noDelay: true, pauseOnConnect: true };
    this.#server = createServer(options, (socket) => this.#accept(socket));
    this.#server.on('error', () => undefined);
  }

  /** Resolves to the bound address; rejects when it cannot be bound. */
  listen(options: Pick<ListenOptions, 'reusePort'> = {}): Promise<string> {
    return listen(this.#server, this.#config.listen, { backlog: 4_096, ...options });
  }

  get connections(): number {
    return this.#tunnels.size;
  }

  bytes(): { readonly received: number; readonly sent: number } {
    let { received, sent } = this.#closedBytes;
    for (const { downstream } of this.#tunnels) {
      received += downstream.bytesRead;
      sent += downstream.bytesWritten;
    }
    return { received, sent };
  }

  /** Stops accepting; resolves when the last connection has ended by itself. */
  drain(): Promise<void> {
    this.#server.close();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#whenEmpty = resolve;
    if (this.#tunnels.size === 0) resolve();
    return promise;
  }

  close(): void {
    this.#server.close();
    for (const tunnel of this.#tunnels) tunnel.cut();
  }

  closed(tunnel: TcpTunnel): void {
    if (!this.#tunnels.delete(tunnel)) return;
    this.limit.leave(tunnel.client);
    this.#closedBytes.received += tunnel.downstream.bytesRead;
    this.#closedBytes.sent += tunnel.downstream.bytesWritten;
    if (this.#tunnels.size === 0) this.#whenEmpty?.();
  }

  #accept(socket: Socket): void {
    const client = plainAddress(socket.remoteAddress);
    if (!this.limit.enter(client)) {
      socket.on('error', () => undefined);
      socket.resetAndDestroy();
      return;
    }
    const tunnel = new TcpTunnel(socket, client, this);
    this.#tunnels.add(tunnel);
    tunnel.start();
  }
}
