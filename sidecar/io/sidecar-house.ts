/** The life of a running sidecar: clusters first, then listeners, then readiness; and all of it backwards at the end. */
import { parseHostPort } from '../../src/address.ts';
import { redactConfig } from '../../src/config/redact-config.ts';
import type { Config } from '../../src/config/root.ts';
import { type AdminServers, startAdminServers } from '../../src/io/admin.ts';
import { pause, realClock } from '../../src/io/clock.ts';
import type { ConsulClient } from '../../src/io/consul-client.ts';
import type { Log } from '../../src/io/log.ts';
import { type Registration, registerService } from '../../src/io/register.ts';
import type { AdminView, RunningHouse } from '../../src/io/running-house.ts';
import { type Traffic, writeTraffic } from '../metrics.ts';
import type { AccessLog } from './access-log.ts';
import type { Deadlines } from './deadlines.ts';
import { HttpListener } from './http-listener.ts';
import type { TcpListener } from './tcp-listener.ts';
import type { UpstreamCluster } from './upstream-cluster.ts';

export interface SidecarParts {
  readonly config: Config;
  readonly log: Log;
  readonly accessLog: AccessLog;
  readonly deadlines: Deadlines;
  readonly clusters: ReadonlyMap<string, UpstreamCluster>;
  readonly listeners: readonly (HttpListener | TcpListener)[];
  readonly consul: ConsulClient | undefined;
}

export class SidecarHouse implements RunningHouse {
  readonly ready: Promise<void>;
  readonly closed: Promise<void>;
  readonly addresses = new Map<string, string>();
  readonly admin: AdminView;
  readonly #parts: SidecarParts;
  readonly #stopping = new AbortController();
  readonly #markClosed: () => void;
  #adminServers: Promise<AdminServers> | undefined;
  #registration: Registration | undefined;
  #started = false;
  #draining: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: SidecarParts) {
    this.#parts = parts;
    this.admin = this.#adminView();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#markClosed = resolve;
    this.ready = this.#open();
    // Whoever awaits `ready` hears of a failure; whoever does not must not die of it.
    this.ready.catch(() => {});
  }

  drain(): Promise<void> {
    this.#draining ??= this.#drain();
    return this.#draining;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #open(): Promise<void> {
    const { config, log, listeners, clusters } = this.#parts;
    try {
      this.#adminServers = startAdminServers({ config, view: this.admin, log });
      for (const [name, address] of (await this.#adminServers).addresses) this.addresses.set(name, address);
      for (const listener of listeners) {
        if (this.#stopping.signal.aborted) throw new Error('closed before it had started');
        const address = await listener.listen();
        this.addresses.set(listener.name, address);
        log.info({ listener: listener.name, address }, 'listener accepts connections');
      }
      await Promise.race([
        Promise.all([...clusters.values()].map(({ view }) => view.whenStarted)),
        this.closed.then(() => Promise.reject(new Error('closed before it had started'))),
      ]);
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#started = true;
    this.#register();
  }

  /** Only once requests can be served: others find us by it. */
  #register(): void {
    const { config, consul, log } = this.#parts;
    if (config.register === undefined || consul === undefined || this.#draining !== undefined) return;
    const statusAddress = parseHostPort(this.addresses.get('status') ?? '');
    if (statusAddress === undefined) return;
    this.#registration = registerService({ config: config.register, statusAddress, consul, log });
  }

  async #drain(): Promise<void> {
    const { config, listeners, log } = this.#parts;
    log.info({ delay_ms: config.drain.delay, grace_ms: config.drain.grace }, 'draining');
    // First of all nobody is to be sent here any more; readiness went with `#draining`.
    await Promise.race([this.#registration?.deregister(), this.closed]);
    await pause(realClock, config.drain.delay, this.#stopping.signal);
    const ended = new AbortController();
    void Promise.all(listeners.map((listener) => listener.drain())).then(() => ended.abort());
    await pause(realClock, config.drain.grace, AbortSignal.any([this.#stopping.signal, ended.signal]));
    const left = listeners.reduce((sum, listener) => sum + listener.connections, 0);
    if (left > 0) log.warn({ connections: left }, 'grace is over: cutting what is left');
    await this.close();
  }

  async #close(): Promise<void> {
    this.#stopping.abort();
    const { listeners, clusters, consul, deadlines, accessLog } = this.#parts;
    for (const listener of listeners) listener.close();
    await this.#registration?.close();
    for (const cluster of clusters.values()) cluster.closeIdle();
    await Promise.all([...clusters.values()].map(({ view }) => view.close()));
    await consul?.close();
    await (await this.#adminServers?.catch(() => undefined))?.close();
    await accessLog.close();
    deadlines.close();
    this.#markClosed();
  }

  #adminView(): AdminView {
    const { config, clusters } = this.#parts;
    const views = [...clusters.values()].map(({ view }) => view);
    const required = Object.entries(config.clusters).filter(([, cluster]) => cluster.required);
    return {
      role: 'sidecar',
      started: () => this.#started,
      draining: () => this.#draining !== undefined,
      clusters: () => views,
      requiredClusters: new Set(required.map(([name]) => name)),
      endpointDetails: (name, endpoint) => {
        const cluster = clusters.get(name);
        if (cluster === undefined) return {};
        const { activeConnections, idleConnections } = cluster.poolOf(endpoint).counts;
        const inFlight = cluster.inFlight.of(endpoint.slot);
        return { in_flight: inFlight, active_connections: activeConnections, idle_connections: idleConnections };
      },
      collectMetrics: (writer) => writeTraffic(this.#traffic(), writer),
      config: () => redactConfig(config),
      drain: () => void this.drain(),
    };
  }

  #traffic(): Traffic {
    const { listeners, clusters, accessLog } = this.#parts;
    return {
      listeners: listeners.map(listenerTraffic),
      clusters: [...clusters.values()].map((cluster) => ({
        name: cluster.name,
        retries: cluster.retries,
        keyless: cluster.keyless,
        endpoints: cluster.pools().map(({ endpoint, counts }) => {
          return { endpoint, counts, inFlight: cluster.inFlight.of(endpoint.slot) };
        }),
      })),
      drainState: this.#draining === undefined ? 0 : 1,
      droppedLogLines: accessLog.dropped(),
    };
  }
}

function listenerTraffic(listener: HttpListener | TcpListener): Traffic['listeners'][number] {
  const common = {
    name: listener.name,
    connections: listener.connections,
    refusedConnections: listener.limit.refused,
    bytes: listener.bytes(),
  };
  if (!(listener instanceof HttpListener)) return { ...common, routes: [], durations: [] };
  const routed = listener.targets.map(({ name, cluster, counts }) => ({ route: name, cluster: cluster.name, counts }));
  const durations = [...listener.durations].map(([cluster, histogram]) => ({ cluster: cluster.name, histogram }));
  return { ...common, routes: [{ route: '', cluster: '', counts: listener.unrouted }, ...routed], durations };
}
