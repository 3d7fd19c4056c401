/** A worker of the name server: answers on shared ports and is told everything else by the control thread. */
import { workerData } from 'node:worker_threads';
import { collectGarbage } from '../../src/io/collect-garbage.ts';
import { inSteps } from '../../src/io/in-steps.ts';
import { type ControlThread, runWorkerThread, type WorkerWork } from '../../src/io/worker-thread.ts';
import type { WorkerAnswer } from '../../src/io/worker-words.ts';
import { toEnd } from '../../src/steps.ts';
import { Responder } from '../responder.ts';
import { Tally } from '../tally.ts';
import { Sockets } from './sockets.ts';
import { encodeRecord } from './wire.ts';
import type { FromWorker, ToWorker, WorkerPlan, WorkerStart } from './worker-messages.ts';
import { buildPlanSteps, WorkerZones } from './worker-zones.ts';

export function runWorker(): Promise<void> {
  return runWorkerThread<ToWorker, FromWorker>((control) => new AnsweringWork(takeStart(), control));
}

/** Node keeps what a thread was started with for as long as that lives; all names a second time would be too much. */
function takeStart(): WorkerStart {
  const start = { ...(workerData as WorkerStart) };
  for (const key of Object.keys(start)) Reflect.deleteProperty(workerData as object, key);
  return start;
}

/** From so many names on the engine is told to collect what loading them has left behind: it would wait for long. */
const MANY_NAMES = 20_000;

class AnsweringWork implements WorkerWork<ToWorker> {
  readonly #listen: Pick<WorkerPlan['dns'], 'listen' | 'tcp'>;
  readonly #workers: number;
  /** Of what is being prepared. */
  #callOff = new AbortController();
  readonly #tally: Tally;
  readonly #zones: WorkerZones;
  readonly #sockets: Sockets;

  constructor(start: WorkerStart, { tell, newCounts }: ControlThread<FromWorker>) {
    const { plan, update, workers, besideOthers } = start;
    const { listen, tcp } = plan.dns;
    this.#listen = { listen, tcp };
    this.#workers = workers;
    this.#tally = new Tally(plan.zones, newCounts);
    const first = toEnd(buildPlanSteps(plan, this.#tally));
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
    const addresses = await this.#sockets.listen(this.#listen, this.#workers);
    this.#collect();
    return new Map(addresses.map((address, i) => [String(i), address]));
  }

  hear(message: ToWorker): Promise<WorkerAnswer | undefined> | WorkerAnswer | undefined {
    switch (message.kind) {
      case 'answers':
        this.#zones.update(message.update);
        return undefined;
      case 'prepare':
        return this.#prepare(message.plan);
      case 'replace':
        this.#zones.replace(message.update);
        this.#collect();
        return { kind: 'applied' };
    }
  }

  discard(): void {
    this.#callOff.abort();
    this.#zones.discard();
  }

  drain(): Promise<void> {
    return this.#sockets.drain();
  }

  close(): Promise<void> {
    return this.#sockets.close();
  }

  #collect(): void {
    if (this.#zones.size >= MANY_NAMES) setImmediate(() => collectGarbage());
  }

  /** Nobody waits for an answer any more once it is called off. */
  async #prepare(plan: WorkerPlan): Promise<WorkerAnswer | undefined> {
    this.#callOff.abort();
    this.#callOff = new AbortController();
    const { signal } = this.#callOff;
    try {
      const next = await inSteps(buildPlanSteps(plan, this.#tally), signal);
      if (signal.aborted) return undefined;
      this.#zones.prepare(next);
      return { kind: 'prepared', addresses: new Map() };
    } catch (error) {
      return signal.aborted ? undefined : { kind: 'refused', error };
    }
  }
}
