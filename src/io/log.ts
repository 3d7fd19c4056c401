/** Logs: JSON lines by pino on standard output, readable ones on a terminal. */
import pino from 'pino';

/** What the program asks of a logger; tests hand in one that remembers. */
export type Log = Pick<pino.Logger, 'debug' | 'info' | 'warn' | 'error'>;

/** A logger that says nothing, for tests and for commands whose output is not a log. */
export const silentLog: Log = pino({ level: 'silent' });
