/** Lines to a file descriptor in batches, without ever waiting for whoever reads them. */
import pino from 'pino';

export interface LineSink {
  /** One whole line with its end. */
  write(line: string): void;
  /** Lines lost so far because nobody read fast enough. */
  readonly dropped: () => number;
  /** Writes out what waits; gives up after a second. Never rejects. */
  close(): Promise<void>;
}

/** Beyond it lines are dropped and counted: a reader that has stopped reading costs lines, never memory without end. */
const MAX_WAITING_BYTES = 4 * 1_048_576;
/** A batch this long is written at once; a shorter one waits for the next flush. */
const BATCH_BYTES = 8 * 1_024;
const FLUSH_EVERY_MS = 500;
const CLOSE_MS = 1_000;

export function openLineSink(fd: number): LineSink {
  let dropped = 0;
  let isOver = false;
  const stream = pino.destination({
    dest: fd,
    sync: false,
    minLength: BATCH_BYTES,
    maxLength: MAX_WAITING_BYTES,
    // Without an end to this a reader that is stuck would keep the process alive for ever.
    retryEAGAIN: () => !isOver,
  });
  stream.on('drop', () => void dropped++);
  // A full disk or a reader that went away ends the log, not the process.
  stream.on('error', () => undefined);
  const flush = setInterval(() => stream.flush(), FLUSH_EVERY_MS).unref();
  return {
    write: (line) => {
      if (!isOver) stream.write(line);
    },
    dropped: () => dropped,
    close: async () => {
      clearInterval(flush);
      const { promise, resolve } = Promise.withResolvers<void>();
      stream.once('close', resolve).once('error', () => resolve());
      const patience = setTimeout(resolve, CLOSE_MS);
      stream.end();
      isOver = true;
      await promise;
      clearTimeout(patience);
    },
  };
}
