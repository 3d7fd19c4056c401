/** One plan as the control thread holds it for its workers: the tables they share, the ports they got, the snapshots. */
import { parseHostPort } from '../../src/address.ts';
import type { ListenerConfig } from '../../src/config/listener.ts';
import { describeSnapshot } from '../../src/remote-snapshot.ts';
import type { Snapshot } from '../../src/snapshot.ts';
import { listenerKey } from '../listener-key.ts';
import { connectionTable } from '../process-connection-limit.ts';
import type { ServedCluster, ServingPlan } from './serving.ts';
import type { WorkerPlan } from './worker-messages.ts';

/** Open connections of a listener (process-connection-limit.ts), under the name that it has. */
export interface ConnectionTable {
  readonly name: string;
  readonly table: Int32Array;
}

export interface WorkerGenerationOptions {
  readonly plan: ServingPlan<Int32Array>;
  readonly former: WorkerGeneration | undefined;
  readonly workers: number;
  /** Called with each change of a cluster, from the moment on that this is made. Must not throw. */
  readonly onSnapshot: (cluster: ServedCluster<Int32Array>, snapshot: Snapshot, previous: Snapshot) => void;
}

export class WorkerGeneration {
  readonly plan: ServingPlan<Int32Array>;
  /** By listener key. */
  readonly tables: ReadonlyMap<string, ConnectionTable>;
  /** Listeners and clusters that the former one does not have. */
  readonly newListeners: readonly ListenerConfig[];
  readonly newClusters: readonly ServedCluster<Int32Array>[];
  readonly #ports: Map<string, number>;
  readonly #knownIds: ReadonlySet<number>;
  /** By cluster. */
  readonly #subscriptions = new Map<number, () => void>();

  constructor({ plan, former, workers, onSnapshot }: WorkerGenerationOptions) {
    this.plan = plan;
    const { listeners } = plan.config;
    this.newListeners = listeners.filter((it) => former?.tables.has(listenerKey(it)) !== true);
    this.#knownIds = new Set(former?.plan.clusters.map(({ id }) => id));
    this.newClusters = plan.clusters.filter(({ id }) => !this.#knownIds.has(id));
    this.tables = new Map(
      listeners.map((it) => {
        const key = listenerKey(it);
        return [key, { name: it.name, table: former?.tables.get(key)?.table ?? connectionTable(workers) }];
      }),
    );
    this.#ports = new Map(former?.portsOf(listeners));
    for (const cluster of this.newClusters) {
      const onChange = (snapshot: Snapshot, previous: Snapshot): void => onSnapshot(cluster, snapshot, previous);
      this.#subscriptions.set(cluster.id, cluster.view.onChange(onChange));
    }
  }

  /** What is told to a worker, with the snapshots that it does not have: all, where it has no plan yet. */
  forWorker(row: number, present: WorkerGeneration | undefined): WorkerPlan {
    const { config, clusters } = this.plan;
    // A unix socket cannot be shared: the first worker alone has it.
    const listeners = config.listeners.filter((it) => row === 0 || !('path' in it.listen));
    return {
      config: { ...config, listeners },
      clusters: clusters.map(({ id, view, inFlight }) => {
        const isKnown = present !== undefined && this.#knownIds.has(id);
        const snapshot = isKnown ? undefined : describeSnapshot(view.snapshot, undefined);
        return { id, name: view.name, inFlight, snapshot };
      }),
      connections: new Map([...this.tables].map(([key, { table }]) => [key, table])),
      // The one in the first seat asked for port 0, and whoever follows it there has to get the same.
      ports: this.#ports,
    };
  }

  /** What was port 0 is from here on the port that the first worker got; by listener name. */
  notePorts(addresses: ReadonlyMap<string, string>): void {
    for (const { name, listen } of this.plan.config.listeners) {
      const bound = parseHostPort(addresses.get(name) ?? '');
      if (!('path' in listen) && listen.port === 0 && bound !== undefined) {
        this.#ports.set(listenerKey({ name, listen }), bound.port);
      }
    }
  }

  portsOf(listeners: readonly ListenerConfig[]): readonly (readonly [string, number])[] {
    const keys = new Set(listeners.map(listenerKey));
    return [...this.#ports].filter(([key]) => keys.has(key));
  }

  /** Gives the subscriptions of clusters that both have to `next` and ends the others. */
  handOver(next: WorkerGeneration): void {
    const ids = new Set(next.plan.clusters.map(({ id }) => id));
    for (const [id, unsubscribe] of this.#subscriptions) {
      if (ids.has(id)) next.#subscriptions.set(id, unsubscribe);
      else unsubscribe();
    }
    this.#subscriptions.clear();
  }

  /** Tells of no change any more. */
  close(): void {
    for (const unsubscribe of this.#subscriptions.values()) unsubscribe();
    this.#subscriptions.clear();
  }
}
