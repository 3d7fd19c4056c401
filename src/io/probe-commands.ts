/** The commands that probe for this process: a bounded number at a time, and none that outlives it. */
import type { CommandEnd, CommandOptions, RunningCommand } from './run-command.ts';

export interface ProbeCommandOptions extends CommandOptions {
  /** Kills the command, or gives up its place among those that wait. */
  readonly signal: AbortSignal;
}

/** Starting a process costs the main thread a millisecond or so: hundreds at once would hold up everything else. */
const MAX_RUNNING = 64;

interface Waiting {
  readonly take: (granted: boolean) => void;
}

/** One per process; whatever is configured to run commands shares it. */
export class ProbeCommands {
  readonly #maxRunning: number;
  readonly #running = new Set<RunningCommand>();
  readonly #waiting = new Set<Waiting>();
  #taken = 0;
  readonly #onExit = (): void => this.#killAll();

  constructor(maxRunning = MAX_RUNNING) {
    this.#maxRunning = maxRunning;
  }

  /** Runs it when it is its turn; undefined where that did not come within `timeoutMs`, or was called off. Never rejects. */
  async run(command: readonly string[], options: ProbeCommandOptions): Promise<CommandEnd | undefined> {
    const { signal, timeoutMs } = options;
    if (!(await this.#turn(timeoutMs, signal))) return undefined;
    const { startCommand } = await import('./run-command.ts');
    if (signal.aborted) {
      this.#endTurn();
      return undefined;
    }
    const running = startCommand(command, options);
    this.#note(running);
    const kill = (): void => running.kill();
    signal.addEventListener('abort', kill, { once: true });
    const end = await running.end;
    signal.removeEventListener('abort', kill);
    return signal.aborted ? undefined : end;
  }

  /** True once there is room, which is then taken. */
  #turn(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    if (this.#taken < this.#maxRunning) {
      this.#taken += 1;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const take = (granted: boolean): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
        this.#waiting.delete(waiting);
        resolve(granted);
      };
      const giveUp = (): void => take(false);
      const waiting: Waiting = { take };
      const timer = setTimeout(giveUp, timeoutMs);
      signal.addEventListener('abort', giveUp);
      this.#waiting.add(waiting);
    });
  }

  /** The room goes to whoever has waited longest. */
  #endTurn(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#taken -= 1;
    else next.take(true);
  }

  #note(running: RunningCommand): void {
    // A process that ends without having closed anything takes its commands along.
    if (this.#running.size === 0) process.on('exit', this.#onExit);
    this.#running.add(running);
    void running.gone.then(() => {
      this.#running.delete(running);
      if (this.#running.size === 0) process.off('exit', this.#onExit);
      this.#endTurn();
    });
  }

  #killAll(): void {
    for (const running of this.#running) running.kill();
  }
}
