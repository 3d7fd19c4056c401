/** Kept-alive connections to one endpoint: the one used last is used first, so the rest can grow old and close. */
import type { Endpoint } from '../../src/endpoint.ts';
import type { EndpointCounts } from '../traffic.ts';
import type { DownstreamConnection } from './downstream-connection.ts';
import type { Exchange } from './exchange.ts';
import type { UpstreamCluster } from './upstream-cluster.ts';
import { UpstreamConnection } from './upstream-connection.ts';

/** More than this many idle connections to one endpoint help nobody. */
const MAX_IDLE = 1_024;

export class UpstreamPool {
  readonly endpoint: Endpoint;
  readonly cluster: UpstreamCluster;
  readonly counts: EndpointCounts;
  readonly #idle: UpstreamConnection[] = [];
  /** Those that carry a client's PROXY protocol header and serve that client alone; one of them is all it ever needs. */
  readonly #idleOf = new Map<DownstreamConnection, UpstreamConnection>();
  #isRetired = false;

  constructor(options: { endpoint: Endpoint; cluster: UpstreamCluster; counts: EndpointCounts }) {
    this.endpoint = options.endpoint;
    this.cluster = options.cluster;
    this.counts = options.counts;
  }

  /** A kept connection, or a new one (always, when `fresh`); tells `exchange` when it can be written to, or why not. */
  open(exchange: Exchange, fresh: boolean): UpstreamConnection {
    const kept = fresh ? undefined : this.#takeIdle(exchange.client);
    if (kept !== undefined) {
      this.counts.activeConnections += 1;
      kept.take(exchange);
      return kept;
    }
    this.counts.activeConnections += 1;
    return new UpstreamConnection(this, exchange);
  }

  #takeIdle(client: DownstreamConnection): UpstreamConnection | undefined {
    for (let kept = this.#popIdle(client); kept !== undefined; kept = this.#popIdle(client)) {
      this.counts.idleConnections -= 1;
      // One that is being closed stays here until its socket says so.
      if (!kept.socket.destroyed) return kept;
    }
    return undefined;
  }

  #popIdle(client: DownstreamConnection): UpstreamConnection | undefined {
    const kept = this.#idle.pop();
    if (kept !== undefined || this.#idleOf.size === 0) return kept;
    const own = this.#idleOf.get(client);
    this.#idleOf.delete(client);
    return own;
  }

  /** Takes a connection back whose exchange has ended cleanly; false where there will be no further work for it. */
  keep(connection: UpstreamConnection): boolean {
    if (this.#isRetired || this.#idle.length >= MAX_IDLE || !this.cluster.isUp(this.endpoint)) return false;
    const { client } = connection;
    if (client !== undefined && (this.#idleOf.has(client) || client.socket.destroyed)) return false;
    this.counts.activeConnections -= 1;
    this.counts.idleConnections += 1;
    if (client === undefined) this.#idle.push(connection);
    else this.#idleOf.set(client, connection);
    return true;
  }

  /** The client has gone, and what carries its header with it. */
  forgetClient(client: DownstreamConnection): void {
    this.#idleOf.get(client)?.destroy();
  }

  /** A connection of this pool has closed; `wasIdle` tells whether it waited here. */
  forget(connection: UpstreamConnection, wasIdle: boolean): void {
    if (!wasIdle) {
      this.counts.activeConnections -= 1;
      return;
    }
    const { client } = connection;
    if (client !== undefined) {
      // One that has been taken out is not counted as idle any more.
      if (this.#idleOf.get(client) !== connection) return;
      this.#idleOf.delete(client);
      this.counts.idleConnections -= 1;
      return;
    }
    const at = this.#idle.indexOf(connection);
    if (at < 0) return;
    this.#idle.splice(at, 1);
    this.counts.idleConnections -= 1;
  }

  closeIdle(): void {
    for (const connection of [...this.#idle, ...this.#idleOf.values()]) connection.destroy();
  }

  /** From here on nothing is kept: the endpoint has left. */
  retire(): void {
    this.#isRetired = true;
    this.closeIdle();
  }
}
