/** When a role holds the engine back: at once, or, where there is much to read first, once it has started. */
import { statSync } from 'node:fs';
import { type EngineThrift, holdEngineBack } from '../src/io/engine-thrift.ts';

/** Some 20,000 names: read without the optimizing compilers, they would take seconds. */
const MUCH_BYTES = 1_048_576;

/** `file` is the configuration; `-` is standard input. */
export function thriftFor(file: string, hold: () => EngineThrift = holdEngineBack): EngineThrift {
  return sizeOf(file) < MUCH_BYTES ? hold() : holdOnceStarted(hold);
}

/** What the compilers have made by then is used; the garbage of the start goes as usual. */
function holdOnceStarted(hold: () => EngineThrift): EngineThrift {
  let held: EngineThrift | undefined;
  let isReleased = false;
  return {
    settle: () => {
      if (isReleased) return;
      held = hold();
      held.settle();
    },
    release: () => {
      isReleased = true;
      held?.release();
    },
  };
}

/** 0 for what cannot be looked at: whoever reads it says so. */
function sizeOf(file: string): number {
  try {
    return file === '-' ? 0 : statSync(file).size;
  } catch {
    return 0;
  }
}
