/** The process's own log: JSON lines on standard output, readable ones where that is a terminal. */
import pino from 'pino';
import type { Log } from './log.ts';

export interface OpenLog {
  readonly log: Log;
  /** Writes out what waits; for the moment before the process ends. Never throws. */
  readonly flush: () => void;
}

/** A reader that has stopped reading costs log lines, never memory without end. */
const MAX_WAITING_BYTES = 4 * 1_048_576;

export async function openLog(options: { level: pino.Level; terminal: boolean }): Promise<OpenLog> {
  const settings: pino.LoggerOptions = {
    level: options.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  };
  if (options.terminal) {
    const { default: pretty } = await import('pino-pretty');
    return { log: pino(settings, pretty({ sync: true, translateTime: 'HH:MM:ss.l' })), flush: () => undefined };
  }
  // One write is under way at a time and takes with it all that came meanwhile: no delay when idle, batches under load.
  const destination = pino.destination({ dest: 1, sync: false, maxLength: MAX_WAITING_BYTES });
  // A full disk or a reader that went away ends the log, not the process.
  destination.on('error', () => undefined);
  return { log: pino(settings, destination), flush: () => flushQuietly(destination) };
}

function flushQuietly(destination: { flushSync(): void }): void {
  try {
    destination.flushSync();
  } catch {
    // Nobody is left to read it, or the stream has not even opened.
  }
}
