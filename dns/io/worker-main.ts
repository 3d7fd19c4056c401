/** A worker of the name server: answers on shared ports and is told everything else by the control thread. */
import { workerData } from 'node:worker_threads';
import { type ControlThread, runWorkerThread, type WorkerWork } from '../../src/io/worker-thread.ts';
import type { WorkerAnswer } from '../../src/io/worker-words.ts';
import { Responder } from '../responder.ts';
import { Tally } from '../tally.ts';
import { Sockets } from './sockets.ts';
import { encodeRecord } from './wire.ts';
import type { FromWorker, ToWorker, WorkerPlan, WorkerStart } from './worker-messages.ts';
import { buildPlan, WorkerZones } from './worker-zones.ts';

export function runWorker(): Promise<void> {
  return runWorkerThread<ToWorker, FromWorker>((control) => new AnsweringWork(workerData as WorkerStart, control));
}

class AnsweringWork implements WorkerWork<ToWorker> {
  readonly #start: WorkerStart;
  readonly #tally: Tally;
  readonly #zones: WorkerZones;
  readonly #sockets: Sockets;

  constructor(start: WorkerStart, { tell, newCounts }: ControlThread<FromWorker>) {
    const { plan, update, besideOthers } = start;
    this.#start = start;
    this.#tally = new Tally(plan.zones, newCounts);
    const first = buildPlan(plan, this.#tally);
    const responder = new Responder(first.tree, this.#tally, encodeRecord, Date.now);
    this.#zones = new WorkerZones(responder, first, update);
    const log = {
      // What could not be sent is counted; a line for each would only fill the channel to the control thread.
      debug: () => undefined,
      warn: (fields: object, message: string) => tell({ message, fields }),
    };
    this.#sockets = new Sockets({ responder, tally: this.#tally, log, besideOthers });
  }

  async listen(): Promise<ReadonlyMap<string, string>> {
    const { plan, workers } = this.#start;
    const addresses = await this.#sockets.listen(plan.dns, workers);
    return new Map(addresses.map((address, i) => [String(i), address]));
  }

  hear(message: ToWorker): WorkerAnswer | undefined {
    switch (message.kind) {
      case 'answers':
        this.#zones.update(message.update);
        return undefined;
      case 'prepare':
        return this.#prepare(message.plan);
      case 'replace':
        this.#zones.replace(message.update);
        return { kind: 'applied' };
    }
  }

  discard(): void {
    this.#zones.discard();
  }

  drain(): Promise<void> {
    return this.#sockets.drain();
  }

  close(): Promise<void> {
    return this.#sockets.close();
  }

  #prepare(plan: WorkerPlan): WorkerAnswer {
    try {
      this.#zones.prepare(buildPlan(plan, this.#tally));
      return { kind: 'prepared', addresses: new Map() };
    } catch (error) {
      return { kind: 'refused', error };
    }
  }
}
