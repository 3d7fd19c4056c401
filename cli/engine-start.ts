/** How a role keeps the engine small: held back, or, where there is much to read, by collecting what that leaves behind. */
import { statSync } from 'node:fs';
import { collectAfterLoads, type EngineThrift, holdEngineBack } from '../src/io/engine-thrift.ts';

/** Some 20,000 names: read without the optimizing compilers, they would take seconds at the start and at each reload. */
const MUCH_BYTES = 1_048_576;

/** `file` is the configuration; `-` is standard input. */
export function thriftFor(file: string, hold = holdEngineBack, collecting = collectAfterLoads): EngineThrift {
  return sizeOf(file) < MUCH_BYTES ? hold() : collecting();
}

/** 0 for what cannot be looked at: whoever reads it says so. */
function sizeOf(file: string): number {
  try {
    return file === '-' ? 0 : statSync(file).size;
  } catch {
    return 0;
  }
}
