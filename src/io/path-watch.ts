/** Watches what a path leads to: notices of its folder for speed, a look every few seconds for certainty. */
import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Clock } from './clock.ts';

export interface PathWatchOptions<Content> {
  /** Absolute. */
  readonly path: string;
  /** Called for each look. Must not reject. */
  readonly read: () => Promise<Content>;
  /** Gets what every look that was not superseded has read. Never called from within {@link watchPath}. */
  readonly onRead: (content: Content) => void;
  readonly clock: Clock;
}

/** Some file systems and mounts send no notices; a Kubernetes ConfigMap swaps a link in a folder above. */
const LOOK_EVERY_MS = 5_000;
/** Writing a file makes several notices, and the first of them finds it half written. */
const SETTLE_MS = 20;
/** A file that is written without end is believed as it is after so many looks. */
const MOST_POSTPONED = 5;

/** Returns the function that ends the watch; `onRead` is not called after it. */
export function watchPath<Content>(options: PathWatchOptions<Content>): () => void {
  const watch = new PathWatch(options);
  watch.lookSoon(0);
  return () => watch.close();
}

class PathWatch<Content> {
  readonly #options: PathWatchOptions<Content>;
  #closed = false;
  #looking = false;
  #soon = false;
  /** Something happened to the file while it was read. */
  #disturbed = false;
  #postponed = 0;
  #notices: FSWatcher | undefined;
  #folderInode: number | undefined;
  #cancelNext = (): void => {};

  constructor(options: PathWatchOptions<Content>) {
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
    const content = await this.#options.read();
    this.#looking = false;
    if (this.#closed) return;
    if (this.#disturbed && this.#postponed < MOST_POSTPONED) {
      this.#postponed += 1;
      return this.lookSoon(SETTLE_MS);
    }
    this.#postponed = 0;
    this.#lookAfter(LOOK_EVERY_MS);
    this.#options.onRead(content);
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
