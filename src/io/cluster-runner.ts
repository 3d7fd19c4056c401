/** Runs one cluster: discovery → intake → Cluster → subscribers, with a probe loop per endpoint. */
import type { Policy } from '../balance/policy.ts';
import { Cluster } from '../cluster.ts';
import type { ClusterView, DiscoveryStatus, ProbeView } from '../cluster-view.ts';
import type { DiscoverConfig } from '../config/discover.ts';
import type { DiscoveryUpdate } from '../discovery.ts';
import { DiscoveryIntake } from '../discovery-intake.ts';
import type { DiscoveredEndpoint, Endpoint, EndpointId } from '../endpoint.ts';
import { listedEndpoint } from '../endpoint-list.ts';
import type { ProbeState } from '../health.ts';
import type { Snapshot } from '../snapshot.ts';
import { StatusTimes } from '../status-times.ts';
import { type Clock, realClock } from './clock.ts';
import { ClusterLog } from './cluster-log.ts';
import type { ConsulClient } from './consul-client.ts';
import {
  describeSource,
  type EndpointSource,
  endpointSource,
  type RunningSource,
  startSource,
} from './endpoint-source.ts';
import type { Log } from './log.ts';
import type { ProbePlan } from './probe.ts';
import { ProbeCommands } from './probe-commands.ts';
import { ProbeRoster } from './probe-roster.ts';
import { SavedEndpoints } from './saved-endpoints.ts';
import type { SnapshotWriters } from './snapshot-writers.ts';

export interface ClusterRunnerOptions {
  readonly name: string;
  /** A `discover` of the configuration, or a source made by hand. */
  readonly discover: DiscoverConfig | EndpointSource;
  /** Undefined: discovery's word is all there is. */
  readonly probe: ProbePlan | undefined;
  /** Its options included. */
  readonly policy: Policy;
  readonly loadOf: (endpoint: Endpoint) => number;
  /** Of the whole cluster; default: the sum over its endpoints. */
  readonly totalLoad?: () => number;
  /** Needed where `discover` names Consul; one per process, shared by all clusters. */
  readonly consul: ConsulClient | undefined;
  /** Runs the commands of `exec` probes; one per process, shared by all clusters. Default: one of its own. */
  readonly commands?: ProbeCommands | undefined;
  /** Where the last good set of a Consul or DNS source is kept; undefined keeps none. */
  readonly snapshotDir: string | undefined;
  /** Who writes there; one per process, shared by all clusters. Default: nobody else. */
  readonly writers?: SnapshotWriters | undefined;
  /** Folder that relative `file:` paths are relative to. */
  readonly baseDir: string;
  readonly log: Log;
  /** Endpoints that are known before the first answer, from a cluster that this one follows. */
  readonly known?: readonly DiscoveredEndpoint[] | undefined;
  /** Why this process must not connect there (its own listener); undefined where it may. Default: it may. */
  readonly refuse?: (host: string, port: number) => string | undefined;
  readonly random?: () => number;
  readonly clock?: Clock;
}

/** `started` also waits for the first probe of each endpoint, so that a start never looks like an outage. */
export interface RunningCluster extends ClusterView, ProbeView {
  /** Resolves when `started` becomes true; never rejects, and stays open where that never happens. */
  readonly whenStarted: Promise<void>;
  /** Takes another list in place of the present one, as an answer; only where the source is static. */
  replaceList(list: NonNullable<DiscoverConfig['static']>): void;
  /** Chooses by another policy from here on; a snapshot tells of it, within this call. */
  replacePolicy(policy: Policy): void;
  /** Adds the updates that the cluster which this one follows had counted: they are one series. */
  continueCounts(former: DiscoveryStatus): void;
  /** Ends discovery and probes and writes what is still to be saved. The last snapshot stays readable. */
  close(): Promise<void>;
}

/** Static endpoints are in the snapshot when this returns; the others follow. Throws when a Consul client is missing. */
export function startCluster(options: ClusterRunnerOptions): RunningCluster {
  const runner = new ClusterRunner(options);
  runner.start();
  return runner;
}

/** Sources whose answers a start may have to do without. */
const KEPT: ReadonlySet<EndpointSource['kind']> = new Set(['consul', 'dns']);

type SnapshotListener = (snapshot: Snapshot, previous: Snapshot) => void;
type ProbeListener = (id: EndpointId) => void;

class ClusterRunner implements RunningCluster {
  readonly name: string;
  readonly whenStarted: Promise<void>;
  readonly #consul: ConsulClient | undefined;
  readonly #commands: ProbeCommands;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #log: ClusterLog;
  readonly #origin: EndpointSource;
  readonly #known: readonly DiscoveredEndpoint[];
  readonly #intake: DiscoveryIntake;
  readonly #cluster: Cluster;
  readonly #probes: ProbeRoster | undefined;
  readonly #saved: SavedEndpoints | undefined;
  readonly #listeners = new Set<SnapshotListener>();
  readonly #probeListeners = new Set<ProbeListener>();
  readonly #statusTimes = new StatusTimes();
  readonly #markStarted: () => void;
  #source: RunningSource | undefined;
  #started = false;
  #hasReadSaved = false;
  #closed = false;
  #cancelRelease = (): void => {};

  constructor(options: ClusterRunnerOptions) {
    const { name, discover, probe, policy, loadOf, consul, snapshotDir, writers, log } = options;
    const { refuse = () => undefined, random = Math.random, clock = realClock, totalLoad } = options;
    this.name = name;
    this.#consul = consul;
    this.#commands = options.commands ?? new ProbeCommands();
    this.#clock = clock;
    this.#random = random;
    this.#log = new ClusterLog(log, name);
    this.#known = options.known ?? [];
    this.#origin = 'kind' in discover ? discover : endpointSource(discover, options);
    const now = (): number => clock.now();
    this.#cluster = new Cluster({ policy, probe, random, loadOf, now, ...(totalLoad && { totalLoad }) });
    this.#intake = new DiscoveryIntake({
      source: this.#origin.kind,
      screen: { refuse, allowLinkLocal: this.#origin.kind === 'static' },
      isConfirmedGone: (id) => this.#cluster.probeState(id).status === 'down',
    });
    if (probe !== undefined) this.#probes = this.#openRoster(probe);
    if (snapshotDir !== undefined && KEPT.has(this.#origin.kind)) {
      const source = describeSource(this.#origin);
      this.#saved = new SavedEndpoints({ dir: snapshotDir, cluster: name, source, writers, clock, log });
    }
    this.#hasReadSaved = this.#saved === undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.whenStarted = promise;
    this.#markStarted = resolve;
  }

  get snapshot(): Snapshot {
    return this.#cluster.snapshot;
  }

  get started(): boolean {
    return this.#started;
  }

  get discovery(): DiscoveryStatus {
    return this.#intake.status({ index: this.#source?.index, nowMs: this.#clock.now() });
  }

  isDoubted(id: EndpointId): boolean {
    return this.#intake.isHeld(id);
  }

  get probesNotAsked(): number | undefined {
    return this.#probes?.notAskedCount;
  }

  secondsInStatus(id: EndpointId): number | undefined {
    const sinceMs = this.#statusTimes.sinceMs(id);
    return sinceMs === undefined ? undefined : (this.#clock.now() - sinceMs) / 1_000;
  }

  onChange(listener: SnapshotListener): () => void {
    // A wrapper of its own, so that one function may subscribe twice.
    const own: SnapshotListener = (snapshot, previous) => listener(snapshot, previous);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  probeState(id: EndpointId): ProbeState {
    return this.#cluster.probeState(id);
  }

  onProbe(listener: ProbeListener): () => void {
    const own: ProbeListener = (id) => listener(id);
    this.#probeListeners.add(own);
    return () => this.#probeListeners.delete(own);
  }

  replaceList(list: NonNullable<DiscoverConfig['static']>): void {
    if (this.#closed || this.#origin.kind !== 'static') return;
    this.#onUpdate({ kind: 'endpoints', endpoints: list.map(listedEndpoint) });
  }

  replacePolicy(policy: Policy): void {
    const previous = this.snapshot;
    this.#cluster.replacePolicy(policy);
    this.#notify(previous);
  }

  continueCounts(former: DiscoveryStatus): void {
    this.#intake.addUpdates(former.updates);
  }

  start(): void {
    if (this.#intake.restore(this.#known, this.#clock.now())) this.#take(this.#intake.endpoints);
    this.#source = startSource(this.#origin, {
      consul: this.#consul,
      clock: this.#clock,
      random: this.#random,
      present: () => this.#intake.live,
      onUpdate: (update) => this.#onUpdate(update),
    });
    void this.#restoreSaved();
    this.#startIfReady();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#source?.close();
    this.#cancelRelease();
    this.#probes?.close();
    this.#listeners.clear();
    this.#probeListeners.clear();
    await this.#saved?.close();
  }

  #openRoster(config: ProbePlan): ProbeRoster {
    return new ProbeRoster({
      config,
      commands: this.#commands.share(),
      clock: this.#clock,
      random: this.#random,
      onResult: (endpoint, result) => {
        if (result.kind === 'up') this.#observe(endpoint, undefined);
        else if (result.kind === 'down') this.#observe(endpoint, result.reason);
        this.#startIfReady();
      },
      onTooMany: (tooMany) => this.#log.tooManyProbes(tooMany),
    });
  }

  async #restoreSaved(): Promise<void> {
    const saved = await this.#saved?.load();
    this.#hasReadSaved = true;
    // Where an answer with endpoints came in the meantime it is newer.
    if (saved !== undefined && !this.#closed && this.#intake.restore(saved, this.#clock.now())) {
      this.#log.startsFromSaved(this.#intake.endpoints.length);
      this.#take(this.#intake.endpoints);
    }
    this.#startIfReady();
  }

  #onUpdate(update: DiscoveryUpdate): void {
    const failedBefore = this.#intake.error !== undefined;
    if (update.kind === 'failed') {
      // Once per outage: the retries that follow have nothing new to say.
      if (!failedBefore) this.#log.discoveryFails(update.error.message, this.snapshot.endpoints.length);
      this.#intake.fail(update.error.message);
      return;
    }
    if (failedBefore) this.#log.discoveryWorks();
    const absentBefore = this.#intake.isAbsent;
    if (update.kind === 'absent') this.#intake.absent(this.#clock.now());
    else this.#onEndpoints(update.endpoints, update.skipped ?? []);
    if (this.#intake.isAbsent && !absentBefore) this.#log.absent();
    this.#startIfReady();
  }

  #onEndpoints(discovered: readonly DiscoveredEndpoint[], unusable: readonly string[]): void {
    const { result, newlySkipped } = this.#intake.answer(discovered, unusable, this.#clock.now());
    if (newlySkipped.length > 0) this.#log.skipped(newlySkipped);
    if (result === 'held') this.#log.held(this.#intake.held);
    this.#take(this.#intake.endpoints);
    if (result !== 'unchanged') this.#saved?.save(this.#intake.endpoints);
  }

  /** Drops held endpoints whose time is over or whose probes confirm that they are gone. */
  #release(): void {
    if (!this.#intake.release(this.#clock.now())) {
      this.#awaitRelease();
      return;
    }
    this.#take(this.#intake.endpoints);
    this.#saved?.save(this.#intake.endpoints);
  }

  /** Gives the cluster a whole new set, and everyone else what follows from it. */
  #take(endpoints: readonly DiscoveredEndpoint[]): void {
    const previous = this.snapshot;
    if (this.#cluster.replaceEndpoints(endpoints)) {
      this.#log.endpointsChanged(previous.endpoints, this.snapshot.endpoints);
      this.#probes?.replace(this.snapshot.endpoints);
      this.#notify(previous);
    }
    this.#awaitRelease();
  }

  #awaitRelease(): void {
    this.#cancelRelease();
    const releaseMs = this.#intake.nextReleaseMs;
    if (releaseMs === undefined || this.#closed) return;
    this.#cancelRelease = this.#clock.after(Math.max(1, releaseMs - this.#clock.now()), () => this.#release());
  }

  #observe(endpoint: Endpoint, failure: string | undefined): void {
    const previous = this.snapshot;
    const before = this.#cluster.probeState(endpoint.id);
    const published = this.#cluster.observe(endpoint.id, failure);
    const after = this.#cluster.probeState(endpoint.id);
    if (after.status !== before.status) this.#log.probesSay(endpoint, failure);
    if (published) this.#notify(previous);
    if (!sameProbeState(before, after)) this.#call(this.#probeListeners, (listener) => listener(endpoint.id));
    if (after.status === 'down') this.#release();
  }

  /** Started: a set is there, and where the cluster is probed each endpoint has had its first probe. */
  #startIfReady(): void {
    if (this.#started || this.#closed || !this.#intake.hasSet) return;
    // Nobody is an answer that a saved set may yet put in doubt.
    if (this.#intake.isAbsent && !this.#hasReadSaved) return;
    if (this.#probes !== undefined && !this.#probes.allProbedOnce) return;
    this.#started = true;
    this.#markStarted();
  }

  #notify(previous: Snapshot): void {
    const { snapshot } = this;
    this.#statusTimes.take(snapshot, this.#clock.now());
    this.#call(this.#listeners, (listener) => listener(snapshot, previous));
  }

  #call<T>(listeners: ReadonlySet<T>, call: (listener: T) => void): void {
    for (const listener of listeners) {
      try {
        call(listener);
      } catch (error) {
        // The contract forbids it; one bad listener must not take discovery down with it.
        this.#log.listenerFailed(error);
      }
    }
  }
}

function sameProbeState(a: ProbeState, b: ProbeState): boolean {
  return a.status === b.status && a.against === b.against && a.reason === b.reason;
}
