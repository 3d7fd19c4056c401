/** The listeners and clusters of one thread, and everything they share. */
import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Endpoint } from '../../src/endpoint.ts';
import type { LineSink } from '../../src/io/line-sink.ts';
import { TrustedProxies } from '../client-address.ts';
import type { InFlight } from '../in-flight.ts';
import type { EndpointTraffic, ListenerTraffic, Traffic } from '../metrics.ts';
import type { NewCounts } from '../traffic.ts';
import { type AccessLog, noAccessLog, openAccessLog } from './access-log.ts';
import type { ConnectionLimit } from './connection-limit.ts';
import { Deadlines } from './deadlines.ts';
import { HttpListener } from './http-listener.ts';
import type { DataPathConfig, Serving } from './serving.ts';
import { TcpListener } from './tcp-listener.ts';
import { type SnapshotView, UpstreamCluster } from './upstream-cluster.ts';

export interface DataPathOptions {
  readonly config: DataPathConfig;
  /** One for each cluster of the configuration. */
  readonly views: readonly SnapshotView[];
  readonly inFlightOf: (cluster: string) => InFlight;
  /** Undefined where a listener bounds its own connections only. */
  readonly limitOf?: (listener: string) => ConnectionLimit | undefined;
  readonly newCounts: NewCounts;
  /** Where access lines go; closed with the data path. Undefined where there are none. */
  readonly accessLines: LineSink | undefined;
  /** Others bind the same ports. */
  readonly reusePort?: boolean;
}

export class DataPath implements Serving {
  readonly listeners: readonly (HttpListener | TcpListener)[];
  readonly #clusters: ReadonlyMap<string, UpstreamCluster>;
  readonly #deadlines = new Deadlines();
  readonly #accessLog: AccessLog;
  readonly #reusePort: boolean;
  #isEnding = false;

  constructor(options: DataPathOptions) {
    const { config, accessLines } = options;
    const access = config.log.access;
    this.#accessLog =
      access === 'off' || accessLines === undefined ? noAccessLog : openAccessLog({ only: access, sink: accessLines });
    this.#reusePort = options.reusePort ?? false;
    this.#clusters = this.#openClusters(options);
    this.listeners = this.#openListeners(options);
  }

  async listen(): Promise<ReadonlyMap<string, string>> {
    const addresses = new Map<string, string>();
    for (const listener of this.listeners) {
      if (this.#isEnding) throw new Error('ended before it had started');
      addresses.set(listener.name, await listener.listen({ reusePort: this.#reusePort }));
      // A server that was told to close while it was being bound is bound all the same.
      if (this.#isEnding) void listener.drain();
    }
    return addresses;
  }

  get connections(): number {
    return this.listeners.reduce((sum, listener) => sum + listener.connections, 0);
  }

  async drain(): Promise<void> {
    this.#isEnding = true;
    await Promise.all(this.listeners.map((listener) => listener.drain()));
  }

  async close(): Promise<void> {
    this.#isEnding = true;
    for (const listener of this.listeners) listener.close();
    for (const cluster of this.#clusters.values()) cluster.closeIdle();
    // What has just been cut is logged when its sockets close.
    await setImmediate();
    await this.#accessLog.close();
    this.#deadlines.close();
  }

  traffic(): Traffic {
    return {
      listeners: this.listeners.map(listenerTraffic),
      clusters: [...this.#clusters.values()].map((cluster) => ({
        name: cluster.name,
        retries: cluster.counts.retries,
        keyless: cluster.counts.keyless,
        endpoints: cluster.pools().map(({ endpoint, counts }) => {
          return { endpoint, counts, inFlight: cluster.inFlight.of(endpoint.slot) };
        }),
      })),
      droppedLogLines: this.#accessLog.dropped(),
      workers: { running: 1, restarts: 0 },
    };
  }

  endpointTraffic(name: string, endpoint: Endpoint): Omit<EndpointTraffic, 'endpoint'> | undefined {
    const cluster = this.#clusters.get(name);
    if (cluster === undefined) return undefined;
    return { counts: cluster.poolOf(endpoint).counts, inFlight: cluster.inFlight.of(endpoint.slot) };
  }

  outage(): undefined {
    return undefined;
  }

  #openClusters({ config, views, inFlightOf, newCounts }: DataPathOptions): ReadonlyMap<string, UpstreamCluster> {
    const deadlines = this.#deadlines;
    const clusters = new Map<string, UpstreamCluster>();
    for (const view of views) {
      const { name } = view;
      const cluster = config.clusters[name];
      if (cluster === undefined) throw new Error(`cluster ${name} does not exist`);
      const inFlight = inFlightOf(name);
      clusters.set(name, new UpstreamCluster({ config: cluster, view, inFlight, deadlines, newCounts }));
    }
    return clusters;
  }

  #openListeners({ config, newCounts, ...options }: DataPathOptions): readonly (HttpListener | TcpListener)[] {
    const clusters = this.#clusters;
    const common = {
      clusters,
      trusted: new TrustedProxies(config.trusted_proxies),
      deadlines: this.#deadlines,
      accessLog: this.#accessLog,
      nextRequestId: requestIds(),
      newCounts,
    };
    return config.listeners.map((it) => {
      const limit = options.limitOf?.(it.name);
      if (it.protocol === 'http') return new HttpListener({ ...common, config: it, limit });
      const cluster = clusters.get(it.to);
      if (cluster === undefined) throw new Error(`cluster ${it.to} does not exist`);
      return new TcpListener({ ...common, config: it, cluster, limit });
    });
  }
}

function listenerTraffic(listener: HttpListener | TcpListener): ListenerTraffic {
  const common = {
    name: listener.name,
    connections: listener.connections,
    exceeded: listener.exceeded,
    bytes: listener.bytes(),
  };
  if (!(listener instanceof HttpListener)) return { ...common, routes: [], splits: [], mirrors: [], durations: [] };
  const { routes } = listener;
  const durations = [...routes.durations].map(([cluster, histogram]) => ({ cluster: cluster.name, histogram }));
  const unrouted = { route: '', cluster: '', counts: listener.unrouted };
  const [splits, mirrors] = [routes.splitTraffic(), routes.mirrorTraffic()];
  return { ...common, routes: [unrouted, ...routes.traffic()], splits, mirrors, durations };
}

/** Ids that differ between threads and processes by 64 random bits and within one by a counter. */
function requestIds(): () => string {
  // Only the first request has it made: what it needs is loaded for it.
  let prefix = '';
  let count = 0;
  return () => {
    if (prefix === '') prefix = randomBytes(8).toString('hex');
    count += 1;
    return `${prefix}-${count.toString(36)}`;
  };
}
