/** Logs: JSON lines by pino on standard output, readable ones on a terminal. */
import { setTimeout as delay } from 'node:timers/promises';
import pino from 'pino';

/** What the program asks of a logger; tests hand in one that remembers. */
export type Log = Pick<pino.Logger, 'debug' | 'info' | 'warn' | 'error'> & {
  /** The least important lines to write; may be changed at any time. */
  level?: string;
};

/** A logger that says nothing, for tests and for commands whose output is not a log. */
export const silentLog: Log = pino({ level: 'silent' });

export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** For a person: coloured lines, written at once. */
  readonly pretty?: boolean;
  /** Fields of every line, such as the role of the process. */
  readonly fields?: Readonly<Record<string, string | number>>;
  /** Where lines go; default standard output. Any other is closed by `flush`. */
  readonly fd?: number;
  /** How much may wait for a slow reader, in bytes; lines beyond it are dropped and counted. */
  readonly maxWaiting?: number;
}

export interface OpenLog {
  readonly log: Log;
  /** Lines lost so far because nobody read fast enough. */
  readonly dropped: () => number;
  /** Writes out what waits and ends the log; after a second it gives up. For the end of the process. Never rejects. */
  readonly flush: () => Promise<void>;
}

/** A reader that has stopped reading costs log lines, never memory without end. */
const MAX_WAITING_BYTES = 4 * 1_048_576;
const FLUSH_MS = 1_000;

export async function createLog({ level, pretty = false, fields, fd = 1, ...options }: LogOptions): Promise<OpenLog> {
  const settings: pino.LoggerOptions = {
    level,
    base: fields ?? null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  };
  if (pretty) {
    const { default: prettyStream } = await import('pino-pretty');
    const stream = prettyStream({ sync: true, destination: fd, translateTime: 'HH:MM:ss.l', ignore: 'role' });
    return { log: pino(settings, stream), dropped: () => 0, flush: () => Promise.resolve() };
  }
  return jsonLog(settings, { fd, maxWaiting: options.maxWaiting ?? MAX_WAITING_BYTES });
}

/** One write is under way at a time and takes with it all that came meanwhile: no delay when idle, batches under load. */
function jsonLog(settings: pino.LoggerOptions, { fd, maxWaiting }: { fd: number; maxWaiting: number }): OpenLog {
  let isOver = false;
  const destination = pino.destination({
    dest: fd,
    sync: false,
    maxLength: maxWaiting,
    // Without an end to this a reader that is stuck would keep the process alive for ever.
    retryEAGAIN: () => !isOver,
  });
  const log = pino(settings, destination);
  let dropped = 0;
  let told = 0;
  destination.on('drop', () => void dropped++);
  destination.on('drain', () => {
    if (dropped === told || isOver) return;
    const lines = dropped - told;
    told = dropped;
    log.warn({ dropped: lines }, 'log lines were dropped: standard output is not read fast enough');
  });
  // A full disk or a reader that went away ends the log, not the process.
  destination.on('error', () => undefined);
  const flush = async (): Promise<void> => {
    if (isOver) return;
    // Not flushSync: it waits without end for a reader that is stuck, and for one that went away.
    const ended = new Promise<void>((resolve) => destination.once('close', resolve).once('error', () => resolve()));
    destination.end();
    // What is logged from here on has no place to go; by itself the ended stream would throw.
    destination.write = () => false;
    const late = new AbortController();
    await Promise.race([ended, delay(FLUSH_MS, undefined, { signal: late.signal }).catch(() => undefined)]);
    // Left running, the timer would keep the process for that long.
    late.abort();
    isOver = true;
  };
  return { log, dropped: () => dropped, flush };
}
