/** The life of a running sidecar: clusters first, then listeners, then readiness; and all of it backwards at the end. */
import { parseHostPort } from '../../src/address.ts';
import { redactConfig } from '../../src/config/redact-config.ts';
import type { Config } from '../../src/config/root.ts';
import { type AdminServers, startAdminServers } from '../../src/io/admin.ts';
import { pause, realClock } from '../../src/io/clock.ts';
import type { RunningCluster } from '../../src/io/cluster-runner.ts';
import type { ConsulClient } from '../../src/io/consul-client.ts';
import type { Log } from '../../src/io/log.ts';
import { type Registration, registerService } from '../../src/io/register.ts';
import type { AdminView, RunningHouse } from '../../src/io/running-house.ts';
import { answerQuery } from '../explain/answer.ts';
import { writeTraffic } from '../metrics.ts';
import { liveWorld } from './live-world.ts';
import type { Serving } from './serving.ts';

export interface SidecarParts {
  readonly config: Config;
  readonly log: Log;
  readonly views: readonly RunningCluster[];
  readonly serving: Serving;
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
    const { config, log, serving, views } = this.#parts;
    try {
      this.#adminServers = startAdminServers({ config, view: this.admin, log });
      for (const [name, address] of (await this.#adminServers).addresses) this.addresses.set(name, address);
      if (this.#stopping.signal.aborted) throw new Error('closed before it had started');
      for (const [listener, address] of await serving.listen()) {
        this.addresses.set(listener, address);
        log.info({ listener, address }, 'listener accepts connections');
      }
      await Promise.race([
        Promise.all(views.map((view) => view.whenStarted)),
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
    const { config, serving, log } = this.#parts;
    log.info({ delay_ms: config.drain.delay, grace_ms: config.drain.grace }, 'no longer ready; taking leave');
    // First of all nobody is to be sent here any more; readiness went with `#draining`.
    await Promise.race([this.#registration?.deregister(), this.closed]);
    await pause(realClock, config.drain.delay, this.#stopping.signal);
    const ended = new AbortController();
    void serving.drain().then(() => ended.abort());
    await pause(realClock, config.drain.grace, AbortSignal.any([this.#stopping.signal, ended.signal]));
    const left = serving.connections;
    if (left > 0) log.warn({ connections: left }, 'grace is over: cutting what is left');
    await this.close();
  }

  async #close(): Promise<void> {
    this.#stopping.abort();
    const { serving, views, consul } = this.#parts;
    // What is served is cut right now, before anything is waited for.
    const served = serving.close();
    await this.#registration?.close();
    await Promise.all(views.map((view) => view.close()));
    await consul?.close();
    await (await this.#adminServers?.catch(() => undefined))?.close();
    await served;
    this.#markClosed();
  }

  #adminView(): AdminView {
    const { config, views, serving } = this.#parts;
    const required = Object.entries(config.clusters).filter(([, cluster]) => cluster.required);
    return {
      role: 'sidecar',
      outage: () => serving.outage(),
      started: () => this.#started,
      draining: () => this.#draining !== undefined,
      clusters: () => views,
      requiredClusters: new Set(required.map(([name]) => name)),
      endpointDetails: (name, endpoint) => {
        const traffic = serving.endpointTraffic(name, endpoint);
        if (traffic === undefined) return {};
        const { activeConnections, idleConnections } = traffic.counts;
        return {
          in_flight: traffic.inFlight,
          active_connections: activeConnections,
          idle_connections: idleConnections,
        };
      },
      collectMetrics: (writer) => writeTraffic(serving.traffic(), writer),
      explain: (query) => answerQuery(query, liveWorld(this.#parts, this.addresses)),
      config: () => redactConfig(config),
      drain: () => void this.drain(),
    };
  }
}
