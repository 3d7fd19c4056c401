/** The life of a worker thread: a data path of its own, fed by the control thread and counting where that one reads. */
import { setImmediate } from 'node:timers/promises';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { LoopMonitor } from '../../src/io/loop-monitor.ts';
import { SharedInFlight } from '../in-flight.ts';
import { ProcessConnectionLimit } from '../process-connection-limit.ts';
import { type NewCounts, within } from '../traffic.ts';
import { BYTES, DROPPED_LOG_LINES, listenerPath } from '../worker-counts.ts';
import { DataPath } from './data-path.ts';
import { postLines } from './posted-lines.ts';
import { RemoteCluster } from './remote-cluster.ts';
import type { FromWorker, ToWorker, WorkerStart } from './worker-messages.ts';

const STALL_WARNING_MS = 500;

/** Runs until the control thread says `close`. A fault that nobody catches ends this thread and no other. */
export async function runWorker(): Promise<void> {
  if (parentPort === null) throw new Error('a worker needs a control thread');
  const port = parentPort;
  const start = workerData as WorkerStart;
  const post = (message: FromWorker): void => port.postMessage(message);
  const newCounts = sharedCounts(post);
  const inFlight = new Map([...start.inFlight].map(([name, table]) => [name, new SharedInFlight(table, start.row)]));
  const clusters = openClusters(start, inFlight);
  const dropped = newCounts(DROPPED_LOG_LINES, 1);
  const path = new DataPath({
    config: start.config,
    views: [...clusters.values()],
    inFlightOf: (name) => present(inFlight, name),
    limitOf: (name) => openLimit(start, name),
    newCounts,
    accessLines: postLines({
      post: (text) => post({ kind: 'lines', text }),
      postedBytes: start.postedBytes,
      dropped,
    }),
    reusePort: true,
  });
  const monitor = publishEverySecond(path, newCounts, post);
  port.on('message', (message: ToWorker) => {
    switch (message.kind) {
      case 'snapshot':
        clusters.get(message.cluster)?.take(message.update);
        return;
      case 'drain':
        void path.drain().then(() => post({ kind: 'drained' }));
        return;
      case 'close':
        void close(path, monitor, port, post);
        return;
    }
  });
  try {
    post({ kind: 'listening', addresses: await path.listen() });
  } catch (error) {
    post({ kind: 'failed', error });
  }
}

async function close(
  path: DataPath,
  monitor: LoopMonitor,
  port: MessagePort,
  post: (message: FromWorker) => void,
): Promise<void> {
  monitor.close();
  await path.close();
  // Handles close at the end of a turn of the loop; a reset that was asked for must have been sent.
  await setImmediate();
  post({ kind: 'closed' });
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

function openClusters(
  { config, snapshots }: WorkerStart,
  inFlight: ReadonlyMap<string, SharedInFlight>,
): ReadonlyMap<string, RemoteCluster> {
  return new Map(
    Object.entries(config.clusters).map(([name, { balance }]) => {
      const first = present(snapshots, name);
      return [name, new RemoteCluster({ name, balance, first, inFlight: present(inFlight, name) })];
    }),
  );
}

function openLimit(start: WorkerStart, listener: string): ProcessConnectionLimit {
  const { limits } = present(new Map(start.config.listeners.map((it) => [it.name, it])), listener);
  const table = present(start.connections, listener);
  return new ProcessConnectionLimit({ limits, table, row: start.row, seed: start.hashSeed });
}

/** Bytes are known to each socket and to nobody else, so they are gathered every now and then. */
function publishEverySecond(path: DataPath, newCounts: NewCounts, post: (message: FromWorker) => void): LoopMonitor {
  const bytes = path.listeners.map((listener) => within(newCounts, ...listenerPath(listener.name))(BYTES, 2));
  return new LoopMonitor({
    onWindow: (longestMs) => {
      if (longestMs > STALL_WARNING_MS) post({ kind: 'stalled', longestMs });
      for (const [i, listener] of path.listeners.entries()) {
        const { received, sent } = listener.bytes();
        bytes[i]?.set([received, sent]);
      }
    },
  });
}

function present<T>(map: ReadonlyMap<string, T>, name: string): T {
  const value = map.get(name);
  if (value === undefined) throw new Error(`${name} was not given to the worker`);
  return value;
}
