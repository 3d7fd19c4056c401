/** Tells when the text of a configuration file has become another, however it was replaced. */
import { createHash } from 'node:crypto';
import { type Clock, realClock } from './clock.ts';
import { watchPath } from './path-watch.ts';
import { readConfigBytes } from './reread-config.ts';

export interface ConfigWatchOptions {
  /** Absolute. */
  readonly path: string;
  /** Of the text that is in force; taken before it was read, so that no change comes between. */
  readonly known: string | undefined;
  /** Must not throw. */
  readonly onChange: () => void;
  readonly clock?: Clock;
}

/** Returns the function that ends the watch. A file that is gone for a moment, or cannot be read, is no change. */
export function watchConfig({ path, onChange, clock = realClock, ...options }: ConfigWatchOptions): () => void {
  let { known } = options;
  return watchPath({
    path,
    clock,
    read: () => configFingerprint(path),
    onRead: (now) => {
      const hasChanged = now !== undefined && now !== known;
      known = now ?? known;
      if (hasChanged) onChange();
    },
  });
}

/** Differs when the text does; undefined where it cannot be read. Never rejects. */
export async function configFingerprint(path: string): Promise<string | undefined> {
  try {
    return createHash('sha256')
      .update(await readConfigBytes(path))
      .digest('hex');
  } catch {
    return undefined;
  }
}
