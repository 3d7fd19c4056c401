/** Several threads on the same ports: starts them, tells them of changes, adds up what they count, replaces the dead. */
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs } from '../../src/backoff.ts';
import type { Endpoint } from '../../src/endpoint.ts';
import type { LineSink } from '../../src/io/line-sink.ts';
import { freePort } from '../../src/io/listen-beside.ts';
import type { Log } from '../../src/io/log.ts';
import { describeSnapshot } from '../../src/remote-snapshot.ts';
import { CountLedger } from '../count-ledger.ts';
import { clearInFlight, inFlightAt, MAX_SHARED_SLOTS } from '../in-flight.ts';
import type { EndpointTraffic, Traffic } from '../metrics.ts';
import { clearConnections, connectionsIn } from '../process-connection-limit.ts';
import { SeriesCatalog } from '../series-catalog.ts';
import type { SplitWeights } from '../split-weights.ts';
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
import { WorkerSeat } from './worker-seat.ts';

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
}

/** Between a death and the replacement. A worker that has served for this long starts the count of deaths afresh. */
const REPLACEMENT = { baseMs: 100, maxMs: 10_000 };
const STEADY_MS = 60_000;
/** How long a reload waits for a worker that is being replaced. */
const ALL_SERVE_MS = 5_000;
const ALL_SERVE_POLL_MS = 20;

export class Workers implements Serving<Int32Array> {
  readonly #options: WorkersOptions;
  readonly #seats: readonly WorkerSeat[];
  readonly #hashSeed = randomInt(2 ** 32);
  readonly #ledger = new CountLedger();
  readonly #catalog = new SeriesCatalog();
  readonly #postedBytes: Int32Array[] = [];
  /** Deaths in a row, by seat. */
  readonly #deaths: number[] = [];
  readonly #replacements = new Set<NodeJS.Timeout>();
  #generation: WorkerGeneration;
  /** Tables of listeners that a plan has dropped, for as long as connections of theirs are open. */
  #leaving: readonly ConnectionTable[] = [];
  /** What holds up a worker that is to be replaced: it would start between two plans. */
  #reload = Promise.resolve();
  #weights: SplitWeights = new Map();
  #hasStarted = false;
  #isEnding = false;
  #restarts = 0;

  constructor(options: WorkersOptions) {
    this.#options = options;
    this.#seats = Array.from({ length: options.count }, (_, row) => {
      const onMessage = (message: FromWorker): void => this.#onMessage(row, message);
      return new WorkerSeat({ row, entry: options.entry, onMessage, onDeath: (cause) => this.#onDeath(row, cause) });
    });
    this.#generation = this.#openGeneration(options.plan, undefined);
    this.#catalog.note(options.plan.config.listeners);
  }

  async listen(): Promise<ReadonlyMap<string, string>> {
    for (const listener of this.#generation.plan.config.listeners) await freePort(listener.listen);
    const [first, ...others] = this.#seats;
    if (first === undefined || this.#isEnding) throw new Error('ended before it had started');
    const addresses = await this.#start(first);
    if (this.#isEnding) return addresses;
    this.#generation.notePorts(addresses);
    await Promise.all(others.map((seat) => this.#start(seat)));
    this.#hasStarted = true;
    return addresses;
  }

  async prepare(plan: ServingPlan<Int32Array>): Promise<PreparedPlan> {
    await this.#whenAllServe();
    const { promise, resolve: end } = Promise.withResolvers<void>();
    this.#reload = promise;
    const next = this.#openGeneration(plan, this.#generation);
    const discard = (): Promise<void> => {
      for (const seat of this.#seats) seat.post({ kind: 'discard' });
      next.close();
      end();
      return Promise.resolve();
    };
    try {
      for (const listener of next.newListeners) await freePort(listener.listen);
      const addresses = await this.#prepareAll(next);
      return { addresses, apply: () => this.#apply(next).finally(end), discard };
    } catch (error) {
      await discard();
      throw error;
    }
  }

  setWeights(weights: SplitWeights): void {
    this.#weights = weights;
    this.#tell({ kind: 'weights', weights });
  }

  get connections(): number {
    return this.#tables.reduce((sum, { table }) => sum + connectionsIn(table), 0);
  }

  async drain(): Promise<void> {
    this.#end();
    await Promise.all(this.#seats.map((seat) => seat.drain()));
  }

  async close(): Promise<void> {
    this.#end();
    this.#generation.close();
    await Promise.all(this.#seats.map((seat) => seat.close()));
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
      workers: { running: this.#seats.filter((seat) => seat.isServing).length, restarts: this.#restarts },
    };
  }

  endpointTraffic(name: string, endpoint: Endpoint): Omit<EndpointTraffic, 'endpoint'> | undefined {
    const cluster = this.#generation.plan.clusters.find(({ view }) => view.name === name);
    if (cluster === undefined) return undefined;
    const counts = endpointCounts(name, endpoint, (it) => this.#ledger.find(it));
    return { counts, inFlight: inFlightAt(cluster.inFlight, endpoint.slot) };
  }

  outage(): string | undefined {
    if (!this.#hasStarted || this.#seats.some((seat) => seat.isServing)) return undefined;
    return 'every worker has died and none has been replaced yet';
  }

  get #tables(): readonly ConnectionTable[] {
    return [...this.#generation.tables.values(), ...this.#leaving];
  }

  #start(seat: WorkerSeat): Promise<ReadonlyMap<string, string>> {
    const { row } = seat;
    const postedBytes = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    this.#postedBytes[row] = postedBytes;
    const start: WorkerStart = {
      row,
      plan: this.#generation.forWorker(row, undefined),
      weights: this.#weights,
      hashSeed: this.#hashSeed,
      postedBytes,
    };
    return seat.start(start);
  }

  #openGeneration(plan: ServingPlan<Int32Array>, former: WorkerGeneration | undefined): WorkerGeneration {
    return new WorkerGeneration({
      plan,
      former,
      workers: this.#options.count,
      onSnapshot: ({ id, view }, snapshot, previous) => {
        this.#ledger.forget(countsFormerEndpoint(view.name, snapshot.endpoints));
        if (snapshot.endpoints.some(({ slot }) => slot >= MAX_SHARED_SLOTS)) this.#tellOfTooMany(view.name);
        this.#tell({ kind: 'snapshot', cluster: id, update: describeSnapshot(snapshot, previous) });
      },
    });
  }

  /** A plan is for all workers or for none, so it waits for one that is being replaced; not for long. */
  async #whenAllServe(): Promise<void> {
    const deadline = performance.now() + ALL_SERVE_MS;
    while (!this.#isEnding && this.#seats.some((seat) => !seat.isServing)) {
      if (performance.now() > deadline) throw new Error('a worker has died and is not replaced yet');
      await delay(ALL_SERVE_POLL_MS);
    }
    if (this.#isEnding) throw new Error('the process ends');
  }

  /** The first worker binds alone: the others bind the ports that it got. */
  async #prepareAll(next: WorkerGeneration): Promise<ReadonlyMap<string, string>> {
    const ask = async (seat: WorkerSeat): Promise<ReadonlyMap<string, string>> => {
      const answer = await seat.ask({ kind: 'prepare', plan: next.forWorker(seat.row, this.#generation) });
      if (answer.kind === 'prepared') return answer.addresses;
      throw answer.kind === 'refused' ? answer.error : new Error('a worker is out of step');
    };
    const [first, ...others] = this.#seats;
    if (first === undefined) throw new Error('there is no worker');
    const addresses = await ask(first);
    next.notePorts(addresses);
    // All have answered before anything is taken back.
    const answers = await Promise.allSettled(others.map(ask));
    for (const answer of answers) if (answer.status === 'rejected') throw answer.reason;
    return addresses;
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
    // Whoever dies now is replaced by one that starts with the new plan.
    await Promise.allSettled(this.#seats.map((seat) => seat.ask({ kind: 'apply' })));
  }

  #tell(message: ToWorker): void {
    for (const seat of this.#seats) seat.post(message);
  }

  #onMessage(row: number, message: FromWorker): void {
    if (message.kind === 'counts') this.#ledger.add(row, message.name, message.counts);
    else if (message.kind === 'lines') this.#takeLines(row, message.text);
    else if (message.kind === 'stalled') {
      const fields = { worker: row, stall_ms: Math.round(message.longestMs) };
      this.#options.log.warn(fields, 'the event loop of a worker stood still');
    }
  }

  #takeLines(row: number, text: string): void {
    const postedBytes = this.#postedBytes[row];
    if (postedBytes !== undefined) Atomics.sub(postedBytes, 0, text.length);
    this.#options.accessLines.write(text);
  }

  /** Its thread has ended: what it held is forgotten, what it counted is kept, and another one takes its place. */
  #onDeath(row: number, cause: unknown): void {
    const { log } = this.#options;
    for (const { inFlight } of this.#generation.plan.clusters) clearInFlight(inFlight, row);
    for (const { table } of this.#tables) clearConnections(table, row);
    this.#ledger.retire(row);
    const seat = this.#seats[row];
    // A start that fails as a whole is told by whoever waits for it.
    if (seat === undefined || !this.#hasStarted || this.#isEnding) return;
    const isSteady = seat.servedMs(performance.now()) >= STEADY_MS;
    const deaths = isSteady ? 1 : (this.#deaths[row] ?? 0) + 1;
    this.#deaths[row] = deaths;
    const delayMs = backoffMs(deaths, Math.random(), REPLACEMENT);
    log.error(
      { worker: row, err: cause, delay_ms: delayMs },
      'a worker died: its connections are cut, another follows',
    );
    const timer = setTimeout(() => {
      this.#replacements.delete(timer);
      void this.#replace(seat);
    }, delayMs);
    this.#replacements.add(timer);
  }

  async #replace(seat: WorkerSeat): Promise<void> {
    await this.#reload;
    if (this.#isEnding) return;
    this.#restarts += 1;
    this.#start(seat).then(
      () => this.#options.log.info({ worker: seat.row }, 'the worker was replaced'),
      // Heard of as a death.
      () => undefined,
    );
  }

  #end(): void {
    this.#isEnding = true;
    for (const timer of this.#replacements) clearTimeout(timer);
    this.#replacements.clear();
  }

  #tellOfTooMany(cluster: string): void {
    this.#options.log.error(
      { cluster, limit: MAX_SHARED_SLOTS },
      'endpoints beyond what workers can count get no work',
    );
  }
}
