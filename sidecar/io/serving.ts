/** What serves a sidecar's listeners, as its house sees it: the data path in this thread, or workers with one each. */
import type { ClusterView } from '../../src/cluster-view.ts';
import type { Config } from '../../src/config/root.ts';
import type { Endpoint } from '../../src/endpoint.ts';
import type { EndpointTraffic, Traffic } from '../metrics.ts';
import type { SplitWeights } from '../split-weights.ts';

/** The parts of a configuration that a data path needs; fit for a message between threads. */
export type DataPathConfig = Pick<Config, 'clusters' | 'drain' | 'listeners' | 'log' | 'trusted_proxies'>;

/** A cluster that runs, with where its work in flight is counted. */
export interface ServedCluster<Load> {
  /** Tells it from a cluster of the same name that another configuration had; never used twice. */
  readonly id: number;
  readonly view: ClusterView;
  readonly inFlight: Load;
}

/** A configuration with what runs for it: all that one generation of listeners needs. */
export interface ServingPlan<Load> {
  readonly config: DataPathConfig;
  /** One for each cluster of the configuration. */
  readonly clusters: readonly ServedCluster<Load>[];
}

/** A plan that can take the place of the present one at any moment: its new addresses are bound. */
export interface PreparedPlan {
  /** Of all listeners of the plan, by name. */
  readonly addresses: ReadonlyMap<string, string>;
  /**
   * Serves by this plan from here on; resolves when everything does and the addresses that the plan lacks are free. What
   * is connected to these drains. Never rejects.
   */
  apply(): Promise<void>;
  /** Closes what was opened for the plan. Never rejects. */
  discard(): Promise<void>;
}

export interface Serving<Load = unknown> {
  /** Binds every listener. Resolves to their addresses by name; rejects when one cannot be bound. */
  listen(): Promise<ReadonlyMap<string, string>>;
  /**
   * Makes another plan ready, one at a time and only after `listen`. Clusters and addresses that both plans have go on
   * undisturbed. Rejects, with nothing left open, where an address cannot be bound.
   */
  prepare(plan: ServingPlan<Load>): Promise<PreparedPlan>;
  /** Weights of splits that are in force from here on, also those of the plan that is prepared. */
  setWeights(weights: SplitWeights): void;
  /** Open client connections. */
  readonly connections: number;
  /** Ends each HTTP connection with its next answer, and goes on accepting others. */
  releaseClients(): void;
  /** Accepts who waits for it and nobody else, lets requests finish; resolves when no connection is left. */
  drain(): Promise<void>;
  /** Cuts everything at once; resolves when all is closed. Never rejects. */
  close(): Promise<void>;
  traffic(): Traffic;
  /** Undefined for a cluster that is not served. */
  endpointTraffic(cluster: string, endpoint: Endpoint): Omit<EndpointTraffic, 'endpoint'> | undefined;
  /** Why nobody is served though the listeners were bound; undefined while somebody is. */
  outage(): string | undefined;
}
