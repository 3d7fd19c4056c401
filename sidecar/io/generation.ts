/** The listeners and clusters of one plan, made from those of the plan before it: what both have stays what it is. */
import type { HttpListenerConfig, ListenerConfig, TcpListenerConfig } from '../../src/config/listener.ts';
import { TrustedProxies } from '../client-address.ts';
import type { CountBook } from '../count-book.ts';
import type { InFlight } from '../in-flight.ts';
import { listenerKey } from '../listener-key.ts';
import type { AccessLog } from './access-log.ts';
import type { ConnectionLimit } from './connection-limit.ts';
import type { Deadlines } from './deadlines.ts';
import { HttpListener, type HttpRules } from './http-listener.ts';
import type { RoutedCluster } from './http-routes.ts';
import type { DataPathConfig } from './serving.ts';
import { TcpListener } from './tcp-listener.ts';
import { type SnapshotView, UpstreamCluster } from './upstream-cluster.ts';

/** A cluster as one thread serves it. */
export interface DataPathCluster {
  readonly id: number;
  readonly view: SnapshotView;
  readonly inFlight: InFlight;
}

export interface DataPathPlan {
  readonly config: DataPathConfig;
  readonly clusters: readonly DataPathCluster[];
}

/** What the generations of one data path share. */
export interface GenerationTools {
  readonly deadlines: Deadlines;
  readonly counts: CountBook;
  readonly nextRequestId: () => string;
  readonly accessLogOf: (access: DataPathConfig['log']['access']) => AccessLog;
  /** Undefined where a listener bounds its own connections only. */
  readonly limitOf: (listener: ListenerConfig) => ConnectionLimit | undefined;
}

export type Listener = HttpListener | TcpListener;

export class Generation {
  readonly clusters: ReadonlyMap<string, UpstreamCluster>;
  /** By key, in the order of the configuration. */
  readonly listeners: ReadonlyMap<string, Listener>;
  readonly #tools: GenerationTools;
  readonly #plan: DataPathPlan;
  #former: Generation | undefined;
  /** What puts the new rules of listeners and clusters that stay into place. */
  readonly #swaps: (() => void)[] = [];

  /** Changes nothing of `former` yet. Throws where the plan cannot follow it. */
  constructor(plan: DataPathPlan, tools: GenerationTools, former?: Generation) {
    this.#plan = plan;
    this.#tools = tools;
    this.#former = former;
    this.clusters = this.#makeClusters();
    this.listeners = this.#makeListeners();
  }

  /** Listeners that only this one has, with their configurations; until it has taken over. */
  get unbound(): readonly (readonly [ListenerConfig, Listener])[] {
    return this.#plan.config.listeners.flatMap((config) => {
      const key = listenerKey(config);
      const listener = this.listeners.get(key);
      return listener === undefined || this.#former?.listeners.has(key) === true ? [] : [[config, listener] as const];
    });
  }

  /** Puts this in the place of the former one, within one turn of the loop. Returns the listeners that go. */
  takeOver(): readonly Listener[] {
    for (const swap of this.#swaps) swap();
    for (const [name, cluster] of this.#former?.clusters ?? []) {
      if (this.clusters.get(name) !== cluster) cluster.retire();
    }
    const gone = [...(this.#former?.listeners ?? [])].filter(([key]) => !this.listeners.has(key));
    // Each would hold on to the one before it, back to the first.
    this.#former = undefined;
    return gone.map(([, listener]) => listener);
  }

  /** Never to be used: lets go of what only this one has. */
  discard(): void {
    for (const [name, cluster] of this.clusters) if (this.#former?.clusters.get(name) !== cluster) cluster.retire();
    for (const [, listener] of this.unbound) listener.close();
  }

  #makeClusters(): ReadonlyMap<string, UpstreamCluster> {
    const { deadlines, counts } = this.#tools;
    const clusters = new Map<string, UpstreamCluster>();
    for (const { id, view, inFlight } of this.#plan.clusters) {
      const config = this.#plan.config.clusters[view.name];
      if (config === undefined) throw new Error(`cluster ${view.name} does not exist`);
      const known = this.#former?.clusters.get(view.name);
      if (known?.id === id) {
        this.#swaps.push(() => known.configure(config));
        clusters.set(view.name, known);
      } else clusters.set(view.name, new UpstreamCluster({ id, config, view, inFlight, deadlines, counts }));
    }
    return clusters;
  }

  #makeListeners(): ReadonlyMap<string, Listener> {
    const { config } = this.#plan;
    const rules = {
      clusters: this.#routed(),
      trusted: new TrustedProxies(config.trusted_proxies),
      accessLog: this.#tools.accessLogOf(config.log.access),
    };
    return new Map(
      config.listeners.map((it) => {
        const known = this.#former?.listeners.get(listenerKey(it));
        if (known !== undefined && known.protocol !== it.protocol) {
          throw new Error(`listener ${it.name} cannot change its protocol where it is bound; that needs a restart`);
        }
        return [listenerKey(it), it.protocol === 'http' ? this.#http(it, rules, known) : this.#tcp(it, rules, known)];
      }),
    );
  }

  #routed(): ReadonlyMap<string, RoutedCluster> {
    const { clusters } = this.#plan.config;
    return new Map(
      [...this.clusters].map(([name, cluster]) => [name, { cluster, config: clusters[name] ?? cluster.config }]),
    );
  }

  #http(config: HttpListenerConfig, others: Omit<HttpRules, 'config'>, known: Listener | undefined): Listener {
    const rules = { ...others, config };
    if (!(known instanceof HttpListener)) return new HttpListener({ ...rules, ...this.#shared(config) });
    this.#swaps.push(known.prepare(rules));
    return known;
  }

  #tcp(config: TcpListenerConfig, { trusted }: Pick<HttpRules, 'trusted'>, known: Listener | undefined): Listener {
    const cluster = this.clusters.get(config.to);
    if (cluster === undefined) throw new Error(`cluster ${config.to} does not exist`);
    const rules = { config, cluster, trusted };
    if (!(known instanceof TcpListener)) return new TcpListener({ ...rules, ...this.#shared(config) });
    this.#swaps.push(known.prepare(rules));
    return known;
  }

  #shared(config: ListenerConfig) {
    const { deadlines, counts, nextRequestId, limitOf } = this.#tools;
    return { deadlines, newCounts: counts.newCounts, nextRequestId, limit: limitOf(config) };
  }
}
