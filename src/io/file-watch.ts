/** Watches a file that lists endpoints: notices of its folder for speed, a look every few seconds for certainty. */
import { type FSWatcher, watch } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { DiscoveryUpdate } from '../discovery.ts';
import { parseEndpointList } from '../endpoint-list.ts';
import type { Clock } from './clock.ts';

export interface FileWatchOptions {
  /** Absolute. */
  readonly path: string;
  /** Gets the result of every look that was not superseded. Never called from within {@link watchFile}. */
  readonly onUpdate: (update: DiscoveryUpdate) => void;
  readonly clock: Clock;
}

const MAX_FILE_BYTES = 4 * 1024 * 1024;
/** Some file systems and mounts send no notices; a Kubernetes ConfigMap swaps a link in a folder above. */
const LOOK_EVERY_MS = 5_000;
/** Writing a file makes several notices, and the first of them finds it half written. */
const SETTLE_MS = 20;
/** A file that is written without end is believed as it is after so many looks. */
const MOST_POSTPONED = 5;

/** Returns the function that ends the watch; no update comes after it. */
export function watchFile(options: FileWatchOptions): () => void {
  const watch = new FileWatch(options);
  watch.lookSoon(0);
  return () => watch.close();
}

class FileWatch {
  readonly #options: FileWatchOptions;
  #closed = false;
  #looking = false;
  #soon = false;
  /** Something happened to the file while it was read. */
  #disturbed = false;
  #postponed = 0;
  #notices: FSWatcher | undefined;
  #folderInode: number | undefined;
  #cancelNext = (): void => {};

  constructor(options: FileWatchOptions) {
    this.#options = options;
  }

  close(): void {
    this.#closed = true;
    this.#cancelNext();
    this.#notices?.close();
  }

  lookSoon(delayMs: number): void {
    this.#soon = true;
    this.#lookAfter(delayMs);
  }

  #lookAfter(delayMs: number): void {
    if (this.#closed) return;
    this.#cancelNext();
    this.#cancelNext = this.#options.clock.after(delayMs, () => void this.#look());
  }

  async #look(): Promise<void> {
    this.#soon = false;
    this.#looking = true;
    this.#disturbed = false;
    await this.#listen();
    const update = await readEndpointFile(this.#options.path);
    this.#looking = false;
    if (this.#closed) return;
    if (this.#disturbed && this.#postponed < MOST_POSTPONED) {
      this.#postponed += 1;
      return this.lookSoon(SETTLE_MS);
    }
    this.#postponed = 0;
    this.#lookAfter(LOOK_EVERY_MS);
    this.#options.onUpdate(update);
  }

  /**
   * Listens to the folder, because a file that is replaced takes its notices with it. Looked after before each look:
   * the folder may have been replaced as well.
   */
  async #listen(): Promise<void> {
    const folder = dirname(this.#options.path);
    try {
      const { ino } = await stat(folder);
      if (this.#closed || (this.#notices !== undefined && this.#folderInode === ino)) return;
      this.#stopListening();
      const notices = watch(folder, (_event, name) => this.#onNotice(name));
      notices.on('error', () => this.#stopListening());
      this.#notices = notices;
      this.#folderInode = ino;
    } catch {
      // No such folder yet, or no more watches to be had: looking every few seconds remains.
    }
  }

  #stopListening(): void {
    this.#notices?.close();
    this.#notices = undefined;
  }

  #onNotice(name: string | null): void {
    // `..data` is the link that Kubernetes swaps when a mounted ConfigMap changes.
    const ours = name === null || name === basename(this.#options.path) || name.startsWith('..');
    if (!ours) return;
    if (this.#looking) this.#disturbed = true;
    else if (!this.#soon) this.lookSoon(SETTLE_MS);
  }
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
