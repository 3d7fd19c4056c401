/** What goes with the lead: the address, and the commands to run when it comes and when it goes. */
import type { LeaderConfig } from '../config/root.ts';
import type { Log } from './log.ts';
import type { RunningCommand } from './run-command.ts';
import { describeEnd, hasSucceeded, type StartCommand } from './start-command.ts';
import type { VirtualAddress } from './virtual-address.ts';

export interface LeaderOffice {
  /** With the length of its prefix; undefined where there is none to own. */
  readonly address: string | undefined;
  /** Why it would be of no use here now; undefined where it would. */
  readonly obstacle: string | undefined;
  /** Finds what the office takes. Rejects with what is missing. */
  prepare(): Promise<void>;
  /** Takes off an address that is here without a leader, and so finds out whether that can be done. Rejects where not. */
  clear(): Promise<void>;
  /**
   * Takes the office, or stays in it, until others may claim it. Resolves to why that cannot be, once the address is
   * there or not; what fails later is told to `onFailure`. Never rejects.
   */
  serve(untilMs: number, onFailure: (why: string) => void): Promise<string | undefined>;
  /**
   * Leaves the office, `toHeir` with the address where it is. Resolves when all that goes with it is done, to whether
   * another may have it at once: not where the address could not be taken off. Never rejects.
   */
  leave(toHeir: boolean): Promise<boolean>;
}

export interface OfficeOptions {
  readonly config: Pick<LeaderConfig, 'on_acquire' | 'on_release'>;
  readonly address: VirtualAddress | undefined;
  readonly log: Log;
  readonly start: StartCommand;
}

const ACQUIRE_MS = 30_000;
/** Less than what is left of a lease right after a renewal, so that a drain ends this before others begin. */
const RELEASE_MS = 5_000;

export class Office implements LeaderOffice {
  readonly #options: OfficeOptions;
  /** Whether the lead is here; what was begun before it left must not go on as if it were. */
  #isTaken = false;
  #acquiring: RunningCommand | undefined;
  #isAcquired = false;

  constructor(options: OfficeOptions) {
    this.#options = options;
  }

  get address(): string | undefined {
    return this.#options.address?.address;
  }

  get obstacle(): string | undefined {
    return this.#options.address?.obstacle;
  }

  async prepare(): Promise<void> {
    await this.#options.address?.prepare();
  }

  async clear(): Promise<void> {
    await this.#options.address?.clear();
  }

  async serve(untilMs: number, onFailure: (why: string) => void): Promise<string | undefined> {
    this.#isTaken = true;
    const failure = await this.#options.address?.hold(untilMs);
    if (failure !== undefined || !this.#isTaken || this.#isAcquired) return failure;
    this.#isAcquired = true;
    // Not waited for: traffic comes by the address, and the lease is to be renewed meanwhile.
    void this.#acquire(onFailure);
    return undefined;
  }

  async leave(toHeir: boolean): Promise<boolean> {
    this.#isTaken = false;
    this.#acquiring?.kill();
    const { address } = this.#options;
    const isFree = toHeir ? address?.leave().then(() => true) : address?.drop();
    const left = (await isFree) ?? true;
    if (this.#isAcquired) await this.#release();
    return left;
  }

  async #release(): Promise<void> {
    this.#isAcquired = false;
    const { config, log, start } = this.#options;
    if (config.on_release === undefined) return;
    const end = await start(config.on_release, RELEASE_MS).end;
    if (hasSucceeded(end)) return;
    log.warn({ command: config.on_release[0], reason: describeEnd(end) }, 'the command on_release has failed');
  }

  async #acquire(onFailure: (why: string) => void): Promise<void> {
    const { config, start } = this.#options;
    if (config.on_acquire === undefined) return;
    const running = start(config.on_acquire, ACQUIRE_MS);
    this.#acquiring = running;
    const end = await running.end;
    // Killed because the lead has gone: that is no failure, and another may be running already.
    if (this.#acquiring !== running || !this.#isTaken) return;
    this.#acquiring = undefined;
    if (!hasSucceeded(end)) onFailure(`on_acquire ${describeEnd(end)}`);
  }
}
