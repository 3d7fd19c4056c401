/**
 * A worker's access lines on their way to the control thread, which alone writes them: lines of two writers on one
 * pipe would run into each other.
 */
import type { LineSink } from '../../src/io/line-sink.ts';

export interface PostedLinesOptions {
  /** Takes whole lines. Must not throw. */
  readonly post: (text: string) => void;
  /** One shared slot: what was posted and has not been taken yet; whoever takes text takes its length off. */
  readonly postedBytes: Int32Array;
  /** One slot. */
  readonly dropped: Float64Array;
}

/** Beyond it lines are dropped and counted: a control thread that is busy costs lines, not memory without end. */
const MAX_POSTED_BYTES = 1_048_576;
/** A batch this long leaves at once; a shorter one waits for the next flush. A message per line would cost too much. */
const BATCH_BYTES = 8 * 1_024;
const FLUSH_EVERY_MS = 250;

export function postLines({ post, postedBytes, dropped }: PostedLinesOptions): LineSink {
  let batch = '';
  const flush = (): void => {
    if (batch === '') return;
    Atomics.add(postedBytes, 0, batch.length);
    post(batch);
    batch = '';
  };
  const timer = setInterval(flush, FLUSH_EVERY_MS).unref();
  return {
    write: (line) => {
      if (batch.length + Atomics.load(postedBytes, 0) > MAX_POSTED_BYTES) {
        dropped[0] = (dropped[0] as number) + 1;
        return;
      }
      batch += line;
      if (batch.length >= BATCH_BYTES) flush();
    },
    dropped: () => dropped[0] as number,
    close: () => {
      clearInterval(timer);
      flush();
      return Promise.resolve();
    },
  };
}
