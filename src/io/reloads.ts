/**
 * Changes of the configuration while a house runs: one at a time, the last one wins, and each is applied as a whole or
 * not at all.
 *
 *   state    | asked for                      | then
 *   ---------|--------------------------------|-----------------------------------------------------------
 *   idle     | read it                        | not valid: refused; equal: unchanged; else prepare
 *   busy     | the one before is given up     | it is superseded unless it was being applied already; next
 *   starting | wait until listeners are bound | as idle
 *   ended    | nothing                        | refused
 */
import { changedSections, liveConfig } from '../config/live-config.ts';
import type { ParsedConfig } from '../config/parse-config.ts';
import type { Problem } from '../config/problem.ts';
import type { Config } from '../config/root.ts';
import { firstRecord, type ReloadOutcome, type ReloadRecord, recordReload } from '../reload-record.ts';
import type { Log } from './log.ts';

/** Reads the configuration again. Should not reject: what cannot be read is a problem of it. */
export type ReadConfig = () => Promise<ParsedConfig>;

/** A configuration for which everything is ready. */
export interface Replacement {
  /** Puts it in force; resolves when it is. Never rejects. */
  apply(): Promise<void>;
  /** Lets go of all that was made ready. Never rejects. */
  discard(): Promise<void>;
}

export interface ReloadsOptions {
  readonly config: Config;
  readonly log: Log;
  /** Completes a configuration that was read; what it throws refuses it. */
  readonly resolve: (config: Config) => Config;
  /** Resolves when a configuration can be changed at all; may stay open for ever. */
  readonly whenOpen: Promise<void>;
  /** Makes another configuration ready beside the present one. Rejects, with nothing left open, where that fails. */
  readonly prepare: (config: Config, signal: AbortSignal) => Promise<Replacement>;
  /** Wall clock, in milliseconds since 1970. */
  readonly now?: () => number;
}

/** How many problems of a file one log line lists. */
const PROBLEMS_PER_LINE = 20;
const SUPERSEDED = new Error('another configuration came first');
const ENDED = new Error('the process drains: its configuration stays as it is');

export class Reloads {
  readonly #options: ReloadsOptions;
  readonly #now: () => number;
  #config: Config;
  #record: ReloadRecord;
  #abort: AbortController | undefined;
  #running: Promise<void> = Promise.resolve();
  #isEnded = false;

  constructor(options: ReloadsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#config = options.config;
    this.#record = firstRecord(this.#now());
  }

  /** The configuration in force. */
  get config(): Config {
    return this.#config;
  }

  get record(): ReloadRecord {
    return this.#record;
  }

  /** Reads and applies; resolves when that has come to an end, whatever it is. */
  request(read: ReadConfig): Promise<void> {
    this.#abort?.abort(SUPERSEDED);
    const abort = new AbortController();
    this.#abort = abort;
    if (this.#isEnded) abort.abort(ENDED);
    this.#running = this.#running.then(async () => {
      const outcome = await this.#reload(read, abort.signal).catch((error: unknown) => outcomeOf(error, abort.signal));
      this.#record = recordReload(this.#record, outcome, this.#now());
      this.#tell(outcome);
    });
    return this.#running;
  }

  /** No configuration is applied any more; resolves when what was under way is given up. */
  end(): Promise<void> {
    this.#isEnded = true;
    this.#abort?.abort(ENDED);
    return this.#running;
  }

  async #reload(read: ReadConfig, signal: AbortSignal): Promise<ReloadOutcome> {
    await unlessAborted(this.#options.whenOpen, signal);
    const parsed = await read();
    signal.throwIfAborted();
    if (!parsed.ok) return { result: 'refused', reason: this.#tellProblems(parsed.problems) };
    const { config, needsRestart } = liveConfig(this.#config, this.#options.resolve(parsed.config));
    const changed = changedSections(this.#config, config);
    if (changed.length === 0) return { result: 'unchanged', needsRestart };
    const replacement = await this.#options.prepare(config, signal);
    if (signal.aborted) {
      await replacement.discard();
      signal.throwIfAborted();
    }
    const { log } = this.#options;
    const applied = replacement.apply();
    if (config.log.level !== this.#config.log.level) log.level = config.log.level;
    this.#config = config;
    await applied;
    log.info({ changed }, 'the configuration was changed');
    return { result: 'applied', needsRestart };
  }

  #tellProblems(problems: readonly Problem[]): string {
    const lines = problems.map(({ line, column, path, message }) => `${line}:${column}: ${path}: ${message}`);
    const shown = lines.slice(0, PROBLEMS_PER_LINE);
    this.#options.log.error({ problems: shown, count: lines.length }, 'the configuration is not valid');
    return lines.length === 1
      ? `not valid: ${lines[0]}`
      : `not valid: ${lines.length} problems, the first at ${lines[0]}`;
  }

  #tell(outcome: ReloadOutcome): void {
    const { log } = this.#options;
    if (outcome.result === 'refused') {
      log.error({ reason: outcome.reason }, 'reload refused: the configuration stays as it is');
    } else if (outcome.result === 'superseded') log.info('reload given up: another one was asked for');
    else {
      if (outcome.result === 'unchanged') log.info('reload: the configuration is in force already');
      const { needsRestart } = outcome;
      if (needsRestart.length > 0) log.warn({ sections: needsRestart }, 'changed, and needs a restart to take effect');
    }
  }
}

function outcomeOf(error: unknown, signal: AbortSignal): ReloadOutcome {
  if (signal.aborted && signal.reason === SUPERSEDED) return { result: 'superseded' };
  const cause = signal.aborted ? signal.reason : error;
  return { result: 'refused', reason: describe(cause) };
}

/** The message with those of its causes, on one line. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${describe(error.cause)}`;
}

/** Rejects with the signal's reason where it aborts first. */
async function unlessAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  await Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', onAbort));
}
