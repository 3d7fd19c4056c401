/** One TCP listener: each connection goes to one endpoint of its cluster. */
import type { ListenAddress } from '../../src/address.ts';
import type { ListenerLimits, TcpListenerConfig } from '../../src/config/listener.ts';
import type { ShareOptions } from '../../src/io/listen-beside.ts';
import type { TrustedProxies } from '../client-address.ts';
import type { ClientOrigin } from '../client-origin.ts';
import { LimitCounts } from '../limit-counts.ts';
import { type NewCounts, within } from '../traffic.ts';
import { listenerPath } from '../worker-counts.ts';
import type { ClientSocket } from './client-socket.ts';
import type { ConnectionLimit } from './connection-limit.ts';
import type { Deadlines } from './deadlines.ts';
import { ListenerPort } from './listener-port.ts';
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
  readonly #port: ListenerPort<TcpTunnel>;
  #rules: TcpRules & { readonly exceeded: LimitCounts };

  constructor({ deadlines, limit, newCounts, ...rules }: TcpListenerOptions) {
    this.deadlines = deadlines;
    this.#newCounts = newCounts;
    this.#rules = this.#counted(rules);
    this.#port = new ListenerPort({
      ...this.#rules,
      deadlines,
      limit,
      onClient: (socket, origin, rest) => this.#open(socket, origin, rest),
      onFull: (socket) => {
        socket.on('error', () => undefined);
        socket.resetAndDestroy();
      },
      socketOf: ({ downstream }) => downstream,
    });
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
      this.#port.replaceRules(next);
    };
  }

  #counted(rules: TcpRules): TcpRules & { readonly exceeded: LimitCounts } {
    return { ...rules, exceeded: new LimitCounts(within(this.#newCounts, ...listenerPath(rules.config.name))) };
  }

  /** Resolves to the bound address; rejects when it cannot be bound. */
  listen(address: ListenAddress, options: ShareOptions = {}): Promise<string> {
    return this.#port.listen(address, options);
  }

  get connections(): number {
    return this.#port.connections;
  }

  bytes(): { readonly received: number; readonly sent: number } {
    return this.#port.bytes();
  }

  /** Accepts who waits for it and nobody else; resolves when the address is free. */
  leave(): Promise<void> {
    return this.#port.leave();
  }

  /** Leaves its address; resolves when the last connection has ended by itself. */
  drain(): Promise<void> {
    return this.#port.drain();
  }

  close(): void {
    this.#port.close();
    for (const tunnel of this.#port.clients) tunnel.cut();
  }

  closed(tunnel: TcpTunnel): void {
    this.#port.closed(tunnel, tunnel.client.address);
  }

  #open(socket: ClientSocket, origin: ClientOrigin, rest: Buffer): void {
    const tunnel = new TcpTunnel(socket, origin, this, rest);
    this.#port.clients.add(tunnel);
    tunnel.start();
  }
}
