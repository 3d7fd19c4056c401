/** The processes of the demo: started from the running program itself, ended one by one by their ids. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const END_GRACE_MS = 4_000;
const TAIL_LINES = 6;

interface Running {
  readonly child: ChildProcess;
  readonly logFile: string;
}

export class Processes {
  readonly #folder: string;
  readonly #running = new Map<string, Running>();
  /** Whatever happens to the demo, no child stays: the last thing a process does is synchronous. */
  readonly #atExit = (): void => this.#killAll();

  /** `folder` takes one log file per name. */
  constructor(folder: string) {
    this.#folder = folder;
    process.on('exit', this.#atExit);
  }

  /** Runs this program once more, from sources or from the bundle alike, with other arguments. */
  startSelf(name: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): number {
    const program = process.argv[1];
    if (program === undefined) throw new Error('cannot tell which file this program was started from');
    return this.start(name, [process.execPath, ...process.execArgv, program, ...args], env);
  }

  /** Returns the process id. A name that was ended may be used again; its log goes on in the same file. */
  start(name: string, [command = '', ...args]: readonly string[], env: NodeJS.ProcessEnv): number {
    const logFile = join(this.#folder, `${name}.log`);
    const log = openSync(logFile, 'a');
    try {
      // A group of its own: Ctrl-C in the terminal is for the demo, which ends the others in order.
      const child = spawn(command, args, { env, cwd: this.#folder, detached: true, stdio: ['ignore', log, log] });
      child.on('error', () => undefined);
      if (child.pid === undefined) throw new Error(`cannot start ${command}`);
      this.#running.set(name, { child, logFile });
      return child.pid;
    } finally {
      closeSync(log);
    }
  }

  /** Like `kill -9`; resolves once the process is gone. */
  async kill(name: string): Promise<void> {
    await this.#end(name, 'SIGKILL');
  }

  /** Asks all of `names` to end and cuts those that do not within 4 s. */
  async end(names: readonly string[]): Promise<void> {
    await Promise.all(names.map((name) => this.#end(name, 'SIGTERM')));
  }

  async endAll(): Promise<void> {
    await this.end([...this.#running.keys()]);
    process.off('exit', this.#atExit);
  }

  /** Why `name` is not running, with the end of its log; undefined while it runs. */
  async obituary(name: string): Promise<string | undefined> {
    const running = this.#running.get(name);
    if (running === undefined || !hasEnded(running.child)) return undefined;
    const { exitCode, signalCode } = running.child;
    const log = await readFile(running.logFile, 'utf8').catch(() => '');
    const tail = log.trimEnd().split('\n').slice(-TAIL_LINES).join('\n  ');
    return `${name} ended by itself (${signalCode ?? `code ${exitCode}`}):\n  ${tail}`;
  }

  async #end(name: string, signal: NodeJS.Signals): Promise<void> {
    const running = this.#running.get(name);
    if (running === undefined) return;
    const { child } = running;
    if (!hasEnded(child)) {
      const gone = once(child, 'exit');
      child.kill(signal);
      const late = new AbortController();
      const cut = sleep(END_GRACE_MS, undefined, { signal: late.signal }).then(
        () => child.kill('SIGKILL'),
        () => undefined,
      );
      await gone;
      late.abort();
      await cut;
    }
    this.#running.delete(name);
  }

  #killAll(): void {
    for (const { child } of this.#running.values()) if (!hasEnded(child)) child.kill('SIGKILL');
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
