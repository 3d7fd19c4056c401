/** A sidecar's worker thread: a data path of its own, fed by the control thread and counting where that one reads. */
import { workerData } from 'node:worker_threads';
import { type ControlThread, runWorkerThread, type WorkerWork } from '../../src/io/worker-thread.ts';
import type { WorkerAnswer } from '../../src/io/worker-words.ts';
import { DROPPED_LOG_LINES } from '../worker-counts.ts';
import { DataPath } from './data-path.ts';
import { postLines } from './posted-lines.ts';
import type { PreparedPlan } from './serving.ts';
import type { FromWorker, ToWorker, WorkerPlan, WorkerStart } from './worker-messages.ts';
import { WorkerPlans } from './worker-plans.ts';

/** How often the control thread gets to see how many bytes went by. */
const BYTES_EVERY_MS = 1_000;

export function runWorker(): Promise<void> {
  return runWorkerThread<ToWorker, FromWorker>((control) => new DataPathWork(workerData as WorkerStart, control));
}

class DataPathWork implements WorkerWork<ToWorker> {
  readonly #plans: WorkerPlans;
  readonly #path: DataPath;
  readonly #publishing: NodeJS.Timeout;
  /** The plan that waits for its word. */
  #prepared: PreparedPlan | undefined;

  constructor(start: WorkerStart, { tell, newCounts }: ControlThread<FromWorker>) {
    this.#plans = new WorkerPlans(start);
    this.#path = new DataPath({
      plan: this.#plans.take(start.plan),
      limitOf: (listener) => this.#plans.limitOf(listener),
      newCounts,
      accessLines: postLines({
        post: (lines) => tell({ lines }),
        postedBytes: start.postedBytes,
        dropped: newCounts(DROPPED_LOG_LINES, 1),
      }),
      isOneOfSeveral: true,
      ports: start.plan.ports,
    });
    this.#path.setWeights(start.weights);
    this.#publishing = setInterval(() => this.#path.publishBytes(), BYTES_EVERY_MS).unref();
  }

  listen(): Promise<ReadonlyMap<string, string>> {
    return this.#path.listen();
  }

  hear(message: ToWorker): Promise<WorkerAnswer> | undefined {
    switch (message.kind) {
      case 'snapshot':
        this.#plans.update(message.cluster, message.update);
        return undefined;
      case 'weights':
        this.#path.setWeights(message.weights);
        return undefined;
      case 'release':
        this.#path.releaseClients();
        return undefined;
      case 'prepare':
        return this.#prepare(message.plan);
      case 'apply':
        return this.#apply();
    }
  }

  async discard(): Promise<void> {
    this.#plans.drop();
    await this.#prepared?.discard();
    this.#prepared = undefined;
  }

  drain(): Promise<void> {
    return this.#path.drain();
  }

  close(): Promise<void> {
    clearInterval(this.#publishing);
    return this.#path.close();
  }

  async #prepare(plan: WorkerPlan): Promise<WorkerAnswer> {
    try {
      this.#prepared = await this.#path.prepare(this.#plans.take(plan), plan.ports);
      return { kind: 'prepared', addresses: this.#prepared.addresses };
    } catch (error) {
      this.#plans.drop();
      return { kind: 'refused', error };
    }
  }

  async #apply(): Promise<WorkerAnswer> {
    // In the same turn of the loop: no request sees one without the other.
    this.#plans.apply();
    await this.#prepared?.apply();
    this.#prepared = undefined;
    return { kind: 'applied' };
  }
}
