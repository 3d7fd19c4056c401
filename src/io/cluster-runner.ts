/** Runs one cluster: discovery → screen → hold → Cluster → subscribers, with a probe loop per endpoint. */
import type { Policy } from '../balance/policy.ts';
import { Cluster } from '../cluster.ts';
import type { ClusterView, DiscoveryStatus, ProbeView } from '../cluster-view.ts';
import type { DiscoverConfig } from '../config/discover.ts';
import type { ProbeConfig } from '../config/probe.ts';
import {
  describeHeld,
  endpointsOf,
  type HoldState,
  holdUpdate,
  NOTHING_HELD,
  nextReleaseMs,
  releaseHeld,
} from '../consul/hold.ts';
import type { DiscoveryUpdate } from '../discovery.ts';
import { discoveryStatus, NO_ANSWER_YET, recordAnswer, recordFailure } from '../discovery-record.ts';
import { type DiscoveredEndpoint, diffEndpoints, type Endpoint, type EndpointId } from '../endpoint.ts';
import type { ProbeState } from '../health.ts';
import { type ScreenOptions, screenEndpoints } from '../screen.ts';
import type { Snapshot } from '../snapshot.ts';
import { type Clock, realClock } from './clock.ts';
import type { ConsulClient } from './consul-client.ts';
import {
  describeSource,
  type EndpointSource,
  endpointSource,
  type RunningSource,
  startSource,
} from './endpoint-source.ts';
import type { Log } from './log.ts';
import { ProbeRoster } from './probe-roster.ts';
import { SavedEndpoints } from './saved-endpoints.ts';

export interface ClusterRunnerOptions {
  readonly name: string;
  /** A `discover` of the configuration, or a source made by hand. */
  readonly discover: DiscoverConfig | EndpointSource;
  /** Undefined: discovery's word is all there is. */
  readonly probe: ProbeConfig | undefined;
  readonly policy: Policy;
  readonly loadOf: (endpoint: Endpoint) => number;
  /** Needed where `discover` names Consul; one per process, shared by all clusters. */
  readonly consul: ConsulClient | undefined;
  /** Where the last good set of a Consul source is kept; undefined keeps none. */
  readonly snapshotDir: string | undefined;
  /** Folder that relative `file:` paths are relative to. */
  readonly baseDir: string;
  readonly log: Log;
  /** Why this process must not connect there (its own listener); undefined where it may. Default: it may. */
  readonly refuse?: (host: string, port: number) => string | undefined;
  readonly random?: () => number;
  readonly clock?: Clock;
}

export interface RunningCluster extends ClusterView, ProbeView {
  /** Resolves when `started` becomes true; never rejects, and stays open where that never happens. */
  readonly whenStarted: Promise<void>;
  /** Ends discovery and probes and writes what is still to be saved. The last snapshot stays readable. */
  close(): Promise<void>;
}

/** Static endpoints are in the snapshot when this returns; the others follow. Throws when a Consul client is missing. */
export function startCluster(options: ClusterRunnerOptions): RunningCluster {
  const runner = new ClusterRunner(options);
  runner.start();
  return runner;
}

type Listener = (snapshot: Snapshot, previous: Snapshot) => void;

/** How many ids one log line names. */
const IDS_PER_LINE = 10;

class ClusterRunner implements RunningCluster {
  readonly name: string;
  readonly whenStarted: Promise<void>;
  readonly #options: ClusterRunnerOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #log: Log;
  readonly #origin: EndpointSource;
  readonly #screen: ScreenOptions;
  readonly #cluster: Cluster;
  readonly #probes: ProbeRoster | undefined;
  readonly #saved: SavedEndpoints | undefined;
  readonly #listeners = new Set<Listener>();
  readonly #probeListeners = new Set<(id: EndpointId) => void>();
  readonly #markStarted: () => void;
  #source: RunningSource | undefined;
  #hold: HoldState = NOTHING_HELD;
  #record = NO_ANSWER_YET;
  #hadEndpoints = false;
  #hasSet = false;
  #started = false;
  #closed = false;
  #cancelRelease = (): void => {};

  constructor(options: ClusterRunnerOptions) {
    const { name, discover, probe, policy, loadOf, random = Math.random, clock = realClock, log } = options;
    this.name = name;
    this.#options = options;
    this.#clock = clock;
    this.#random = random;
    this.#log = log;
    this.#origin = 'kind' in discover ? discover : endpointSource(discover, options);
    this.#screen = { refuse: options.refuse ?? (() => undefined), allowLinkLocal: this.#origin.kind === 'static' };
    this.#cluster = new Cluster({ policy, probe, random, loadOf });
    if (probe !== undefined) {
      this.#probes = new ProbeRoster({
        config: probe,
        clock,
        random,
        onResult: (endpoint, result) => {
          if (result.kind !== 'unknown') this.#observe(endpoint, result.kind === 'up' ? undefined : result.reason);
          this.#startIfReady();
        },
      });
    }
    const { snapshotDir: dir } = options;
    if (dir !== undefined && this.#origin.kind === 'consul') {
      this.#saved = new SavedEndpoints({ dir, cluster: name, source: describeSource(this.#origin), clock, log });
    }
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
    return discoveryStatus(this.#record, {
      source: this.#origin.kind,
      index: this.#source?.index,
      held: describeHeld(this.#hold),
      nowMs: this.#clock.now(),
    });
  }

  onChange(listener: Listener): () => void {
    // A wrapper of its own, so that one function may subscribe twice.
    const own: Listener = (snapshot, previous) => listener(snapshot, previous);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  probeState(id: EndpointId): ProbeState {
    return this.#cluster.probeState(id);
  }

  onProbe(listener: (id: EndpointId) => void): () => void {
    const own = (id: EndpointId): void => listener(id);
    this.#probeListeners.add(own);
    return () => this.#probeListeners.delete(own);
  }

  start(): void {
    this.#source = startSource(this.#origin, {
      consul: this.#options.consul,
      clock: this.#clock,
      random: this.#random,
      onUpdate: (update) => this.#onUpdate(update),
    });
    void this.#loadSaved();
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

  async #loadSaved(): Promise<void> {
    const saved = await this.#saved?.load();
    // An answer that came in the meantime is newer, whatever it says.
    if (saved === undefined || saved.length === 0 || this.#record.answeredAtMs !== undefined || this.#closed) return;
    const { endpoints } = screenEndpoints(saved, this.#screen);
    this.#record = { ...this.#record, fromSaved: true };
    this.#log.warn({ cluster: this.name, endpoints: endpoints.length }, 'starting with saved endpoints');
    this.#hold = { live: endpoints, held: [] };
    this.#hadEndpoints = endpoints.length > 0;
    this.#take(endpoints);
  }

  #onUpdate(update: DiscoveryUpdate): void {
    if (update.kind === 'failed') {
      this.#onFailure(update.error);
      return;
    }
    this.#logRecovery();
    if (update.kind === 'absent') this.#onAbsent();
    else this.#onEndpoints(update.endpoints, update.skipped ?? []);
    this.#hasSet = true;
    this.#startIfReady();
  }

  #onFailure(error: Error): void {
    // Once per outage: the retries that follow have nothing new to say.
    if (this.#record.error === undefined) {
      const endpoints = this.snapshot.endpoints.length;
      this.#log.warn(
        { cluster: this.name, reason: error.message, endpoints },
        'discovery fails, the last endpoints stay',
      );
    }
    this.#record = recordFailure(this.#record, error.message);
  }

  #onAbsent(): void {
    const nowMs = this.#clock.now();
    if (!this.#record.absent) this.#log.warn({ cluster: this.name }, 'discovery knows no such thing');
    this.#record = recordAnswer(this.#record, { result: 'unchanged', absent: true, skipped: [], nowMs });
  }

  #onEndpoints(discovered: readonly DiscoveredEndpoint[], unusable: readonly string[]): void {
    const nowMs = this.#clock.now();
    const screened = screenEndpoints(discovered, this.#screen);
    const skipped = [...unusable, ...screened.skipped];
    this.#logSkipped(skipped);
    this.#hadEndpoints ||= screened.endpoints.length > 0;
    const heldBefore = new Set(this.#hold.held.map((it) => it.endpoint.id));
    this.#hold = this.#held(screened.endpoints, nowMs);
    const changed = this.#take(endpointsOf(this.#hold));
    const holds = this.#hold.held.some((it) => !heldBefore.has(it.endpoint.id));
    if (holds) this.#log.warn({ cluster: this.name }, describeHeld(this.#hold) ?? '');
    const result = holds ? 'held' : changed ? 'applied' : 'unchanged';
    const absent = !this.#hadEndpoints && this.#origin.kind === 'consul';
    this.#record = recordAnswer(this.#record, { result, absent, skipped, nowMs });
    this.#saved?.save(endpointsOf(this.#hold));
  }

  /** What is left of the last set beside the new one. People who edit a file or the configuration mean what they write. */
  #held(endpoints: readonly DiscoveredEndpoint[], nowMs: number): HoldState {
    if (this.#origin.kind !== 'consul') return { live: endpoints, held: [] };
    return this.#release(holdUpdate(this.#hold, endpoints, nowMs), nowMs);
  }

  #release(hold: HoldState, nowMs: number): HoldState {
    const probed = this.#options.probe !== undefined;
    return releaseHeld(hold, nowMs, (id) => probed && this.#cluster.probeState(id).status === 'down');
  }

  /** Drops held endpoints whose time is over or whose probes confirm that they are gone. */
  #releaseHeld(): void {
    const released = this.#release(this.#hold, this.#clock.now());
    if (released === this.#hold) return;
    this.#hold = released;
    this.#take(endpointsOf(released));
    this.#saved?.save(endpointsOf(released));
  }

  /** Gives the cluster a whole new set and everyone else what follows from it. True when something changed. */
  #take(endpoints: readonly DiscoveredEndpoint[]): boolean {
    const previous = this.snapshot;
    const changed = this.#cluster.replaceEndpoints(endpoints);
    if (changed) {
      this.#logChange(previous);
      this.#notify(previous);
    }
    this.#probes?.replace(this.snapshot.endpoints);
    this.#cancelRelease();
    const releaseMs = nextReleaseMs(this.#hold);
    if (releaseMs !== undefined && !this.#closed) {
      this.#cancelRelease = this.#clock.after(Math.max(1, releaseMs - this.#clock.now()), () => this.#releaseHeld());
    }
    return changed;
  }

  #observe({ id, address }: Endpoint, failure: string | undefined): void {
    const previous = this.snapshot;
    const before = this.#cluster.probeState(id);
    const published = this.#cluster.observe(id, failure);
    const after = this.#cluster.probeState(id);
    if (after.status !== before.status) {
      const fields = { cluster: this.name, endpoint: id, address };
      if (failure === undefined) this.#log.info(fields, 'probes say up');
      else this.#log.warn({ ...fields, reason: failure }, 'probes say down');
    }
    if (published) this.#notify(previous);
    if (!sameProbeState(before, after)) this.#call(this.#probeListeners, (listener) => listener(id));
    if (failure !== undefined && this.#hold.held.length > 0) this.#releaseHeld();
  }

  #notify(previous: Snapshot): void {
    const { snapshot } = this;
    this.#call(this.#listeners, (listener) => listener(snapshot, previous));
  }

  #call<T>(listeners: ReadonlySet<T>, call: (listener: T) => void): void {
    for (const listener of listeners) {
      try {
        call(listener);
      } catch (error) {
        // The contract forbids it; one bad listener must not take discovery down with it.
        this.#log.error({ cluster: this.name, err: error }, 'a listener failed');
      }
    }
  }

  /** Started: an answer is there, and where the cluster is probed each endpoint has had its first probe. */
  #startIfReady(): void {
    if (this.#started || this.#closed || !(this.#hasSet || this.#record.fromSaved)) return;
    if (this.#probes !== undefined && !this.#probes.allProbedOnce) return;
    this.#started = true;
    this.#markStarted();
  }

  #logRecovery(): void {
    if (this.#record.error !== undefined) this.#log.info({ cluster: this.name }, 'discovery works again');
    else if (this.#record.fromSaved)
      this.#log.info({ cluster: this.name }, 'discovery has taken over from saved endpoints');
  }

  #logSkipped(skipped: readonly string[]): void {
    const known = new Set(this.#record.skipped);
    const fresh = skipped.filter((text) => !known.has(text));
    if (fresh.length === 0) return;
    const fields = { cluster: this.name, count: fresh.length, skipped: fresh.slice(0, IDS_PER_LINE) };
    this.#log.warn(fields, 'discovered endpoints are left out');
  }

  #logChange(previous: Snapshot): void {
    const { endpoints } = this.snapshot;
    const { joined, left, changed } = diffEndpoints(previous.endpoints, endpoints);
    const ids = (list: readonly DiscoveredEndpoint[]): readonly string[] =>
      list.slice(0, IDS_PER_LINE).map((it) => it.id);
    const fields = { cluster: this.name, endpoints: endpoints.length, joined: ids(joined), left: ids(left) };
    this.#log.info({ ...fields, changed: ids(changed) }, 'endpoints changed');
  }
}

function sameProbeState(a: ProbeState, b: ProbeState): boolean {
  return a.status === b.status && a.against === b.against && a.reason === b.reason;
}
