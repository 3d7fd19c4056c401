/** The life of a worker thread: a data path of its own, fed by the control thread and counting where that one reads. */
import { setImmediate } from 'node:timers/promises';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { LoopMonitor } from '../../src/io/loop-monitor.ts';
import type { Told, WorkerOrder, WorkerWord } from '../../src/io/worker-words.ts';
import type { NewCounts } from '../traffic.ts';
import { DROPPED_LOG_LINES } from '../worker-counts.ts';
import { DataPath } from './data-path.ts';
import { postLines } from './posted-lines.ts';
import type { PreparedPlan } from './serving.ts';
import type { FromWorker, ToWorker, WorkerPlan, WorkerStart } from './worker-messages.ts';
import { WorkerPlans } from './worker-plans.ts';

const STALL_WARNING_MS = 500;

/** Runs until the control thread says `close`. A fault that nobody catches ends this thread and no other. */
export async function runWorker(): Promise<void> {
  if (parentPort === null) throw new Error('a worker needs a control thread');
  const port = parentPort;
  const start = workerData as WorkerStart;
  const say = (word: WorkerWord): void => port.postMessage(word);
  const post = (what: FromWorker): void => port.postMessage({ kind: 'told', what } satisfies Told<FromWorker>);
  const newCounts = sharedCounts(post);
  const plans = new WorkerPlans(start);
  const path = new DataPath({
    plan: plans.take(start.plan),
    limitOf: (listener) => plans.limitOf(listener),
    newCounts,
    accessLines: postLines({
      post: (text) => post({ kind: 'lines', text }),
      postedBytes: start.postedBytes,
      dropped: newCounts(DROPPED_LOG_LINES, 1),
    }),
    isOneOfSeveral: true,
    ports: start.plan.ports,
  });
  path.setWeights(start.weights);
  const monitor = new LoopMonitor({
    onWindow: (longestMs) => {
      if (longestMs > STALL_WARNING_MS) post({ kind: 'stalled', longestMs });
      path.publishBytes();
    },
  });
  const reload = new WorkerReload(path, plans);
  port.on('message', (message: ToWorker | WorkerOrder) => {
    switch (message.kind) {
      case 'snapshot':
        plans.update(message.cluster, message.update);
        return;
      case 'weights':
        path.setWeights(message.weights);
        return;
      case 'release':
        path.releaseClients();
        return;
      case 'prepare':
        void reload.prepare(message.plan).then(say);
        return;
      case 'apply':
        void reload.apply().then(() => say({ kind: 'applied' }));
        return;
      case 'discard':
        void reload.discard();
        return;
      case 'drain':
        void path.drain().then(() => say({ kind: 'drained' }));
        return;
      case 'close':
        void close(path, monitor, port, say);
        return;
    }
  });
  try {
    say({ kind: 'listening', addresses: await path.listen() });
  } catch (error) {
    say({ kind: 'failed', error });
  }
}

/** The plan that waits for its word. */
class WorkerReload {
  readonly #path: DataPath;
  readonly #plans: WorkerPlans;
  #prepared: PreparedPlan | undefined;

  constructor(path: DataPath, plans: WorkerPlans) {
    this.#path = path;
    this.#plans = plans;
  }

  async prepare(plan: WorkerPlan): Promise<WorkerWord> {
    try {
      this.#prepared = await this.#path.prepare(this.#plans.take(plan), plan.ports);
      return { kind: 'prepared', addresses: this.#prepared.addresses };
    } catch (error) {
      this.#plans.drop();
      return { kind: 'refused', error };
    }
  }

  async apply(): Promise<void> {
    // In the same turn of the loop: no request sees one without the other.
    this.#plans.apply();
    await this.#prepared?.apply();
    this.#prepared = undefined;
  }

  async discard(): Promise<void> {
    this.#plans.drop();
    await this.#prepared?.discard();
    this.#prepared = undefined;
  }
}

async function close(
  path: DataPath,
  monitor: LoopMonitor,
  port: MessagePort,
  say: (word: WorkerWord) => void,
): Promise<void> {
  monitor.close();
  await path.close();
  // Handles close at the end of a turn of the loop; a reset that was asked for must have been sent.
  await setImmediate();
  say({ kind: 'closed' });
  port.close();
}

/** Arrays in shared memory, told to the control thread before anything is counted in them. */
function sharedCounts(post: (message: FromWorker) => void): NewCounts {
  return (name, length) => {
    const counts = new Float64Array(new SharedArrayBuffer(length * Float64Array.BYTES_PER_ELEMENT));
    post({ kind: 'counts', name, counts });
    return counts;
  };
}
