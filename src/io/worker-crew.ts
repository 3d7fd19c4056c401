/** Several threads that do the same work: starts them, asks them, tells them, and replaces those that die. */
import { setTimeout as delay } from 'node:timers/promises';
import { type BackoffLimits, backoffMs } from '../backoff.ts';
import type { CountLedger } from '../count-ledger.ts';
import type { Log } from './log.ts';
import { WorkerSeat } from './worker-seat.ts';
import type { WorkerOrder, WorkerReport } from './worker-words.ts';

export interface WorkerCrewOptions<Start, From> {
  /** At least 2. */
  readonly count: number;
  /** The program's main module (worker-seat.ts). */
  readonly entry: string | URL;
  /** What a thread in this row gets to begin with, as it is at that moment. */
  readonly startOf: (row: number) => Start;
  /** The first thread listens: the others are to bind what it got. */
  readonly onFirst: (addresses: ReadonlyMap<string, string>) => void;
  /** Where the counts of all threads go; those of a thread that dies stay. */
  readonly ledger: CountLedger;
  /** Must not throw. */
  readonly onMessage: (row: number, message: From) => void;
  /** A thread has ended that was not told to; what it held in its row is to be forgotten. Must not throw. */
  readonly onGone?: (row: number) => void;
  /** What is lost with a thread, for the log: `its connections are cut`. */
  readonly loss: string;
  readonly log: Log;
}

/** Between a death and the replacement. A worker that has served for this long starts the count of deaths afresh. */
const REPLACEMENT: BackoffLimits = { baseMs: 100, maxMs: 10_000 };
const STEADY_MS = 60_000;
/** How long a reload waits for a worker that is being replaced. */
const ALL_SERVE_MS = 5_000;
const ALL_SERVE_POLL_MS = 20;

export class WorkerCrew<Start, To, From> {
  readonly #options: WorkerCrewOptions<Start, From>;
  readonly #seats: readonly WorkerSeat<Start, To, From>[];
  /** Deaths in a row, by seat. */
  readonly #deaths: number[] = [];
  readonly #replacements = new Set<NodeJS.Timeout>();
  /** What holds up a worker that is to be replaced: it would start between two plans. */
  #reload = Promise.resolve();
  #hasStarted = false;
  #isEnding = false;
  #restarts = 0;

  constructor(options: WorkerCrewOptions<Start, From>) {
    this.#options = options;
    this.#seats = Array.from({ length: options.count }, (_, row) => {
      return new WorkerSeat({
        row,
        entry: options.entry,
        onMessage: (message) => options.onMessage(row, message),
        onReport: (report) => this.#onReport(row, report),
        onDeath: (cause) => this.#onDeath(row, cause),
      });
    });
  }

  /** How many serve now, and how often one took the place of one that died. */
  get state(): { readonly running: number; readonly restarts: number } {
    return { running: this.#seats.filter((seat) => seat.isServing).length, restarts: this.#restarts };
  }

  outage(): string | undefined {
    if (!this.#hasStarted || this.#seats.some((seat) => seat.isServing)) return undefined;
    return 'every worker has died and none has been replaced yet';
  }

  /** The first one binds alone. Resolves to its addresses once all listen; rejects where one ends before. */
  async start(): Promise<ReadonlyMap<string, string>> {
    const [first, ...others] = this.#seats;
    if (first === undefined || this.#isEnding) throw new Error('ended before it had started');
    const addresses = await this.#start(first);
    if (this.#isEnding) return addresses;
    this.#options.onFirst(addresses);
    await Promise.all(others.map((seat) => this.#start(seat)));
    this.#hasStarted = true;
    return addresses;
  }

  /**
   * A plan is for all workers or for none: resolves when none is missing, and holds up those that are to be replaced until
   * what it resolves to is called. Rejects where one is missing for too long.
   */
  async beginPlan(): Promise<() => void> {
    const deadline = performance.now() + ALL_SERVE_MS;
    while (!this.#isEnding && this.#seats.some((seat) => !seat.isServing)) {
      if (performance.now() > deadline) throw new Error('a worker has died and is not replaced yet');
      await delay(ALL_SERVE_POLL_MS);
    }
    if (this.#isEnding) throw new Error('the process ends');
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#reload = promise;
    return resolve;
  }

  /** The first one alone, then the others. Resolves to the first one's addresses; rejects where one refuses. */
  async prepareAll(
    question: (row: number) => To,
    onFirst: (addresses: ReadonlyMap<string, string>) => void,
  ): Promise<ReadonlyMap<string, string>> {
    const ask = async (seat: WorkerSeat<Start, To, From>): Promise<ReadonlyMap<string, string>> => {
      const answer = await seat.ask(question(seat.row));
      if (answer.kind === 'prepared') return answer.addresses;
      throw answer.kind === 'refused' ? answer.error : new Error('a worker is out of step');
    };
    const [first, ...others] = this.#seats;
    if (first === undefined) throw new Error('there is no worker');
    const addresses = await ask(first);
    onFirst(addresses);
    // All have answered before anything is taken back.
    const answers = await Promise.allSettled(others.map(ask));
    for (const answer of answers) if (answer.status === 'rejected') throw answer.reason;
    return addresses;
  }

  /** Puts in place what was prepared. Whoever dies meanwhile is replaced by one that starts with it. Never rejects. */
  async applyAll(order: To): Promise<void> {
    await Promise.allSettled(this.#seats.map((seat) => seat.ask(order)));
  }

  tell(message: To | WorkerOrder): void {
    for (const seat of this.#seats) seat.post(message);
  }

  /** Resolves when no worker has anything left. */
  async drain(): Promise<void> {
    this.#end();
    await Promise.all(this.#seats.map((seat) => seat.drain()));
  }

  async close(): Promise<void> {
    this.#end();
    await Promise.all(this.#seats.map((seat) => seat.close()));
  }

  #start(seat: WorkerSeat<Start, To, From>): Promise<ReadonlyMap<string, string>> {
    return seat.start(this.#options.startOf(seat.row));
  }

  #onReport(row: number, report: WorkerReport): void {
    const { log, ledger } = this.#options;
    if (report.kind === 'counts') ledger.add(row, report.name, report.counts);
    else log.warn({ worker: row, stall_ms: Math.round(report.longestMs) }, 'the event loop of a worker stood still');
  }

  /** Its thread has ended: what it held is forgotten, what it counted is kept, and another one takes its place. */
  #onDeath(row: number, cause: unknown): void {
    const { log, loss, ledger, onGone } = this.#options;
    onGone?.(row);
    ledger.retire(row);
    const seat = this.#seats[row];
    // A start that fails as a whole is told by whoever waits for it.
    if (seat === undefined || !this.#hasStarted || this.#isEnding) return;
    const isSteady = seat.servedMs(performance.now()) >= STEADY_MS;
    const deaths = isSteady ? 1 : (this.#deaths[row] ?? 0) + 1;
    this.#deaths[row] = deaths;
    const delayMs = backoffMs(deaths, Math.random(), REPLACEMENT);
    log.error({ worker: row, err: cause, delay_ms: delayMs }, `a worker died: ${loss}, another follows`);
    const timer = setTimeout(() => {
      this.#replacements.delete(timer);
      void this.#replace(seat);
    }, delayMs);
    this.#replacements.add(timer);
  }

  async #replace(seat: WorkerSeat<Start, To, From>): Promise<void> {
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
}
