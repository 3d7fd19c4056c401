/** What a worker was told of clusters and listeners, as its data path takes it: for the present plan and the next. */
import type { ListenerConfig } from '../../src/config/listener.ts';
import type { SnapshotUpdate } from '../../src/remote-snapshot.ts';
import { SharedInFlight } from '../in-flight.ts';
import { listenerKey } from '../listener-key.ts';
import { ProcessConnectionLimit } from '../process-connection-limit.ts';
import type { DataPathCluster, DataPathPlan } from './generation.ts';
import { RemoteCluster } from './remote-cluster.ts';
import type { WorkerCluster, WorkerPlan, WorkerStart } from './worker-messages.ts';

interface OpenCluster extends DataPathCluster {
  readonly view: RemoteCluster;
}

export class WorkerPlans {
  readonly #row: number;
  readonly #hashSeed: number;
  #present: WorkerPlan;
  #next: WorkerPlan | undefined;
  /** By id: those of the present plan, and those that only the next one has. */
  #clusters: ReadonlyMap<number, OpenCluster> = new Map();

  constructor({ row, hashSeed, plan }: WorkerStart) {
    this.#row = row;
    this.#hashSeed = hashSeed;
    this.#present = plan;
  }

  /** Opens what a plan needs beside the present one. Changes of its new clusters are taken from here on. */
  take(plan: WorkerPlan): DataPathPlan {
    this.#next = plan;
    const clusters = plan.clusters.map((it) => this.#clusters.get(it.id) ?? this.#open(it, plan));
    this.#clusters = new Map([...this.#clusters, ...byId(clusters)]);
    return { config: plan.config, clusters };
  }

  update(id: number, update: SnapshotUpdate): void {
    this.#clusters.get(id)?.view.take(update);
  }

  /** The plan that was taken last is the present one from here on. */
  apply(): void {
    const plan = this.#next;
    if (plan === undefined) return;
    this.#present = plan;
    this.#next = undefined;
    this.#keepOnly(plan);
    for (const { view } of this.#clusters.values()) {
      const balance = plan.config.clusters[view.name]?.balance;
      if (balance !== undefined) view.replaceBalance(balance);
    }
  }

  /** The plan that was taken last is not to be. */
  drop(): void {
    this.#next = undefined;
    this.#keepOnly(this.#present);
  }

  /** How many connections a listener of the plan that was taken last may have, together with the other workers. */
  limitOf(listener: ListenerConfig): ProcessConnectionLimit {
    const key = listenerKey(listener);
    const table = (this.#next ?? this.#present).connections.get(key);
    if (table === undefined) throw new Error(`listener ${listener.name} was not given to the worker`);
    return new ProcessConnectionLimit({ limits: listener.limits, table, row: this.#row, seed: this.#hashSeed });
  }

  #open({ id, name, snapshot, inFlight: table }: WorkerCluster, { config }: WorkerPlan): OpenCluster {
    const balance = config.clusters[name]?.balance;
    if (balance === undefined || snapshot === undefined) throw new Error(`cluster ${name} was not given to the worker`);
    const inFlight = new SharedInFlight(table, this.#row);
    return { id, inFlight, view: new RemoteCluster({ name, balance, first: snapshot, inFlight }) };
  }

  #keepOnly(plan: WorkerPlan): void {
    const ids = new Set(plan.clusters.map(({ id }) => id));
    this.#clusters = new Map([...this.#clusters].filter(([id]) => ids.has(id)));
  }
}

function byId(clusters: readonly OpenCluster[]): ReadonlyMap<number, OpenCluster> {
  return new Map(clusters.map((cluster) => [cluster.id, cluster]));
}
