/** A cluster as the data path uses it: picking among what is up, work in flight, and connections per endpoint. */
import { POLICIES } from '../../src/balance/policies.ts';
import type { ClusterView } from '../../src/cluster-view.ts';
import type { ClusterConfig } from '../../src/config/cluster.ts';
import type { Endpoint } from '../../src/endpoint.ts';
import { type Snapshot, UP } from '../../src/snapshot.ts';
import type { CountBook } from '../count-book.ts';
import type { InFlight } from '../in-flight.ts';
import { ClusterCounts, EndpointCounts, type NewCounts, within } from '../traffic.ts';
import { clusterPath, countsFormerEndpoint, endpointPath } from '../worker-counts.ts';
import type { Deadlines } from './deadlines.ts';
import type { DownstreamConnection } from './downstream-connection.ts';
import { UpstreamPool } from './upstream-pool.ts';

/** What a data path sees of a cluster: the real one, or what another thread tells of it. */
export type SnapshotView = Pick<ClusterView, 'name' | 'snapshot' | 'onChange'>;

export interface UpstreamClusterOptions {
  /** Tells it from one of the same name that another configuration had. */
  readonly id: number;
  readonly config: ClusterConfig;
  readonly view: SnapshotView;
  readonly inFlight: InFlight;
  readonly deadlines: Deadlines;
  readonly counts: CountBook;
}

export class UpstreamCluster {
  readonly id: number;
  readonly name: string;
  readonly view: SnapshotView;
  readonly inFlight: InFlight;
  readonly deadlines: Deadlines;
  readonly counts: ClusterCounts;
  readonly #book: CountBook;
  readonly #newCounts: NewCounts;
  readonly #unsubscribe: () => void;
  /** By slot; replaced where another endpoint has taken the slot. */
  readonly #pools: (UpstreamPool | undefined)[] = [];
  #config: ClusterConfig;
  #snapshot: Snapshot;
  #isRetired = false;
  #tried: readonly Endpoint[] = [];
  readonly #accept: (endpoint: Endpoint) => boolean;

  constructor(options: UpstreamClusterOptions) {
    this.id = options.id;
    this.name = options.view.name;
    this.#config = options.config;
    this.view = options.view;
    this.inFlight = options.inFlight;
    this.deadlines = options.deadlines;
    this.#book = options.counts;
    this.#newCounts = within(this.#book.newCounts, ...clusterPath(this.name));
    this.counts = new ClusterCounts(this.#newCounts);
    this.#snapshot = options.view.snapshot;
    // One function for all requests: what it depends on is set just before each pick, which never waits.
    this.#accept = (endpoint) =>
      this.#snapshot.statuses[endpoint.slot] === UP && (this.#tried.length === 0 || !this.#tried.includes(endpoint));
    this.#unsubscribe = this.view.onChange((snapshot) => this.#onChange(snapshot));
  }

  get config(): ClusterConfig {
    return this.#config;
  }

  get isKeyed(): boolean {
    return POLICIES[this.#config.balance.policy].keyed !== false;
  }

  /** Takes other settings for the requests to come; endpoints and connections stay. */
  configure(config: ClusterConfig): void {
    this.#config = config;
  }

  /** No request comes here any more. Those that run go on, with the endpoints of this moment. */
  retire(): void {
    this.#isRetired = true;
    this.#unsubscribe();
    this.closeIdle();
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  isUp(endpoint: Endpoint): boolean {
    return this.#snapshot.statuses[endpoint.slot] === UP;
  }

  /**
   * An endpoint that is up and not among `tried`, `pinned` before all others; undefined where there is none. `key`
   * undefined: the request has none.
   */
  pick(key: string | undefined, tried: readonly Endpoint[], pinned?: Endpoint): Endpoint | undefined {
    this.#tried = tried;
    if (pinned !== undefined && this.#accept(pinned)) return pinned;
    const { picker, keylessPicker } = this.#snapshot;
    return key === undefined ? keylessPicker.pick('', this.#accept) : picker.pick(key, this.#accept);
  }

  poolOf(endpoint: Endpoint): UpstreamPool {
    const pool = this.#pools[endpoint.slot];
    if (pool !== undefined && pool.endpoint.id === endpoint.id && pool.endpoint.address === endpoint.address)
      return pool;
    pool?.retire();
    const newCounts = within(this.#newCounts, ...endpointPath(endpoint));
    const fresh = new UpstreamPool({ endpoint, cluster: this, counts: new EndpointCounts(newCounts) });
    if (this.#isRetired) fresh.retire();
    this.#pools[endpoint.slot] = fresh;
    return fresh;
  }

  /** A client is gone: connections that carry its PROXY protocol header are of no use any more. */
  forgetClient(client: DownstreamConnection): void {
    for (const pool of this.#pools) pool?.forgetClient(client);
  }

  /** Ends every connection that waits for work; those at work end by themselves or with their exchanges. */
  closeIdle(): void {
    for (const pool of this.#pools) pool?.retire();
  }

  /** Connections to an endpoint that left or is not up any more are not kept for it. */
  #onChange(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    const held = new Set(snapshot.endpoints.map((endpoint) => `${endpoint.slot} ${endpoint.id} ${endpoint.address}`));
    let isGone = false;
    for (const [slot, pool] of this.#pools.entries()) {
      if (pool === undefined) continue;
      const { id, address } = pool.endpoint;
      if (!held.has(`${slot} ${id} ${address}`)) {
        pool.retire();
        this.#pools[slot] = undefined;
        isGone = true;
      } else if (snapshot.statuses[slot] !== UP) pool.closeIdle();
    }
    // Where an endpoint comes back it is counted anew, here and wherever these counts are read.
    if (isGone) this.#book.forget(countsFormerEndpoint(this.name, snapshot.endpoints));
  }
}
