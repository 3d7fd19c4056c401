/**
 * The life of a process that runs a house: signals and faults in, one exit code out.
 *
 *   state    | SIGTERM, SIGINT | SIGHUP        | uncaught fault       | the house closed
 *   ---------|-----------------|---------------|----------------------|-------------------
 *   starting | drain           | reload (once all is bound) | drain, code 1        | code, or why not
 *   running  | drain           | reload        | drain, code 1        | code
 *   draining | close at once   | refused       | close at once, 1     | code
 */
import { setImmediate } from 'node:timers/promises';
import type { Log } from './log.ts';
import { LoopMonitor } from './loop-monitor.ts';
import type { ReadConfig } from './reloads.ts';
import type { RunningHouse } from './running-house.ts';

export interface ProcessLifeOptions {
  /** Opens the house; what it throws, and what its `ready` rejects with, is thrown on once all is closed. */
  readonly start: () => RunningHouse;
  /** Reads the configuration again; called for each SIGHUP. */
  readonly read: ReadConfig;
  /** Called when a reload has come to an end, whatever it is. */
  readonly onReloaded?: (() => void) | undefined;
  /** Calls its argument when the configuration should be read again by itself; returns what ends that. */
  readonly watch?: ((onChange: () => void) => () => void) | undefined;
  readonly log: Log;
  /** The real process; a test hands in an emitter of its own. */
  readonly events?: NodeJS.EventEmitter;
  /** Receives the errors of standard output, where a reader may go away. */
  readonly output?: NodeJS.EventEmitter;
}

/** Runs a house to its end. Resolves to the exit code: 0, or 1 when an uncaught fault was what ended it. */
export async function runHouse({ start, read, log, ...options }: ProcessLifeOptions): Promise<0 | 1> {
  const events = options.events ?? process;
  const subscriptions = new Subscriptions();
  const monitor = new LoopMonitor({
    onStand: (longestMs) => log.warn({ stall_ms: Math.round(longestMs) }, 'the event loop stood still'),
  });
  try {
    ignoreBrokenOutput(options.output ?? process.stdout, subscriptions);
    const house = start();
    const fate: Fate = { code: 0, ending: false };
    subscriptions.add(events, 'SIGTERM', () => end(house, fate, { log, why: 'SIGTERM' }));
    subscriptions.add(events, 'SIGINT', () => end(house, fate, { log, why: 'SIGINT' }));
    const reload = (why: string): void => {
      log.info({ why }, 'reading the configuration again');
      void house.reload(read).then(options.onReloaded);
    };
    subscriptions.add(events, 'SIGHUP', () => reload('SIGHUP'));
    if (options.watch !== undefined) subscriptions.onEnd(options.watch(() => reload('the file has changed')));
    // A promise that rejects without a listener arrives here as well: that is Node's default.
    subscriptions.add(events, 'uncaughtException', (error) => {
      fate.code = 1;
      log.error({ err: error }, 'uncaught fault: the process ends');
      end(house, fate, { log, why: 'uncaught fault' });
    });
    const failure = await endOf(house, log);
    // Told to end while it started: that is not a failure, whatever became of the start.
    if (failure !== undefined && !fate.ending && !house.admin.draining()) throw failure.error;
    log.info({ code: fate.code }, 'ended');
    return fate.code;
  } finally {
    monitor.close();
    subscriptions.end();
  }
}

/** Resolves when all is closed, with the reason where the house could not start. */
async function endOf(house: RunningHouse, log: Log): Promise<{ readonly error: unknown } | undefined> {
  let failure: { readonly error: unknown } | undefined;
  void house.ready.then(
    () => log.info({ addresses: Object.fromEntries(house.addresses) }, 'started'),
    (error: unknown) => {
      failure = { error };
      return house.close();
    },
  );
  await house.closed;
  // A house that fails to start may close what it had opened first, and reject right after.
  await setImmediate();
  return failure;
}

interface Fate {
  code: 0 | 1;
  ending: boolean;
}

/** The first call drains, a further one cuts. */
function end(house: RunningHouse, fate: Fate, { log, why }: { log: Log; why: string }): void {
  if (fate.ending) {
    log.warn({ why }, 'closing at once');
    void house.close();
    return;
  }
  fate.ending = true;
  log.info({ why }, 'draining');
  void house.drain();
}

/** A log reader that goes away (`| head`) is no reason to stop serving, whatever listened for that before. */
function ignoreBrokenOutput(output: NodeJS.EventEmitter, subscriptions: Subscriptions): void {
  for (const former of output.listeners('error') as ((error: unknown) => void)[]) {
    output.off('error', former);
    subscriptions.onEnd(() => output.on('error', former));
  }
  subscriptions.add(output, 'error', () => undefined);
}

class Subscriptions {
  readonly #ends: (() => void)[] = [];

  add(emitter: NodeJS.EventEmitter, event: string, listener: (argument: unknown) => void): void {
    emitter.on(event, listener);
    this.onEnd(() => emitter.off(event, listener));
  }

  onEnd(action: () => void): void {
    this.#ends.push(action);
  }

  end(): void {
    for (const action of this.#ends.splice(0).reverse()) action();
  }
}
