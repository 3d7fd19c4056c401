/** Keeps the last good set of one cluster in `snapshot_dir`. Losing the disk costs only this. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DiscoveredEndpoint } from '../endpoint.ts';
import { readSavedSet, writeSavedSet } from '../saved-set.ts';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';

export interface SavedEndpointsOptions {
  readonly dir: string;
  readonly cluster: string;
  /** What is asked for, in words that change when the question does. */
  readonly source: string;
  readonly clock: Clock;
  readonly log: Log;
}

const SAVE_EVERY_MS = 1_000;

export class SavedEndpoints {
  readonly #options: SavedEndpointsOptions;
  readonly #path: string;
  #next: readonly DiscoveredEndpoint[] | undefined;
  #writing: Promise<void> | undefined;
  #savedAtMs = Number.NEGATIVE_INFINITY;
  #cancelTimer = (): void => {};
  #failing = false;

  constructor(options: SavedEndpointsOptions) {
    this.#options = options;
    this.#path = join(options.dir, fileName(options.cluster));
  }

  /** The set of an earlier run; undefined where there is none to use. Never rejects. */
  async load(): Promise<readonly DiscoveredEndpoint[] | undefined> {
    const { cluster, source, log } = this.#options;
    try {
      const endpoints = readSavedSet(await readFile(this.#path, 'utf8'), source);
      if (typeof endpoints !== 'string') return endpoints;
      log.warn({ cluster, path: this.#path, reason: endpoints }, 'saved endpoints are not used');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      log.warn({ cluster, path: this.#path, err: error }, 'saved endpoints cannot be read');
    }
    return undefined;
  }

  /** Writes soon, at most once a second; of several sets within that time only the last. */
  save(endpoints: readonly DiscoveredEndpoint[]): void {
    const scheduled = this.#next !== undefined;
    this.#next = endpoints;
    if (scheduled || this.#writing !== undefined) return;
    const delayMs = Math.max(0, this.#savedAtMs + SAVE_EVERY_MS - this.#options.clock.now());
    this.#cancelTimer = this.#options.clock.after(delayMs, () => void this.#flush());
  }

  /** Writes what is still waiting. */
  async close(): Promise<void> {
    this.#cancelTimer();
    await this.#writing;
    this.#cancelTimer();
    await this.#flush();
  }

  async #flush(): Promise<void> {
    const endpoints = this.#next;
    if (endpoints === undefined) return;
    this.#next = undefined;
    this.#savedAtMs = this.#options.clock.now();
    this.#writing = this.#write(writeSavedSet(this.#options.source, endpoints));
    await this.#writing;
    this.#writing = undefined;
    const waiting = this.#next;
    this.#next = undefined;
    if (waiting !== undefined) this.save(waiting);
  }

  async #write(content: string): Promise<void> {
    const { cluster, log } = this.#options;
    try {
      await writeAtomically(this.#path, content);
      if (this.#failing) log.info({ cluster, path: this.#path }, 'endpoints are saved again');
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) log.warn({ cluster, path: this.#path, err: error }, 'endpoints cannot be saved');
      this.#failing = true;
    }
  }
}

/** Readers see the old content or the new one, also after a power cut; never a part. */
async function writeAtomically(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
}

/** Names of clusters as they are; anything else (pools are named by people) with its odd characters as %XX. */
function fileName(cluster: string): string {
  const percent = (char: string): string => `%${Buffer.from(char).toString('hex').toUpperCase()}`;
  const safe = cluster.replaceAll(/[^A-Za-z0-9._-]/gu, percent).replace(/^\./, '%2E');
  const short =
    safe.length <= 200 ? safe : `${safe.slice(0, 160)}-${createHash('sha256').update(safe).digest('hex').slice(0, 32)}`;
  return `${short}.endpoints.json`;
}
