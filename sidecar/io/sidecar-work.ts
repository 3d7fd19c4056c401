/** What a sidecar does while it lives: clusters, the listeners in front of them, and its registration in Consul. */
import { parseHostPort } from '../../src/address.ts';
import type { Config } from '../../src/config/root.ts';
import type { ConsulOnDemand } from '../../src/io/consul-on-demand.ts';
import type { HouseWork, Opening } from '../../src/io/house.ts';
import type { Log } from '../../src/io/log.ts';
import { type Registration, registerService } from '../../src/io/register.ts';
import type { Replacement } from '../../src/io/reloads.ts';
import type { SnapshotWriters } from '../../src/io/snapshot-writers.ts';
import { answerQuery } from '../explain/answer.ts';
import type { ExplainedWorld } from '../explain/explained-world.ts';
import { writeTraffic } from '../metrics.ts';
import { liveWorld } from './live-world.ts';
import type { PreparedClusters, RunningClusters } from './running-clusters.ts';
import type { PreparedPlan, Serving } from './serving.ts';
import type { WeightWatches } from './weight-watches.ts';

export interface SidecarParts<Load> {
  readonly config: Config;
  readonly log: Log;
  readonly clusters: RunningClusters<Load>;
  readonly serving: Serving<Load>;
  readonly consul: ConsulOnDemand;
  readonly weights: WeightWatches;
  readonly writers: SnapshotWriters;
  /** A process that has the same addresses, and may be registered under the same id, is to go. */
  readonly replaces: boolean | undefined;
}

/** How long a reload waits for the first answers and probes of the clusters that are new in it. */
const WARM_MS = 10_000;

export class SidecarWork<Load> implements HouseWork {
  readonly view: HouseWork['view'];
  readonly #parts: SidecarParts<Load>;
  /** The configuration in force. */
  #config: Config;
  #required: ReadonlySet<string>;
  #opening: Opening | undefined;
  #registration: Registration | undefined;

  constructor(parts: SidecarParts<Load>) {
    this.#parts = parts;
    this.#config = parts.config;
    this.#required = requiredClusters(parts.config);
    this.view = this.#view();
  }

  get left(): number {
    return this.#parts.serving.connections;
  }

  async open(opening: Opening): Promise<void> {
    const { config, serving, clusters, weights } = this.#parts;
    this.#opening = opening;
    await weights.follow(config, opening.stopping);
    weights.replace(config);
    serving.setWeights(weights.inForce);
    this.#tell(await serving.listen());
    opening.onBound();
    // A reload may bring others while these are waited for.
    while (clusters.views.some((view) => !view.started)) {
      await Promise.race([Promise.all(clusters.views.map((view) => view.whenStarted)), clusters.whenChanged]);
    }
  }

  takePlace(): Promise<void> {
    this.#parts.writers.takePlace();
    return Promise.resolve();
  }

  handOver(): Promise<void> {
    return this.#parts.writers.handOver();
  }

  /** Only once requests can be served: others find us by it. */
  onStarted(): void {
    const { config, consul, log, replaces: takesOver } = this.#parts;
    const statusAddress = parseHostPort(this.#opening?.addresses.get('status') ?? '');
    if (config.register === undefined || this.#opening?.leaving.aborted !== false) return;
    if (statusAddress === undefined) return;
    const where = { statusAddress, consul: consul.get(), takesOver };
    this.#registration = registerService({ config: config.register, log, ...where });
  }

  async prepare(config: Config, signal: AbortSignal): Promise<Replacement> {
    const { clusters, serving, weights } = this.#parts;
    const opened: { discard(): Promise<void> }[] = [];
    const discard = async (): Promise<void> => {
      for (const it of opened.toReversed()) await it.discard();
      weights.letGo();
    };
    try {
      await weights.follow(config, signal);
      const next = await clusters.prepare(config, WARM_MS, signal);
      opened.push(next);
      const plan = await serving.prepare({ config, clusters: next.clusters });
      opened.push(plan);
      return { apply: () => this.#apply(config, next, plan), discard };
    } catch (error) {
      await discard();
      throw error;
    }
  }

  async #apply(config: Config, next: PreparedClusters<Load>, plan: PreparedPlan): Promise<void> {
    const { serving, weights } = this.#parts;
    // All within one turn of the loop: no request sees a part of it.
    weights.replace(config);
    serving.setWeights(weights.inForce);
    next.apply();
    const applied = plan.apply();
    this.#config = config;
    this.#required = requiredClusters(config);
    this.#tell(plan.addresses);
    await applied;
  }

  async leave(): Promise<void> {
    await this.#registration?.announceLeave();
  }

  async gone(): Promise<void> {
    await this.#registration?.deregister();
  }

  releaseClients(): void {
    this.#parts.serving.releaseClients();
  }

  finish(): Promise<void> {
    return this.#parts.serving.drain();
  }

  async close(): Promise<void> {
    const { serving, clusters, consul, weights } = this.#parts;
    weights.close();
    // What is served is cut right now, before anything is waited for.
    const served = serving.close();
    await this.#registration?.close();
    await clusters.close();
    await consul.close();
    await served;
  }

  /** Where listeners are bound now; said of each address once. */
  #tell(bound: ReadonlyMap<string, string>): void {
    const { addresses } = this.#opening ?? {};
    for (const [listener, address] of bound) {
      if (addresses?.get(listener) === address) continue;
      this.#parts.log.info({ listener, address }, 'listener accepts connections');
    }
    this.#opening?.bound(bound);
  }

  #world(): ExplainedWorld {
    const { clusters, serving, weights } = this.#parts;
    const parts = { config: this.#config, views: clusters.views, serving, weights: weights.inForce };
    return liveWorld(parts, this.#opening?.addresses ?? new Map());
  }

  #view(): HouseWork['view'] {
    const { clusters, serving, weights } = this.#parts;
    const required = (): ReadonlySet<string> => this.#required;
    return {
      role: 'sidecar',
      outage: () => serving.outage(),
      clusters: () => clusters.views,
      get requiredClusters() {
        return required();
      },
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
      collectMetrics: (writer) => {
        writeTraffic(serving.traffic(), writer);
        weights.collect(writer);
      },
      explain: (query) => answerQuery(query, this.#world()),
      sections: () => ({ splits: weights.report() }),
    };
  }
}

function requiredClusters({ clusters }: Config): ReadonlySet<string> {
  const required = Object.entries(clusters).filter(([, cluster]) => cluster.required);
  return new Set(required.map(([name]) => name));
}
