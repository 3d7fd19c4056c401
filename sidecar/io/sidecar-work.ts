/** What a sidecar does while it lives: clusters, the listeners in front of them, and its registration in Consul. */
import { parseHostPort } from '../../src/address.ts';
import type { Config } from '../../src/config/root.ts';
import type { RunningCluster } from '../../src/io/cluster-runner.ts';
import type { ConsulClient } from '../../src/io/consul-client.ts';
import type { HouseWork, Opening } from '../../src/io/house.ts';
import type { Log } from '../../src/io/log.ts';
import { type Registration, registerService } from '../../src/io/register.ts';
import { writeTraffic } from '../metrics.ts';
import type { Serving } from './serving.ts';

export interface SidecarParts {
  readonly config: Config;
  readonly log: Log;
  readonly views: readonly RunningCluster[];
  readonly serving: Serving;
  readonly consul: ConsulClient | undefined;
}

export class SidecarWork implements HouseWork {
  readonly view: HouseWork['view'];
  readonly #parts: SidecarParts;
  #statusAddress = '';
  #leaving: AbortSignal | undefined;
  #registration: Registration | undefined;

  constructor(parts: SidecarParts) {
    this.#parts = parts;
    this.view = viewOf(parts);
  }

  get left(): number {
    return this.#parts.serving.connections;
  }

  async open({ leaving, bound, addresses }: Opening): Promise<void> {
    const { log, serving, views } = this.#parts;
    this.#leaving = leaving;
    this.#statusAddress = addresses.get('status') ?? '';
    for (const [listener, address] of await serving.listen()) {
      bound(listener, address);
      log.info({ listener, address }, 'listener accepts connections');
    }
    await Promise.all(views.map((view) => view.whenStarted));
  }

  /** Only once requests can be served: others find us by it. */
  onStarted(): void {
    const { config, consul, log } = this.#parts;
    const statusAddress = parseHostPort(this.#statusAddress);
    if (config.register === undefined || consul === undefined || this.#leaving?.aborted !== false) return;
    if (statusAddress === undefined) return;
    this.#registration = registerService({ config: config.register, statusAddress, consul, log });
  }

  async leave(): Promise<void> {
    await this.#registration?.deregister();
  }

  finish(): Promise<void> {
    return this.#parts.serving.drain();
  }

  async close(): Promise<void> {
    const { serving, views, consul } = this.#parts;
    // What is served is cut right now, before anything is waited for.
    const served = serving.close();
    await this.#registration?.close();
    await Promise.all(views.map((view) => view.close()));
    await consul?.close();
    await served;
  }
}

function viewOf({ config, views, serving }: SidecarParts): HouseWork['view'] {
  const required = Object.entries(config.clusters).filter(([, cluster]) => cluster.required);
  return {
    role: 'sidecar',
    outage: () => serving.outage(),
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
  };
}
