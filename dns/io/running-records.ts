/** The balanced records of a configuration at work, and the change from one configuration's to the next's. */
import { pause, realClock } from '../../src/io/clock.ts';
import type { RunningCluster } from '../../src/io/cluster-runner.ts';
import { sameValue } from '../../src/same-value.ts';
import type { BalancedRecord } from '../balanced-record.ts';
import type { BalancedPlace } from '../zone-config.ts';
import { followPools, type PoolsOptions, type RunningRecord, startPool } from './pools.ts';

/** The records of another configuration: those that it has as they are now run on, the others have been started. */
export interface PreparedRecords {
  /** Takes the place of the present ones, within this call; what is not needed any more ends. */
  apply(): void;
  discard(): Promise<void>;
}

/** How many names a message lists. */
const NAMES = 10;

export class RunningRecords {
  readonly #options: PoolsOptions;
  #all: readonly RunningRecord[];
  /** Made when it is first asked for. */
  #owners: ReadonlyMap<string, BalancedRecord> | undefined;
  #closing: Promise<unknown>[] = [];

  /** Each has an answer when this returns. Throws where Consul is needed and cannot be asked. */
  constructor(places: readonly BalancedPlace[], options: PoolsOptions) {
    this.#options = options;
    this.#all = places.map((place) => {
      const clusters = place.config.pools.map((pool) => startPool(place, pool, options));
      return followPools(place, clusters, options);
    });
  }

  get all(): readonly RunningRecord[] {
    return this.#all;
  }

  get clusters(): readonly RunningCluster[] {
    return this.#all.flatMap(({ clusters }) => clusters);
  }

  /** The record that has the cluster of this name for a pool. */
  recordOf(cluster: string): BalancedRecord | undefined {
    this.#owners ??= new Map(this.#all.flatMap(({ record, clusters }) => clusters.map(({ name }) => [name, record])));
    return this.#owners.get(cluster);
  }

  /**
   * Starts what is new and waits until each new record is sure of its answer. Rejects, with nothing left running, where
   * one is not within `withinMs`, or when `signal` aborts.
   */
  async prepare(places: readonly BalancedPlace[], withinMs: number, signal: AbortSignal): Promise<PreparedRecords> {
    const present = new Map(this.#all.map((running) => [running.record.node.name, running]));
    const fresh: RunningRecord[] = [];
    const started: RunningCluster[] = [];
    const swaps: (() => void)[] = [];
    const next: RunningRecord[] = [];
    const discard = async (): Promise<void> => {
      for (const running of fresh) running.close();
      await Promise.all(started.map((cluster) => cluster.close()));
    };
    try {
      for (const place of places) {
        const former = present.get(place.node.name);
        if (former !== undefined && sameValue(former.config, place.config)) {
          swaps.push(() => former.record.moveTo(place.node));
          next.push(former);
          continue;
        }
        const clusters = this.#poolsOf(place, former, (cluster) => started.push(cluster));
        const running = followPools(place, clusters, this.#options);
        if (former !== undefined) swaps.push(() => continueFrom(running, former));
        fresh.push(running);
        next.push(running);
      }
      await whenSure(fresh, withinMs, signal);
    } catch (error) {
      await discard();
      throw error;
    }
    return { apply: () => this.#apply(next, swaps), discard };
  }

  async close(): Promise<void> {
    for (const running of this.#all) running.close();
    await Promise.all([...this.#closing, ...this.clusters.map((cluster) => cluster.close())]);
  }

  /** Clusters of pools whose members and probes are as they were run on under the new record. */
  #poolsOf(
    place: BalancedPlace,
    former: RunningRecord | undefined,
    onStart: (cluster: RunningCluster) => void,
  ): readonly RunningCluster[] {
    const isSameProbe = sameValue(former?.config.probe, place.config.probe);
    return place.config.pools.map((pool) => {
      const alike = (former?.config.pools ?? []).flatMap(({ name, members }, place) =>
        sameValue(members, pool.members) ? [{ name, cluster: former?.clusters[place] }] : [],
      );
      const own = alike.find(({ name }) => name === pool.name);
      if (own?.cluster !== undefined && isSameProbe) return own.cluster;
      const cluster = startPool(place, pool, this.#options, (own ?? alike[0])?.cluster);
      onStart(cluster);
      return cluster;
    });
  }

  #apply(next: readonly RunningRecord[], swaps: readonly (() => void)[]): void {
    for (const swap of swaps) swap();
    const former = { records: this.#all, clusters: this.clusters };
    this.#all = next;
    this.#owners = undefined;
    for (const running of former.records) if (!next.includes(running)) running.close();
    const kept = new Set(this.clusters);
    for (const cluster of former.clusters) if (!kept.has(cluster)) this.#end(cluster);
  }

  #end(cluster: RunningCluster): void {
    const closed = cluster.close().finally(() => {
      this.#closing = this.#closing.filter((it) => it !== closed);
    });
    this.#closing.push(closed);
  }
}

/** What was counted of a name, and of the pools that it still has, goes on. */
function continueFrom(running: RunningRecord, former: RunningRecord): void {
  running.follow(former.record);
  for (const cluster of running.clusters) {
    const before = former.clusters.find(({ name }) => name === cluster.name);
    if (before !== undefined && before !== cluster) cluster.continueCounts(before.discovery);
  }
}

async function whenSure(fresh: readonly RunningRecord[], withinMs: number, signal: AbortSignal): Promise<void> {
  const sure = new AbortController();
  void Promise.all(fresh.map((running) => running.whenSure)).then(() => sure.abort());
  if (fresh.some(({ record }) => !record.sure)) {
    await pause(realClock, withinMs, AbortSignal.any([signal, sure.signal]));
  }
  signal.throwIfAborted();
  const names = fresh.filter(({ record }) => !record.sure).map(({ record }) => record.node.name);
  if (names.length > 0) {
    throw new Error(`${names.length} names have had no first verdict: ${names.slice(0, NAMES).join(', ')}`);
  }
}
