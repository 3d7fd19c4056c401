/**
 * One worker's place: its row in the shared tables, and the thread that has it now.
 *
 *   state    | listening         | failed, fault, exit  | close
 *   ---------|-------------------|----------------------|------------------------
 *   empty    | –                 | –                    | empty
 *   starting | serving           | empty, tells why     | closing
 *   serving  | –                 | empty, tells why     | closing
 *   closing  | –                 | empty                | –
 */
import { Worker } from 'node:worker_threads';
import type { Told, WorkerAnswer, WorkerOrder, WorkerReport, WorkerWord } from './worker-words.ts';

type State = 'empty' | 'starting' | 'serving' | 'closing';

export interface WorkerSeatOptions<From> {
  readonly row: number;
  /** The program's main module; in a worker thread it is the worker and nothing else. */
  readonly entry: string | URL;
  /** What a worker says of its house's work. Must not throw. */
  readonly onMessage: (message: From) => void;
  /** Must not throw. */
  readonly onReport: (report: WorkerReport) => void;
  /** The thread has ended, without having been told to, and left its row behind. Must not throw. */
  readonly onDeath: (cause: unknown) => void;
}

/** How long a worker that was told to close may take before it is ended. */
const CLOSE_MS = 1_000;
/** A thread whose loop stands still for so long is not waited for. */
const ANSWER_MS = 10_000;

/** A thread that has the seat, or has had it. */
interface Thread {
  readonly worker: Worker;
  readonly listening: PromiseWithResolvers<ReadonlyMap<string, string>>;
  readonly ended: PromiseWithResolvers<void>;
  /** Why it ends, once that is known. */
  cause: unknown;
}

/**
 * `Start` is what the thread gets to begin with; `To` and `From` are what is said to it and what it says beside what
 * worker-words.ts has.
 */
export class WorkerSeat<Start, To, From> {
  readonly row: number;
  readonly #options: WorkerSeatOptions<From>;
  #state: State = 'empty';
  #worker: Worker | undefined;
  #ended = Promise.resolve();
  /** Performance time since when it serves. */
  #servesSince = 0;
  #markDrained: (() => void) | undefined;
  /** Whoever has asked and waits. */
  #asking: PromiseWithResolvers<WorkerAnswer> | undefined;

  constructor(options: WorkerSeatOptions<From>) {
    this.row = options.row;
    this.#options = options;
  }

  get isServing(): boolean {
    return this.#state === 'serving';
  }

  /** How long the present thread has served; 0 where none does. */
  servedMs(now: number): number {
    return this.isServing ? now - this.#servesSince : 0;
  }

  /**
   * Starts a thread here. Resolves to the addresses of its listeners; rejects where it ends before it listens, which
   * `onDeath` then hears of as well.
   */
  start(start: Start): Promise<ReadonlyMap<string, string>> {
    this.#state = 'starting';
    const name = `outrigger-worker-${this.row}`;
    const worker = new Worker(this.#options.entry, { workerData: start, name });
    const [listening, ended] = [Promise.withResolvers<ReadonlyMap<string, string>>(), Promise.withResolvers<void>()];
    const thread: Thread = { worker, listening, ended, cause: undefined };
    this.#worker = worker;
    this.#ended = ended.promise;
    worker.on('message', (word: WorkerWord | Told<From>) => this.#hear(thread, word));
    worker.on('messageerror', (error) => end(thread, error));
    worker.on('error', (error) => {
      thread.cause ??= error;
    });
    worker.on('exit', (code) => this.#onExit(thread, code));
    return listening.promise;
  }

  post(message: To | WorkerOrder): void {
    this.#worker?.postMessage(message);
  }

  /**
   * Resolves to the answer to a question, one at a time; rejects where the thread ends before it, does not answer in
   * time, or there is none.
   */
  ask(question: To | WorkerOrder): Promise<WorkerAnswer> {
    if (this.#worker === undefined) return Promise.reject(new Error('no worker has this seat now'));
    const asking = Promise.withResolvers<WorkerAnswer>();
    this.#asking = asking;
    this.post(question);
    const late = setTimeout(() => asking.reject(new Error(`worker ${this.row} does not answer`)), ANSWER_MS);
    return asking.promise.finally(() => clearTimeout(late));
  }

  /** Resolves when no connection is left, or no thread. */
  drain(): Promise<void> {
    if (this.#worker === undefined) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#markDrained = resolve;
    this.post({ kind: 'drain' });
    return promise;
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    this.#state = 'closing';
    this.post({ kind: 'close' });
    const late = setTimeout(() => void worker.terminate(), CLOSE_MS);
    await this.#ended;
    clearTimeout(late);
  }

  #hear(thread: Thread, word: WorkerWord | Told<From>): void {
    switch (word.kind) {
      case 'listening':
        if (this.#state === 'starting') this.#state = 'serving';
        this.#servesSince = performance.now();
        thread.listening.resolve(word.addresses);
        return;
      case 'failed':
        end(thread, word.error);
        return;
      case 'prepared':
      case 'refused':
      case 'applied':
        this.#asking?.resolve(word);
        return;
      case 'counts':
      case 'stalled':
        this.#options.onReport(word);
        return;
      case 'drained':
        this.#markDrained?.();
        return;
      case 'closed':
        void thread.worker.terminate();
        return;
      case 'told':
        this.#options.onMessage(word.what);
    }
  }

  #onExit(thread: Thread, code: number): void {
    thread.cause ??= new Error(`the worker ended with code ${code}`);
    // Before the state changes: whoever hears of the death may ask how long it had served.
    if (this.#state !== 'closing') this.#options.onDeath(thread.cause);
    this.#state = 'empty';
    this.#worker = undefined;
    this.#markDrained?.();
    this.#asking?.reject(thread.cause);
    thread.ended.resolve();
    thread.listening.reject(thread.cause);
  }
}

function end(thread: Thread, cause: unknown): void {
  thread.cause ??= cause;
  void thread.worker.terminate();
}
