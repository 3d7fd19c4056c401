/** A worker of the name server: answers on shared ports and is told everything else by the control thread. */
import { parentPort, workerData } from 'node:worker_threads';
import { formatAddress } from '../../src/address.ts';
import { LoopMonitor } from '../../src/io/loop-monitor.ts';
import type { Told, WorkerOrder, WorkerWord } from '../../src/io/worker-words.ts';
import { Responder } from '../responder.ts';
import { type NewCounts, Tally } from '../tally.ts';
import { type DnsListener, listenAll } from './listeners.ts';
import { tcpLimits } from './tcp-limits.ts';
import type { SocketLog } from './udp.ts';
import { encodeRecord } from './wire.ts';
import type { FromWorker, ToWorker, WorkerPlan, WorkerStart } from './worker-messages.ts';
import { buildPlan, WorkerZones } from './worker-zones.ts';

const STALL_WARNING_MS = 500;

/** Runs until the control thread says `close`. A fault that nobody catches ends this thread and no other. */
export async function runWorker(): Promise<void> {
  if (parentPort === null) throw new Error('a worker needs a control thread');
  const port = parentPort;
  const { plan, update, workers, besideOthers } = workerData as WorkerStart;
  const say = (word: WorkerWord): void => port.postMessage(word);
  const tell = (what: FromWorker): void => port.postMessage({ kind: 'told', what } satisfies Told<FromWorker>);
  const tally = new Tally(plan.zones, sharedCounts(tell));
  const first = buildPlan(plan, tally);
  const responder = new Responder(first.tree, tally, encodeRecord, Date.now);
  const zones = new WorkerZones(responder, first, update);
  const monitor = new LoopMonitor({
    onWindow: (longestMs) => {
      if (longestMs > STALL_WARNING_MS) tell({ kind: 'stalled', longestMs });
    },
  });
  const limits = tcpLimits(plan.dns.tcp, workers);
  const sockets = { responder, tally, log: socketLog(tell), besideOthers, tcpLimits: limits };
  let listeners: readonly DnsListener[] = [];
  const all = async (action: (listener: DnsListener) => Promise<void>): Promise<void> => {
    await Promise.all(listeners.map(action));
  };
  port.on('message', (message: ToWorker | WorkerOrder) => {
    switch (message.kind) {
      case 'answers':
        zones.update(message.update);
        return;
      case 'prepare':
        say(prepare(message.plan, zones, tally));
        return;
      case 'replace':
        zones.replace(message.update);
        say({ kind: 'applied' });
        return;
      case 'discard':
        zones.discard();
        return;
      case 'drain':
        void all((listener) => listener.drain()).then(() => say({ kind: 'drained' }));
        return;
      case 'close':
        monitor.close();
        void all((listener) => listener.close()).then(() => {
          say({ kind: 'closed' });
          port.close();
        });
        return;
      case 'apply':
        return;
    }
  });
  try {
    listeners = await listenAll(plan.dns.listen, sockets);
    const addresses = listeners.map(({ address }) => formatAddress(address));
    say({ kind: 'listening', addresses: new Map(addresses.map((address, i) => [String(i), address])) });
  } catch (error) {
    say({ kind: 'failed', error });
  }
}

function prepare(plan: WorkerPlan, zones: WorkerZones, tally: Tally): WorkerWord {
  try {
    zones.prepare(buildPlan(plan, tally));
    return { kind: 'prepared', addresses: new Map() };
  } catch (error) {
    return { kind: 'refused', error };
  }
}

/** Arrays in shared memory, told to the control thread before anything is counted in them. */
function sharedCounts(tell: (message: FromWorker) => void): NewCounts {
  return (name, length) => {
    const counts = new Float64Array(new SharedArrayBuffer(length * Float64Array.BYTES_PER_ELEMENT));
    tell({ kind: 'counts', name, counts });
    return counts;
  };
}

/** What could not be sent is counted; a line for each would only fill the channel to the control thread. */
function socketLog(tell: (message: FromWorker) => void): SocketLog {
  return {
    debug: () => undefined,
    warn: (fields, message) => tell({ kind: 'warning', message, fields }),
  };
}
