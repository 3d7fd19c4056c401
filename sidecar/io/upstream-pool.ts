/** Kept-alive connections to one endpoint: the one used last is used first, so the rest can grow old and close. */
import type { Endpoint } from '../../src/endpoint.ts';
import type { EndpointCounts } from '../traffic.ts';
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
  #isRetired = false;

  constructor(options: { endpoint: Endpoint; cluster: UpstreamCluster; counts: EndpointCounts }) {
    this.endpoint = options.endpoint;
    this.cluster = options.cluster;
    this.counts = options.counts;
  }

  /** A kept connection, or a new one (always, when `fresh`); tells `exchange` when it can be written to, or why not. */
  open(exchange: Exchange, fresh: boolean): UpstreamConnection {
    const kept = fresh ? undefined : this.#takeIdle();
    if (kept !== undefined) {
      this.counts.activeConnections += 1;
      kept.take(exchange);
      return kept;
    }
    this.counts.activeConnections += 1;
    return new UpstreamConnection(this, exchange);
  }

  #takeIdle(): UpstreamConnection | undefined {
    for (let kept = this.#idle.pop(); kept !== undefined; kept = this.#idle.pop()) {
      this.counts.idleConnections -= 1;
      // One that is being closed stays here until its socket says so.
      if (!kept.socket.destroyed) return kept;
    }
    return undefined;
  }

  /** Takes a connection back whose exchange has ended cleanly; false where there will be no further work for it. */
  keep(connection: UpstreamConnection): boolean {
    if (this.#isRetired || this.#idle.length >= MAX_IDLE || !this.cluster.isUp(this.endpoint)) return false;
    this.counts.activeConnections -= 1;
    this.counts.idleConnections += 1;
    this.#idle.push(connection);
    return true;
  }

  /** A connection of this pool has closed; `wasIdle` tells whether it waited here. */
  forget(connection: UpstreamConnection, wasIdle: boolean): void {
    if (!wasIdle) {
      this.counts.activeConnections -= 1;
      return;
    }
    const at = this.#idle.indexOf(connection);
    if (at < 0) return;
    this.#idle.splice(at, 1);
    this.counts.idleConnections -= 1;
  }

  closeIdle(): void {
    for (const connection of this.#idle.slice()) connection.destroy();
  }

  /** From here on nothing is kept: the endpoint has left. */
  retire(): void {
    this.#isRetired = true;
    this.closeIdle();
  }
}
