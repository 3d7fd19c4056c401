/** A cluster as the data path uses it: picking among what is up, work in flight, and connections per endpoint. */
import { POLICIES } from '../../src/balance/policies.ts';
import type { ClusterConfig } from '../../src/config/cluster.ts';
import type { Endpoint } from '../../src/endpoint.ts';
import type { RunningCluster } from '../../src/io/cluster-runner.ts';
import { type Snapshot, UP } from '../../src/snapshot.ts';
import { EndpointCounts } from '../traffic.ts';
import type { Deadlines } from './deadlines.ts';
import { UpstreamPool } from './upstream-pool.ts';

/** Shared by the runner (which asks for loads) and the data path (which counts them); grows with the slots. */
export class InFlight {
  #counts = new Int32Array(16);

  of(slot: number): number {
    return this.#counts[slot] ?? 0;
  }

  enter(slot: number): void {
    if (slot >= this.#counts.length) {
      const larger = new Int32Array(Math.max(slot + 1, this.#counts.length * 2));
      larger.set(this.#counts);
      this.#counts = larger;
    }
    this.#counts[slot] = (this.#counts[slot] as number) + 1;
  }

  leave(slot: number): void {
    this.#counts[slot] = (this.#counts[slot] as number) - 1;
  }
}

export class UpstreamCluster {
  readonly name: string;
  readonly config: ClusterConfig;
  readonly view: RunningCluster;
  readonly inFlight: InFlight;
  readonly deadlines: Deadlines;
  readonly isKeyed: boolean;
  /** Attempts after the first, by what became of their requests. */
  readonly retries = { success: 0, failure: 0 };
  /** Requests of a keyed policy that carried none of the key's parts. */
  keyless = 0;
  /** By slot; replaced where another endpoint has taken the slot. */
  readonly #pools: (UpstreamPool | undefined)[] = [];
  #snapshot: Snapshot;
  #tried: readonly Endpoint[] = [];
  readonly #accept: (endpoint: Endpoint) => boolean;

  constructor(options: { config: ClusterConfig; view: RunningCluster; inFlight: InFlight; deadlines: Deadlines }) {
    this.name = options.view.name;
    this.config = options.config;
    this.view = options.view;
    this.inFlight = options.inFlight;
    this.deadlines = options.deadlines;
    this.isKeyed = POLICIES[options.config.balance.policy].keyed;
    this.#snapshot = options.view.snapshot;
    // One function for all requests: what it depends on is set just before each pick, which never waits.
    this.#accept = (endpoint) =>
      this.#snapshot.statuses[endpoint.slot] === UP && (this.#tried.length === 0 || !this.#tried.includes(endpoint));
    this.view.onChange((snapshot) => this.#onChange(snapshot));
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  isUp(endpoint: Endpoint): boolean {
    return this.#snapshot.statuses[endpoint.slot] === UP;
  }

  /** An endpoint that is up and not among `tried`; undefined where there is none. `key` undefined: the request has none. */
  pick(key: string | undefined, tried: readonly Endpoint[]): Endpoint | undefined {
    this.#tried = tried;
    const { picker, keylessPicker } = this.#snapshot;
    return key === undefined ? keylessPicker.pick('', this.#accept) : picker.pick(key, this.#accept);
  }

  poolOf(endpoint: Endpoint): UpstreamPool {
    const pool = this.#pools[endpoint.slot];
    if (pool !== undefined && pool.endpoint.id === endpoint.id && pool.endpoint.address === endpoint.address)
      return pool;
    pool?.retire();
    const fresh = new UpstreamPool({ endpoint, cluster: this, counts: new EndpointCounts() });
    this.#pools[endpoint.slot] = fresh;
    return fresh;
  }

  /** Counts and pools of the endpoints that the cluster holds now. */
  pools(): readonly UpstreamPool[] {
    return this.#snapshot.endpoints.map((endpoint) => this.poolOf(endpoint));
  }

  /** Ends every connection that waits for work; those at work end by themselves or with their exchanges. */
  closeIdle(): void {
    for (const pool of this.#pools) pool?.retire();
  }

  /** Connections to an endpoint that left or is not up any more are not kept for it. */
  #onChange(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    const held = new Set(snapshot.endpoints.map((endpoint) => `${endpoint.slot} ${endpoint.id} ${endpoint.address}`));
    for (const [slot, pool] of this.#pools.entries()) {
      if (pool === undefined) continue;
      const { id, address } = pool.endpoint;
      if (!held.has(`${slot} ${id} ${address}`)) {
        pool.retire();
        this.#pools[slot] = undefined;
      } else if (snapshot.statuses[slot] !== UP) pool.closeIdle();
    }
  }
}
