/** The life of a worker as its own thread has it: the other end of worker-seat.ts. */
import { setImmediate } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';
import { LoopMonitor } from './loop-monitor.ts';
import type { Told, WorkerAnswer, WorkerOrder, WorkerWord } from './worker-words.ts';

/** What a house has its workers do. */
export interface WorkerWork<To> {
  /** Resolves to the addresses of its listeners, by their names. Called once. */
  listen(): Promise<ReadonlyMap<string, string>>;
  /** Does what it is told; to a question it returns the answer. A failure of it is the end of the thread. */
  hear(message: To): Promise<WorkerAnswer | undefined> | WorkerAnswer | undefined;
  /** Of what was prepared. */
  discard(): unknown;
  /** Takes nothing new; resolves when no connection is left. */
  drain(): Promise<unknown>;
  close(): Promise<unknown>;
}

/** What a worker may say by itself. */
export interface ControlThread<From> {
  readonly tell: (what: From) => void;
  /** An array in shared memory, of which the control thread hears before anything is counted in it. */
  readonly newCounts: (name: string, length: number) => Float64Array;
}

/** Runs until the control thread says `close`. A fault that nobody catches ends this thread and no other. */
export async function runWorkerThread<To extends { readonly kind: string }, From>(
  begin: (control: ControlThread<From>) => WorkerWork<To>,
): Promise<void> {
  if (parentPort === null) throw new Error('a worker needs a control thread');
  const port = parentPort;
  const say = (word: WorkerWord | Told<From>): void => port.postMessage(word);
  const work = begin({
    tell: (what) => say({ kind: 'told', what }),
    newCounts: (name, length) => {
      const counts = new Float64Array(new SharedArrayBuffer(length * Float64Array.BYTES_PER_ELEMENT));
      say({ kind: 'counts', name, counts });
      return counts;
    },
  });
  const monitor = new LoopMonitor({ onStand: (longestMs) => say({ kind: 'stalled', longestMs }) });
  port.on('message', (message: To | WorkerOrder) => {
    if (!isOrder(message)) void hear(work, message, say);
    else if (message.kind === 'discard') work.discard();
    else if (message.kind === 'drain') void work.drain().then(() => say({ kind: 'drained' }));
    else void close().then(() => port.close());
  });
  const close = async (): Promise<void> => {
    monitor.close();
    await work.close();
    // Handles close at the end of a turn of the loop; a reset that was asked for must have been sent.
    await setImmediate();
    say({ kind: 'closed' });
  };
  await work.listen().then(
    (addresses) => say({ kind: 'listening', addresses }),
    (error: unknown) => say({ kind: 'failed', error }),
  );
}

const ORDERS: ReadonlySet<string> = new Set<WorkerOrder['kind']>(['discard', 'drain', 'close']);

function isOrder(message: { readonly kind: string }): message is WorkerOrder {
  return ORDERS.has(message.kind);
}

async function hear<To>(work: WorkerWork<To>, message: To, say: (word: WorkerWord) => void): Promise<void> {
  const answer = await work.hear(message);
  if (answer !== undefined) say(answer);
}
