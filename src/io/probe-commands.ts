/** The commands that probe for this process: a bounded number at a time, and none that outlives it. */
import { CommandTurns, type TurnBounds, type TurnQueue } from './command-turns.ts';
import type { CommandEnd, CommandOptions, RunningCommand } from './run-command.ts';

export interface ProbeCommandOptions extends CommandOptions {
  /** Kills the command, or gives up its place among those that wait. */
  readonly signal: AbortSignal;
}

/** Starting a process costs the main thread a millisecond or so: hundreds at once would hold up everything else. */
const BOUNDS: TurnBounds = { running: 64, perCluster: 16, kept: 16 };

/** Runs the commands of one cluster. */
export interface CommandShare {
  /** Runs it when it is its turn; undefined where that did not come within `timeoutMs`, or was called off. Never rejects. */
  run(command: readonly string[], options: ProbeCommandOptions): Promise<CommandEnd | undefined>;
}

/** One per process; whatever is configured to run commands has a share of it. */
export class ProbeCommands {
  readonly #turns: CommandTurns;
  readonly #running = new Set<RunningCommand>();
  readonly #onExit = (): void => this.#killAll();

  constructor(bounds = BOUNDS) {
    this.#turns = new CommandTurns(bounds);
  }

  /** For a cluster of its own. */
  share(): CommandShare {
    const queue: TurnQueue = { taken: 0, waiting: new Set() };
    return { run: (command, options) => this.#run(queue, command, options) };
  }

  async #run(
    queue: TurnQueue,
    command: readonly string[],
    options: ProbeCommandOptions,
  ): Promise<CommandEnd | undefined> {
    const { signal, timeoutMs } = options;
    if (!(await this.#turns.take(queue, timeoutMs, signal))) return undefined;
    const { startCommand } = await import('./run-command.ts');
    if (signal.aborted) {
      this.#turns.end(queue);
      return undefined;
    }
    const running = startCommand(command, options);
    this.#note(running, queue);
    const kill = (): void => running.kill();
    signal.addEventListener('abort', kill, { once: true });
    const end = await running.end;
    signal.removeEventListener('abort', kill);
    return signal.aborted ? undefined : end;
  }

  #note(running: RunningCommand, queue: TurnQueue): void {
    // A process that ends without having closed anything takes its commands along.
    if (this.#running.size === 0) process.on('exit', this.#onExit);
    this.#running.add(running);
    void running.gone.then(() => {
      this.#running.delete(running);
      if (this.#running.size === 0) process.off('exit', this.#onExit);
      this.#turns.end(queue);
    });
  }

  #killAll(): void {
    for (const running of this.#running) running.kill();
  }
}
