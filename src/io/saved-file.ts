/** One file in `snapshot_dir`, replaced as a whole and not more often than once a second. Losing the disk costs only this. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';

export interface SavedFileOptions<Content extends object> {
  readonly dir: string;
  /** Its odd characters become %XX, so any text will do. */
  readonly name: string;
  /** What is saved, in the plural, for the log: `endpoints`. */
  readonly what: string;
  /** More for each line of the log. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** What the text says, or the reason why it is not to be used. */
  readonly parse: (text: string) => Content | string;
  readonly clock: Clock;
  readonly log: Log;
}

const SAVE_EVERY_MS = 1_000;
/** Many times what the greatest set takes; a larger file is none of ours. */
const MAX_BYTES = 16_777_216;

/** The text to write; undefined where there is nothing to be written any more. */
type MakeText = () => string | undefined;

export class SavedFile<Content extends object> {
  readonly #options: SavedFileOptions<Content>;
  readonly #path: string;
  /** Makes the text that is to be written next. */
  #next: MakeText | undefined;
  #writing: Promise<void> | undefined;
  #savedAtMs = Number.NEGATIVE_INFINITY;
  #cancelTimer = (): void => {};
  #failing = false;
  #hasEnded = false;

  constructor(options: SavedFileOptions<Content>) {
    this.#options = options;
    this.#path = join(options.dir, `${fileName(options.name)}.${options.what}.json`);
  }

  /** What an earlier run has saved; undefined where there is nothing to use. Never rejects. */
  async load(): Promise<Content | undefined> {
    const { what, fields, parse, log } = this.#options;
    try {
      const text = await readBounded(this.#path);
      const content = text === undefined ? `it has more than ${MAX_BYTES} bytes` : parse(text);
      if (typeof content !== 'string') return content;
      log.warn({ ...fields, path: this.#path, reason: content }, `saved ${what} are not used`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      log.warn({ ...fields, path: this.#path, err: error }, `saved ${what} cannot be read`);
    }
    return undefined;
  }

  /** Writes soon, at most once a second; of several within that time only the last, made when it is written. */
  save(make: MakeText): void {
    if (!this.#hasEnded) this.#schedule(make);
  }

  #schedule(make: MakeText): void {
    const scheduled = this.#next !== undefined;
    this.#next = make;
    if (scheduled || this.#writing !== undefined) return;
    const delayMs = Math.max(0, this.#savedAtMs + SAVE_EVERY_MS - this.#options.clock.now());
    this.#cancelTimer = this.#options.clock.after(delayMs, () => void this.#flush());
  }

  /** Writes at once. Resolves to whether it is on the disk; never rejects. */
  async saveNow(make: () => string): Promise<boolean> {
    if (this.#hasEnded) return false;
    this.#next = make;
    await this.close();
    return !this.#failing;
  }

  /** Writes what is still waiting. */
  async close(): Promise<void> {
    while (this.#next !== undefined || this.#writing !== undefined) {
      this.#cancelTimer();
      await this.#writing;
      await this.#flush();
    }
  }

  /** Writes what is still waiting, and nothing from here on: the file is another process's now. */
  end(): Promise<void> {
    this.#hasEnded = true;
    return this.close();
  }

  async #flush(): Promise<void> {
    const make = this.#next;
    if (make === undefined || this.#writing !== undefined) return;
    this.#next = undefined;
    this.#savedAtMs = this.#options.clock.now();
    const text = make();
    this.#writing = text === undefined ? Promise.resolve() : this.#write(text);
    await this.#writing;
    this.#writing = undefined;
    const waiting = this.#next;
    this.#next = undefined;
    if (waiting !== undefined) this.#schedule(waiting);
  }

  async #write(content: string): Promise<void> {
    const { what, fields, log } = this.#options;
    try {
      await writeAtomically(this.#path, content);
      if (this.#failing) log.info({ ...fields, path: this.#path }, `${what} are saved again`);
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) log.warn({ ...fields, path: this.#path, err: error }, `${what} cannot be saved`);
      this.#failing = true;
    }
  }
}

/** Undefined where it is too long, which is also so of one that grows meanwhile. */
async function readBounded(path: string): Promise<string | undefined> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size > MAX_BYTES) return undefined;
    const bytes = Buffer.alloc(size + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length);
      length += bytesRead;
      if (bytesRead === 0 || length > size) return length > size ? undefined : bytes.toString('utf8', 0, length);
    }
  } finally {
    await file.close();
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
function fileName(name: string): string {
  const percent = (char: string): string => `%${Buffer.from(char).toString('hex').toUpperCase()}`;
  const safe = name.replaceAll(/[^A-Za-z0-9._-]/gu, percent).replace(/^\./, '%2E');
  if (safe.length <= 200) return safe;
  return `${safe.slice(0, 160)}-${createHash('sha256').update(safe).digest('hex').slice(0, 32)}`;
}
