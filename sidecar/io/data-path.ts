/** The listeners and clusters of one thread, everything they share, and the change from one plan to the next. */
import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { ListenAddress } from '../../src/address.ts';
import type { ListenerConfig } from '../../src/config/listener.ts';
import type { Endpoint } from '../../src/endpoint.ts';
import type { LineSink } from '../../src/io/line-sink.ts';
import { CountBook } from '../count-book.ts';
import type { InFlight } from '../in-flight.ts';
import { listenerKey } from '../listener-key.ts';
import type { EndpointTraffic, Traffic } from '../metrics.ts';
import { SeriesCatalog } from '../series-catalog.ts';
import type { SplitWeights } from '../split-weights.ts';
import { type NewCounts, within } from '../traffic.ts';
import {
  BYTES,
  clusterTraffic,
  countsFormerCluster,
  countsFormerEndpoint,
  endpointCounts,
  listenerPath,
  listenerTraffic,
} from '../worker-counts.ts';
import { noAccessLog, openAccessLog } from './access-log.ts';
import type { ConnectionLimit } from './connection-limit.ts';
import { Deadlines } from './deadlines.ts';
import { type DataPathPlan, Generation, type GenerationTools, type Listener } from './generation.ts';
import type { PreparedPlan, Serving } from './serving.ts';

export interface DataPathOptions {
  readonly plan: DataPathPlan;
  /** Undefined where a listener bounds its own connections only. */
  readonly limitOf?: (listener: ListenerConfig) => ConnectionLimit | undefined;
  readonly newCounts: NewCounts;
  /** Where access lines go; closed with the data path. */
  readonly accessLines: LineSink;
  /** Other threads bind the same ports, which are free apart from that. */
  readonly isOneOfSeveral?: boolean;
  /** Another process has the ports to begin with and is to go. */
  readonly replaces?: boolean | undefined;
  /** What stands for port 0, by listener key, where another thread has found it out. */
  readonly ports?: ReadonlyMap<string, number>;
}

export class DataPath implements Serving<InFlight> {
  readonly #options: DataPathOptions;
  readonly #tools: GenerationTools;
  readonly #deadlines = new Deadlines();
  readonly #counts: CountBook;
  readonly #catalog = new SeriesCatalog();
  readonly #addresses = new Map<Listener, string>();
  /** Listeners that a plan has dropped, with what cuts them after `drain.grace`; each resolves when it is empty. */
  readonly #leaving = new Map<Listener, { readonly timer: NodeJS.Timeout; readonly empty: Promise<void> }>();
  readonly #toldBytes = new Map<Listener, { readonly received: number; readonly sent: number }>();
  #plan: DataPathPlan;
  #weights: SplitWeights = new Map();
  #generation: Generation;
  #isEnding = false;

  constructor(options: DataPathOptions) {
    const { plan, accessLines } = options;
    this.#options = options;
    this.#counts = new CountBook(options.newCounts);
    this.#tools = {
      deadlines: this.#deadlines,
      counts: this.#counts,
      nextRequestId: requestIds(),
      accessLogOf: (access) => (access === 'off' ? noAccessLog : openAccessLog({ only: access, sink: accessLines })),
      limitOf: (listener) => options.limitOf?.(listener),
    };
    this.#plan = plan;
    this.#generation = new Generation(plan, this.#tools);
    this.#catalog.note(plan.config.listeners);
  }

  async listen(): Promise<ReadonlyMap<string, string>> {
    const { ports, replaces = false } = this.#options;
    await this.#bind(this.#generation, ports, replaces);
    return this.#addressesOf(this.#plan, this.#generation);
  }

  async prepare(plan: DataPathPlan, ports?: ReadonlyMap<string, number>): Promise<PreparedPlan> {
    const next = new Generation(plan, this.#tools, this.#generation);
    const discard = (): Promise<void> => {
      next.discard();
      for (const [, listener] of next.unbound) this.#addresses.delete(listener);
      return Promise.resolve();
    };
    try {
      await this.#bind(next, ports, false);
    } catch (error) {
      await discard();
      throw error;
    }
    return { addresses: this.#addressesOf(plan, next), apply: () => this.#apply(plan, next), discard };
  }

  get connections(): number {
    return this.#all.reduce((sum, listener) => sum + listener.connections, 0);
  }

  releaseClients(): void {
    for (const listener of this.#generation.listeners.values()) {
      if (listener.protocol === 'http') listener.releaseClients();
    }
  }

  async drain(): Promise<void> {
    this.#isEnding = true;
    const present = [...this.#generation.listeners.values()].map((listener) => listener.drain());
    await Promise.all([...present, ...[...this.#leaving.values()].map(({ empty }) => empty)]);
  }

  async close(): Promise<void> {
    this.#isEnding = true;
    for (const listener of this.#all) listener.close();
    for (const { timer } of this.#leaving.values()) clearTimeout(timer);
    for (const cluster of this.#generation.clusters.values()) cluster.closeIdle();
    // What has just been cut is logged when its sockets close.
    await setImmediate();
    await this.#options.accessLines.close();
    this.#deadlines.close();
  }

  traffic(): Traffic {
    this.publishBytes();
    const { find } = this.#counts;
    const connections = (name: string): number =>
      this.#all.filter((it) => it.name === name).reduce((sum, it) => sum + it.connections, 0);
    return {
      listeners: this.#catalog.listeners.map((it) => listenerTraffic(it, find, connections(it.name))),
      clusters: [...this.#generation.clusters.values()].map(({ name, snapshot: { endpoints }, inFlight }) =>
        clusterTraffic({ name, endpoints }, find, (slot) => inFlight.of(slot)),
      ),
      droppedLogLines: this.#options.accessLines.dropped(),
      workers: { running: 1, restarts: 0 },
    };
  }

  endpointTraffic(name: string, endpoint: Endpoint): Omit<EndpointTraffic, 'endpoint'> | undefined {
    const cluster = this.#generation.clusters.get(name);
    if (cluster === undefined) return undefined;
    return {
      counts: endpointCounts(name, endpoint, this.#counts.find),
      inFlight: cluster.inFlight.of(endpoint.slot),
    };
  }

  outage(): undefined {
    return undefined;
  }

  setWeights(weights: SplitWeights): void {
    this.#weights = weights;
    for (const listener of this.#generation.listeners.values()) {
      if (listener.protocol === 'http') listener.routes.setWeights(listener.name, weights);
    }
  }

  /** Bytes are known to each socket and to nobody else, so they are gathered every now and then. */
  publishBytes(): void {
    for (const listener of this.#all) {
      const told = this.#toldBytes.get(listener) ?? { received: 0, sent: 0 };
      const bytes = listener.bytes();
      const counts = within(this.#counts.newCounts, ...listenerPath(listener.name))(BYTES, 2);
      counts[0] = (counts[0] as number) + bytes.received - told.received;
      counts[1] = (counts[1] as number) + bytes.sent - told.sent;
      this.#toldBytes.set(listener, bytes);
    }
  }

  get #all(): readonly Listener[] {
    return [...this.#generation.listeners.values(), ...this.#leaving.keys()];
  }

  /** By the names that the plan gives them. */
  #addressesOf({ config }: DataPathPlan, { listeners }: Generation): ReadonlyMap<string, string> {
    const addressOf = (listener: Listener | undefined): string =>
      listener === undefined ? '' : (this.#addresses.get(listener) ?? '');
    return new Map(config.listeners.map((it) => [it.name, addressOf(listeners.get(listenerKey(it)))]));
  }

  async #bind(
    generation: Generation,
    ports: ReadonlyMap<string, number> | undefined,
    replaces: boolean,
  ): Promise<void> {
    const besideOthers = replaces || this.#options.isOneOfSeveral === true;
    for (const [config, listener] of generation.unbound) {
      if (this.#isEnding) throw new Error('ended before it had started');
      const address = withPort(config.listen, ports?.get(listenerKey(config)));
      this.#addresses.set(listener, await listener.listen(address, { besideOthers }));
      // A server that was told to close while it was being bound is bound all the same.
      if (this.#isEnding) void listener.drain();
    }
  }

  /** Within one turn of the loop: every request sees the one plan or the other. Then it waits for what has to go. */
  async #apply(plan: DataPathPlan, next: Generation): Promise<void> {
    this.publishBytes();
    const former = this.#generation;
    const gone = next.takeOver();
    this.#generation = next;
    this.#plan = plan;
    this.setWeights(this.#weights);
    const left = gone.map((listener) => this.#leave(listener));
    for (const [name, cluster] of next.clusters) {
      const isOther = former.clusters.has(name) && former.clusters.get(name) !== cluster;
      if (isOther) this.#counts.forget(countsFormerEndpoint(name, cluster.snapshot.endpoints));
    }
    this.#counts.forget(countsFormerCluster([...next.clusters.keys()]));
    if (this.#catalog.note(plan.config.listeners)) this.#counts.forget((name) => this.#catalog.isGone(name));
    await Promise.all(left);
  }

  /** Resolves when its address is free. */
  #leave(listener: Listener): Promise<void> {
    const empty = listener.drain().then(() => {
      this.publishBytes();
      clearTimeout(this.#leaving.get(listener)?.timer);
      this.#leaving.delete(listener);
      this.#toldBytes.delete(listener);
      this.#addresses.delete(listener);
    });
    const timer = setTimeout(() => listener.close(), this.#plan.config.drain.grace);
    this.#leaving.set(listener, { timer, empty });
    return listener.leave();
  }
}

function withPort(address: ListenAddress, port: number | undefined): ListenAddress {
  return port === undefined || 'path' in address ? address : { ...address, port };
}

/** Ids that differ between threads and processes by 64 random bits and within one by a counter. */
function requestIds(): () => string {
  // Only the first request has it made: what it needs is loaded for it.
  let prefix = '';
  let count = 0;
  return () => {
    if (prefix === '') prefix = randomBytes(8).toString('hex');
    count += 1;
    return `${prefix}-${count.toString(36)}`;
  };
}
