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
const BATCH_LENGTH = 32 * 1_024;
/** Most that one write hands to the system. */
const WRITE_BYTES = 1_048_576;
const FLUSH_EVERY_MS = 500;
const CLOSE_MS = 1_000;

/** A sink that is opened with its first line, for lines that may never come. */
export function lazyLineSink(open: () => LineSink): LineSink {
  let sink: LineSink | undefined;
  return {
    write: (line) => {
      sink ??= open();
      sink.write(line);
    },
    dropped: () => sink?.dropped() ?? 0,
    close: async () => sink?.close(),
  };
}

export function openLineSink(fd: number): LineSink {
  let dropped = 0;
  let isOver = false;
  const stream = openStream(fd, () => isOver);
  stream.on('drop', (lines) => {
    dropped += String(lines).split('\n').length - 1;
  });
  // Its types know of strings alone.
  const write = stream.write.bind(stream) as unknown as (bytes: Buffer) => boolean;
  // Collected here: one write, and one Buffer, for many lines.
  let batch = '';
  const flush = (): void => {
    if (batch === '' || isOver) return;
    write(Buffer.from(batch));
    batch = '';
  };
  const timer = setInterval(flush, FLUSH_EVERY_MS).unref();
  return {
    write: (line) => {
      batch += line;
      if (batch.length >= BATCH_LENGTH) flush();
    },
    dropped: () => dropped,
    close: async () => {
      clearInterval(timer);
      flush();
      const ended = endStream(stream);
      isOver = true;
      await ended;
    },
  };
}

type Stream = ReturnType<typeof pino.destination>;

function openStream(fd: number, isOver: () => boolean): Stream {
  const stream = pino.destination({
    dest: fd,
    sync: false,
    maxWrite: WRITE_BYTES,
    maxLength: MAX_WAITING_BYTES,
    // Strings it would measure several times each, which is a third of what a line costs.
    contentMode: 'buffer',
    // Without an end to this a reader that is stuck would keep the process alive for ever.
    retryEAGAIN: () => !isOver(),
  });
  // A full disk or a reader that went away ends the log, not the process.
  stream.on('error', () => undefined);
  return stream;
}

/** Resolves when all is written, or cannot be. */
async function endStream(stream: Stream): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.once('close', resolve).once('error', () => resolve());
  const patience = setTimeout(resolve, CLOSE_MS);
  stream.end();
  await promise;
  clearTimeout(patience);
}
