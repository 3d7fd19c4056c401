/** Watches a file that lists endpoints. */
import { readFile, stat } from 'node:fs/promises';
import type { DiscoveryUpdate } from '../discovery.ts';
import { parseEndpointList } from '../endpoint-list.ts';
import type { Clock } from './clock.ts';
import { watchPath } from './path-watch.ts';

export interface FileWatchOptions {
  /** Absolute. */
  readonly path: string;
  /** Gets the result of every look that was not superseded. Never called from within {@link watchFile}. */
  readonly onUpdate: (update: DiscoveryUpdate) => void;
  readonly clock: Clock;
}

const MAX_FILE_BYTES = 4 * 1024 * 1024;

/** Returns the function that ends the watch; no update comes after it. */
export function watchFile({ path, onUpdate, clock }: FileWatchOptions): () => void {
  return watchPath({ path, clock, read: () => readEndpointFile(path), onRead: onUpdate });
}

/** One look at a file, without a watch. Never rejects. */
export async function readEndpointFile(path: string): Promise<DiscoveryUpdate> {
  try {
    return { kind: 'endpoints', endpoints: parseEndpointList(await readBounded(path)) };
  } catch (error) {
    const cause = error as NodeJS.ErrnoException;
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return { kind: 'absent' };
    return { kind: 'failed', error: new Error(`${path}: ${cause.message}`, { cause }) };
  }
}

async function readBounded(path: string): Promise<string> {
  const found = await stat(path);
  if (!found.isFile()) throw new Error('is not a file');
  if (found.size > MAX_FILE_BYTES) throw new Error(`is larger than ${MAX_FILE_BYTES} bytes`);
  return readFile(path, 'utf8');
}
