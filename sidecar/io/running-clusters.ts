/** The clusters of a configuration at work, and the change from one configuration's to the next's. */
import { policyFor } from '../../src/balance/policies.ts';
import type { ClusterConfig } from '../../src/config/cluster.ts';
import type { Config } from '../../src/config/root.ts';
import { listedEndpoint } from '../../src/endpoint-list.ts';
import { pause, realClock } from '../../src/io/clock.ts';
import { type ClusterRunnerOptions, type RunningCluster, startCluster } from '../../src/io/cluster-runner.ts';
import type { ConsulOnDemand } from '../../src/io/consul-on-demand.ts';
import { missingForStart } from '../../src/readiness.ts';
import { sameValue } from '../../src/same-value.ts';
import { UP } from '../../src/snapshot.ts';
import type { InFlightView } from '../in-flight.ts';
import { ownListeners } from '../own-listeners.ts';
import type { ServedCluster } from './serving.ts';

/** Where a cluster counts its work in flight. */
export interface LoadKind<Load> {
  readonly open: () => Load;
  readonly view: (load: Load) => InFlightView;
}

export interface RunningClustersOptions<Load>
  extends Pick<ClusterRunnerOptions, 'snapshotDir' | 'writers' | 'baseDir' | 'log' | 'commands'> {
  readonly consul: ConsulOnDemand;
  readonly load: LoadKind<Load>;
}

export interface SidecarCluster<Load> extends ServedCluster<Load> {
  readonly view: RunningCluster;
  readonly config: ClusterConfig;
}

/** The clusters of another configuration: those that it has as they are now run on, the others have been started. */
export interface PreparedClusters<Load> {
  readonly clusters: readonly SidecarCluster<Load>[];
  /** Takes the place of the present ones, within this call; what is not needed any more ends. */
  apply(): void;
  discard(): Promise<void>;
}

type ClustersConfig = Pick<Config, 'clusters' | 'listeners'>;

export class RunningClusters<Load> {
  readonly #options: RunningClustersOptions<Load>;
  #all: readonly SidecarCluster<Load>[];
  #refuse: (host: string, port: number) => string | undefined;
  #lastId = 0;
  #closing: Promise<unknown>[] = [];
  #changed = Promise.withResolvers<void>();

  /** Static endpoints are there when this returns. Throws where Consul is needed and cannot be asked. */
  constructor(config: ClustersConfig, options: RunningClustersOptions<Load>) {
    this.#options = options;
    this.#refuse = refusalOf(config);
    this.#all = Object.entries(config.clusters).map(([name, it]) => this.#start(name, it));
  }

  /** In the order of the configuration. */
  get all(): readonly SidecarCluster<Load>[] {
    return this.#all;
  }

  get views(): readonly RunningCluster[] {
    return this.#all.map(({ view }) => view);
  }

  /** Resolves with the next change of configuration. */
  get whenChanged(): Promise<void> {
    return this.#changed.promise;
  }

  /**
   * Starts what `config` has and the present configuration has not, and waits until each knows its endpoints. Rejects,
   * with nothing left running, where one does not within `withinMs`, or when `signal` aborts.
   */
  async prepare(config: ClustersConfig, withinMs: number, signal: AbortSignal): Promise<PreparedClusters<Load>> {
    const present = new Map(this.#all.map((cluster) => [cluster.view.name, cluster]));
    const swaps: (() => void)[] = [];
    const clusters: SidecarCluster<Load>[] = [];
    const fresh: SidecarCluster<Load>[] = [];
    const discard = async (): Promise<void> => {
      await Promise.all(fresh.map(({ view }) => view.close()));
    };
    try {
      for (const [name, next] of Object.entries(config.clusters)) {
        const former = present.get(name);
        const swap = former === undefined ? undefined : liveChange(former, next);
        if (former !== undefined && swap !== undefined) {
          swaps.push(swap);
          clusters.push({ ...former, config: next });
          continue;
        }
        const cluster = this.#start(name, next, former);
        if (former !== undefined) swaps.push(() => cluster.view.continueCounts(former.view.discovery));
        fresh.push(cluster);
        clusters.push(cluster);
      }
      await whenStarted(fresh, withinMs, signal);
    } catch (error) {
      await discard();
      throw error;
    }
    return { clusters, discard, apply: () => this.#apply(config, clusters, swaps) };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#closing, ...this.#all.map(({ view }) => view.close())]);
  }

  #apply(config: ClustersConfig, clusters: readonly SidecarCluster<Load>[], swaps: readonly (() => void)[]): void {
    for (const swap of swaps) swap();
    const ids = new Set(clusters.map(({ id }) => id));
    const gone = this.#all.filter(({ id }) => !ids.has(id));
    this.#all = clusters;
    this.#refuse = refusalOf(config);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
    for (const { view } of gone) {
      const closed = view.close().finally(() => {
        this.#closing = this.#closing.filter((it) => it !== closed);
      });
      this.#closing.push(closed);
    }
  }

  #start(name: string, config: ClusterConfig, former?: SidecarCluster<Load>): SidecarCluster<Load> {
    const { load, consul, ...options } = this.#options;
    const inFlight = load.open();
    const counted = load.view(inFlight);
    this.#lastId += 1;
    const view = startCluster({
      ...options,
      name,
      consul: config.discover.consul === undefined ? undefined : consul.get(),
      discover: config.discover,
      probe: probeOf(config),
      policy: policyFor(config.balance),
      loadOf: ({ slot }) => counted.of(slot),
      totalLoad: () => counted.total(),
      refuse: (host, port) => this.#refuse(host, port),
      // Asked for in the same way, so what is known of them holds here too.
      known:
        former !== undefined && sameValue(former.config.discover, config.discover)
          ? former.view.snapshot.endpoints
          : undefined,
    });
    return { id: this.#lastId, view, inFlight, config };
  }
}

/** What a running cluster has to do to be as `next` wants it; undefined where it takes another one. */
function liveChange({ view, config }: SidecarCluster<unknown>, next: ClusterConfig): (() => void) | undefined {
  if (!sameValue(probeOf(config), probeOf(next)) || config.send_proxy_protocol !== next.send_proxy_protocol)
    return undefined;
  const sameSource = sameValue(config.discover, next.discover);
  if (!sameSource && !keepsSomeoneUp(view, next)) return undefined;
  return () => {
    if (!sameSource) view.replaceList(next.discover.static ?? []);
    if (!sameValue(config.balance, next.balance)) view.replacePolicy(policyFor(next.balance));
  };
}

/** A list that changes is one more answer, as long as there is somebody to send requests to until the rest is probed. */
function keepsSomeoneUp({ snapshot, discovery }: RunningCluster, { discover }: ClusterConfig): boolean {
  if (discovery.source !== 'static' || discover.static === undefined) return false;
  const listed = new Set(discover.static.map(listedEndpoint).map(({ id, host, port }) => `${id} ${host} ${port}`));
  return snapshot.endpoints.some(
    ({ id, host, port, slot }) => snapshot.statuses[slot] === UP && listed.has(`${id} ${host} ${port}`),
  );
}

function probeOf(config: ClusterConfig): ClusterRunnerOptions['probe'] {
  return config.health_check && { ...config.health_check, proxyProtocol: config.send_proxy_protocol };
}

function refusalOf({ listeners }: ClustersConfig): (host: string, port: number) => string | undefined {
  return ownListeners(listeners.map((listener) => listener.listen));
}

async function whenStarted(
  clusters: readonly SidecarCluster<unknown>[],
  withinMs: number,
  signal: AbortSignal,
): Promise<void> {
  const views = clusters.map(({ view }) => view);
  const started = new AbortController();
  void Promise.all(views.map((view) => view.whenStarted)).then(() => started.abort());
  if (views.some((view) => !view.started)) await pause(realClock, withinMs, AbortSignal.any([signal, started.signal]));
  signal.throwIfAborted();
  const waiting = views.filter((view) => !view.started);
  if (waiting.length > 0) throw new Error(missingForStart(waiting).join('; '));
}
