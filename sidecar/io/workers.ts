/** Several threads on the same ports: starts them, tells them of changes, adds up what they count, replaces the dead. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { type ListenAddress, parseHostPort } from '../../src/address.ts';
import { backoffMs } from '../../src/backoff.ts';
import type { ClusterView } from '../../src/cluster-view.ts';
import type { Endpoint } from '../../src/endpoint.ts';
import type { LineSink } from '../../src/io/line-sink.ts';
import { listen } from '../../src/io/listen.ts';
import type { Log } from '../../src/io/log.ts';
import { describeSnapshot } from '../../src/remote-snapshot.ts';
import { CountLedger } from '../count-ledger.ts';
import { clearInFlight, inFlightAt, MAX_SHARED_SLOTS } from '../in-flight.ts';
import type { EndpointTraffic, Traffic } from '../metrics.ts';
import { clearConnections, connectionsIn, connectionTable } from '../process-connection-limit.ts';
import {
  clusterTraffic,
  countsFormerEndpoint,
  DROPPED_LOG_LINES,
  endpointCounts,
  listenerTraffic,
} from '../worker-counts.ts';
import type { DataPathConfig, Serving } from './serving.ts';
import type { FromWorker, ToWorker, WorkerStart } from './worker-messages.ts';
import { WorkerSeat } from './worker-seat.ts';

export interface WorkersOptions {
  readonly config: DataPathConfig;
  /** At least 2. */
  readonly count: number;
  /** The program's main module (worker-seat.ts). */
  readonly entry: string | URL;
  readonly views: readonly ClusterView[];
  /** By cluster, with a row for each worker: the views' pickers read it too. */
  readonly inFlight: ReadonlyMap<string, Int32Array>;
  /** Where access lines go; closed at the end. Undefined where there are none. */
  readonly accessLines: LineSink | undefined;
  readonly log: Log;
}

/** Between a death and the replacement. A worker that has served for this long starts the count of deaths afresh. */
const REPLACEMENT = { baseMs: 100, maxMs: 10_000 };
const STEADY_MS = 60_000;

export class Workers implements Serving {
  readonly #options: WorkersOptions;
  readonly #seats: readonly WorkerSeat[];
  readonly #connections: ReadonlyMap<string, Int32Array>;
  readonly #hashSeed = randomInt(2 ** 32);
  readonly #ledger = new CountLedger();
  readonly #postedBytes: Int32Array[] = [];
  /** Deaths in a row, by seat. */
  readonly #deaths: number[] = [];
  readonly #replacements = new Set<NodeJS.Timeout>();
  readonly #unsubscribe: readonly (() => void)[];
  /** As configured, until the first worker has bound what port 0 stands for. */
  #config: DataPathConfig;
  #hasStarted = false;
  #isEnding = false;
  #restarts = 0;

  constructor(options: WorkersOptions) {
    this.#options = options;
    this.#config = options.config;
    const { config, count, views } = options;
    this.#connections = new Map(config.listeners.map(({ name }) => [name, connectionTable(count)]));
    this.#seats = Array.from({ length: count }, (_, row) => {
      const onMessage = (message: FromWorker): void => this.#onMessage(row, message);
      return new WorkerSeat({ row, entry: options.entry, onMessage, onDeath: (cause) => this.#onDeath(row, cause) });
    });
    this.#unsubscribe = views.map((view) =>
      view.onChange((snapshot, previous) => {
        this.#ledger.forget(countsFormerEndpoint(view.name, snapshot.endpoints));
        if (snapshot.endpoints.some(({ slot }) => slot >= MAX_SHARED_SLOTS)) this.#tellOfTooMany(view.name);
        this.#tell({ kind: 'snapshot', cluster: view.name, update: describeSnapshot(snapshot, previous) });
      }),
    );
  }

  async listen(): Promise<ReadonlyMap<string, string>> {
    for (const listener of this.#config.listeners) await refuseTaken(listener.listen);
    const [first, ...others] = this.#seats;
    if (first === undefined || this.#isEnding) throw new Error('ended before it had started');
    const addresses = await this.#start(first);
    if (this.#isEnding) return addresses;
    this.#config = withBoundPorts(this.#config, addresses);
    await Promise.all(others.map((seat) => this.#start(seat)));
    this.#hasStarted = true;
    return addresses;
  }

  get connections(): number {
    return [...this.#connections.values()].reduce((sum, table) => sum + connectionsIn(table), 0);
  }

  async drain(): Promise<void> {
    this.#end();
    await Promise.all(this.#seats.map((seat) => seat.drain()));
  }

  async close(): Promise<void> {
    this.#end();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    await Promise.all(this.#seats.map((seat) => seat.close()));
    await this.#options.accessLines?.close();
  }

  traffic(): Traffic {
    const { accessLines, views } = this.#options;
    const find = (name: string): Float64Array | undefined => this.#ledger.find(name);
    return {
      listeners: this.#config.listeners.map((it) => {
        const table = this.#connections.get(it.name);
        return listenerTraffic(it, find, table === undefined ? 0 : connectionsIn(table));
      }),
      clusters: views.map(({ name, snapshot: { endpoints } }) => {
        return clusterTraffic({ name, endpoints }, find, (slot) => this.#inFlightAt(name, slot));
      }),
      droppedLogLines: (accessLines?.dropped() ?? 0) + (find(DROPPED_LOG_LINES)?.[0] ?? 0),
      workers: { running: this.#seats.filter((seat) => seat.isServing).length, restarts: this.#restarts },
    };
  }

  endpointTraffic(cluster: string, endpoint: Endpoint): Omit<EndpointTraffic, 'endpoint'> {
    const counts = endpointCounts(cluster, endpoint, (name) => this.#ledger.find(name));
    return { counts, inFlight: this.#inFlightAt(cluster, endpoint.slot) };
  }

  outage(): string | undefined {
    if (!this.#hasStarted || this.#seats.some((seat) => seat.isServing)) return undefined;
    return 'every worker has died and none has been replaced yet';
  }

  #start(seat: WorkerSeat): Promise<ReadonlyMap<string, string>> {
    const { row } = seat;
    const postedBytes = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    this.#postedBytes[row] = postedBytes;
    const start: WorkerStart = {
      row,
      config: row === 0 ? this.#config : withoutSockets(this.#config),
      snapshots: new Map(
        this.#options.views.map(({ name, snapshot }) => [name, describeSnapshot(snapshot, undefined)]),
      ),
      inFlight: this.#options.inFlight,
      connections: this.#connections,
      hashSeed: this.#hashSeed,
      postedBytes,
    };
    return seat.start(start);
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
    this.#options.accessLines?.write(text);
  }

  /** Its thread has ended: what it held is forgotten, what it counted is kept, and another one takes its place. */
  #onDeath(row: number, cause: unknown): void {
    const { log, inFlight } = this.#options;
    for (const table of inFlight.values()) clearInFlight(table, row);
    for (const table of this.#connections.values()) clearConnections(table, row);
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
      this.#replace(seat);
    }, delayMs);
    this.#replacements.add(timer);
  }

  #replace(seat: WorkerSeat): void {
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

  #inFlightAt(cluster: string, slot: number): number {
    const table = this.#options.inFlight.get(cluster);
    return table === undefined ? 0 : inFlightAt(table, slot);
  }

  #tellOfTooMany(cluster: string): void {
    this.#options.log.error(
      { cluster, limit: MAX_SHARED_SLOTS },
      'endpoints beyond what workers can count get no work',
    );
  }
}

/**
 * Ports that are shared would be shared with another process of ours as well, and neither would notice; so whoever has
 * one already is met here, as it is with one worker.
 */
async function refuseTaken(address: ListenAddress): Promise<void> {
  if ('path' in address || address.port === 0) return;
  const server = createServer((socket) => socket.destroy());
  await listen(server, address);
  await new Promise((resolve) => server.close(resolve));
}

/** What was port 0 is from here on the port that the first worker got. */
function withBoundPorts(config: DataPathConfig, addresses: ReadonlyMap<string, string>): DataPathConfig {
  const listeners = config.listeners.map((listener) => {
    const bound = parseHostPort(addresses.get(listener.name) ?? '');
    if ('path' in listener.listen || bound === undefined) return listener;
    return { ...listener, listen: { ...listener.listen, port: bound.port } };
  });
  return { ...config, listeners };
}

/** A unix socket cannot be shared: the first worker alone has it. */
function withoutSockets(config: DataPathConfig): DataPathConfig {
  return { ...config, listeners: config.listeners.filter(({ listen: address }) => !('path' in address)) };
}
