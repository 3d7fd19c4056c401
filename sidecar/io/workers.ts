/** Several threads on the same ports: what they share, what they are told of changes, and the sums of what they count. */
import { randomInt } from 'node:crypto';
import { CountLedger } from '../../src/count-ledger.ts';
import type { Endpoint } from '../../src/endpoint.ts';
import type { LineSink } from '../../src/io/line-sink.ts';
import { freePort } from '../../src/io/listen-beside.ts';
import type { Log } from '../../src/io/log.ts';
import { WorkerCrew } from '../../src/io/worker-crew.ts';
import { describeSnapshot } from '../../src/remote-snapshot.ts';
import { clearInFlight, inFlightAt, MAX_SHARED_SLOTS } from '../in-flight.ts';
import type { EndpointTraffic, Traffic } from '../metrics.ts';
import { clearConnections, connectionsIn } from '../process-connection-limit.ts';
import { SeriesCatalog } from '../series-catalog.ts';
import type { SplitWeights } from '../split-weights.ts';
import { isGauge } from '../traffic.ts';
import {
  clusterTraffic,
  countsFormerCluster,
  countsFormerEndpoint,
  DROPPED_LOG_LINES,
  endpointCounts,
  listenerTraffic,
} from '../worker-counts.ts';
import type { PreparedPlan, Serving, ServingPlan } from './serving.ts';
import { type ConnectionTable, WorkerGeneration } from './worker-generation.ts';
import type { FromWorker, ToWorker, WorkerStart } from './worker-messages.ts';

export interface WorkersOptions {
  /** In-flight tables have a row for each worker: the clusters' pickers read them too. */
  readonly plan: ServingPlan<Int32Array>;
  /** At least 2. */
  readonly count: number;
  /** The program's main module (worker-seat.ts). */
  readonly entry: string | URL;
  /** Where access lines go; closed at the end. */
  readonly accessLines: LineSink;
  readonly log: Log;
  /** Another process has the ports to begin with and is to go. */
  readonly replaces?: boolean | undefined;
}

export class Workers implements Serving<Int32Array> {
  readonly #options: WorkersOptions;
  readonly #crew: WorkerCrew<WorkerStart, ToWorker, FromWorker>;
  readonly #hashSeed = randomInt(2 ** 32);
  readonly #ledger = new CountLedger(isGauge);
  readonly #catalog = new SeriesCatalog();
  readonly #postedBytes: Int32Array[] = [];
  #generation: WorkerGeneration;
  /** Tables of listeners that a plan has dropped, for as long as connections of theirs are open. */
  #leaving: readonly ConnectionTable[] = [];
  #weights: SplitWeights = new Map();

  constructor(options: WorkersOptions) {
    this.#options = options;
    this.#crew = new WorkerCrew({
      count: options.count,
      entry: options.entry,
      log: options.log,
      loss: 'its connections are cut',
      startOf: (row) => this.#startOf(row),
      onFirst: (addresses) => this.#generation.notePorts(addresses),
      ledger: this.#ledger,
      onMessage: (row, { lines }) => this.#takeLines(row, lines),
      onGone: (row) => this.#onGone(row),
    });
    this.#generation = this.#openGeneration(options.plan, undefined);
    this.#catalog.note(options.plan.config.listeners);
  }

  async listen(): Promise<ReadonlyMap<string, string>> {
    const { plan, replaces } = this.#options;
    if (replaces !== true) for (const listener of plan.config.listeners) await freePort(listener.listen);
    return this.#crew.start();
  }

  async prepare(plan: ServingPlan<Int32Array>): Promise<PreparedPlan> {
    const end = await this.#crew.beginPlan();
    const next = this.#openGeneration(plan, this.#generation);
    const discard = (): Promise<void> => {
      this.#crew.tell({ kind: 'discard' });
      next.close();
      end();
      return Promise.resolve();
    };
    try {
      for (const listener of next.newListeners) await freePort(listener.listen);
      const addresses = await this.#crew.prepareAll(
        (row) => ({ kind: 'prepare', plan: next.forWorker(row, this.#generation) }),
        (bound) => next.notePorts(bound),
      );
      return { addresses, apply: () => this.#apply(next).finally(end), discard };
    } catch (error) {
      await discard();
      throw error;
    }
  }

  setWeights(weights: SplitWeights): void {
    this.#weights = weights;
    this.#crew.tell({ kind: 'weights', weights });
  }

  get connections(): number {
    return this.#tables.reduce((sum, { table }) => sum + connectionsIn(table), 0);
  }

  releaseClients(): void {
    this.#crew.tell({ kind: 'release' });
  }

  drain(): Promise<void> {
    return this.#crew.drain();
  }

  async close(): Promise<void> {
    this.#generation.close();
    await this.#crew.close();
    await this.#options.accessLines.close();
  }

  traffic(): Traffic {
    const find = (name: string): Float64Array | undefined => this.#ledger.find(name);
    const connections = (name: string): number =>
      this.#tables.filter((it) => it.name === name).reduce((sum, { table }) => sum + connectionsIn(table), 0);
    return {
      listeners: this.#catalog.listeners.map((it) => listenerTraffic(it, find, connections(it.name))),
      clusters: this.#generation.plan.clusters.map(({ view: { name, snapshot }, inFlight }) => {
        const { endpoints } = snapshot;
        return clusterTraffic({ name, endpoints }, find, (slot) => inFlightAt(inFlight, slot));
      }),
      droppedLogLines: this.#options.accessLines.dropped() + (find(DROPPED_LOG_LINES)?.[0] ?? 0),
      workers: this.#crew.state,
    };
  }

  endpointTraffic(name: string, endpoint: Endpoint): Omit<EndpointTraffic, 'endpoint'> | undefined {
    const cluster = this.#generation.plan.clusters.find(({ view }) => view.name === name);
    if (cluster === undefined) return undefined;
    const counts = endpointCounts(name, endpoint, (it) => this.#ledger.find(it));
    return { counts, inFlight: inFlightAt(cluster.inFlight, endpoint.slot) };
  }

  outage(): string | undefined {
    return this.#crew.outage();
  }

  get #tables(): readonly ConnectionTable[] {
    return [...this.#generation.tables.values(), ...this.#leaving];
  }

  #startOf(row: number): WorkerStart {
    const postedBytes = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    this.#postedBytes[row] = postedBytes;
    return {
      row,
      plan: this.#generation.forWorker(row, undefined),
      weights: this.#weights,
      hashSeed: this.#hashSeed,
      postedBytes,
    };
  }

  #openGeneration(plan: ServingPlan<Int32Array>, former: WorkerGeneration | undefined): WorkerGeneration {
    return new WorkerGeneration({
      plan,
      former,
      workers: this.#options.count,
      onSnapshot: ({ id, view }, snapshot, previous) => {
        this.#ledger.forget(countsFormerEndpoint(view.name, snapshot.endpoints));
        if (snapshot.endpoints.some(({ slot }) => slot >= MAX_SHARED_SLOTS)) this.#tellOfTooMany(view.name);
        this.#crew.tell({ kind: 'snapshot', cluster: id, update: describeSnapshot(snapshot, previous) });
      },
    });
  }

  async #apply(next: WorkerGeneration): Promise<void> {
    const former = this.#generation;
    this.#generation = next;
    former.handOver(next);
    this.#leaving = [
      ...this.#leaving.filter(({ table }) => connectionsIn(table) > 0),
      ...[...former.tables].filter(([key]) => !next.tables.has(key)).map(([, table]) => table),
    ];
    for (const { view } of next.newClusters) {
      this.#ledger.forget(countsFormerEndpoint(view.name, view.snapshot.endpoints));
    }
    this.#ledger.forget(countsFormerCluster(next.plan.clusters.map(({ view }) => view.name)));
    if (this.#catalog.note(next.plan.config.listeners)) this.#ledger.forget((name) => this.#catalog.isGone(name));
    await this.#crew.applyAll({ kind: 'apply' });
  }

  #takeLines(row: number, text: string): void {
    const postedBytes = this.#postedBytes[row];
    if (postedBytes !== undefined) Atomics.sub(postedBytes, 0, text.length);
    this.#options.accessLines.write(text);
  }

  #onGone(row: number): void {
    for (const { inFlight } of this.#generation.plan.clusters) clearInFlight(inFlight, row);
    for (const { table } of this.#tables) clearConnections(table, row);
  }

  #tellOfTooMany(cluster: string): void {
    this.#options.log.error(
      { cluster, limit: MAX_SHARED_SLOTS },
      'endpoints beyond what workers can count get no work',
    );
  }
}
