/** Where a measurement takes place: a folder of its own, pinned processes, and an end that leaves nothing behind. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { allowedCpus } from './usage.ts';

const END_GRACE_MS = 5_000;
const READY_MS = 20_000;
/** A program that runs to its end by itself, and does not. */
const RUN_MS = 120_000;

/**
 * `proxy`: the one core of what is measured; `load`: all others, for what asks and what answers behind. `pair`: two
 * cores of what is measured on two, and `beside` what is left then, or the same two where there are no more.
 */
export type Core = 'proxy' | 'load' | 'pair' | 'beside';

/** Which CPUs each of them is; undefined where there are too few to measure at all. */
export function coresOf(allowed: readonly number[]): Readonly<Record<Core, readonly number[]>> | undefined {
  const [proxy, other] = allowed;
  if (proxy === undefined || other === undefined) return undefined;
  const [pair, rest] = [allowed.slice(0, 2), allowed.slice(2)];
  return { proxy: [proxy], load: allowed.slice(1), pair, beside: rest.length === 0 ? pair : rest };
}

export interface Started {
  readonly name: string;
  readonly pid: number;
  /** Standard output and error. */
  readonly logFile: string;
}

export class Stage {
  readonly folder = mkdtempSync(join(tmpdir(), 'outrigger-bench-'));
  readonly #cpus: Readonly<Record<Core, readonly number[]>>;
  readonly #running = new Map<number, ChildProcess>();
  /** Whatever ends us: the last thing a process does is synchronous. */
  readonly #atExit = (): void => this.#cut();

  constructor() {
    const cpus = coresOf(allowedCpus());
    if (cpus === undefined) throw new Error('needs two cores: one for the proxy, one for load');
    this.#cpus = cpus;
    process.on('exit', this.#atExit);
    // We are no part of what is measured.
    execFileSync('taskset', ['-a', '-p', '-c', cpus.load.join(','), String(process.pid)], { stdio: 'ignore' });
  }

  get cpus(): Readonly<Record<Core, readonly number[]>> {
    return this.#cpus;
  }

  get cores(): string {
    return `proxy on core ${this.#cpus.proxy.join()}, load and upstream on ${this.#cpus.load.join()}`;
  }

  /** Starts a program for as long as the stage lasts, or until {@link end}. */
  start(name: string, core: Core, [command = '', ...args]: readonly string[]): Started {
    const logFile = join(this.folder, `${name}.log`);
    const log = openSync(logFile, 'a');
    try {
      const child = this.#spawn(core, [command, ...args], ['ignore', log, log]);
      return { name, pid: child.pid as number, logFile };
    } finally {
      closeSync(log);
    }
  }

  /**
   * Runs a program to its end and resolves with its standard output; rejects when it ends with another code than 0, or
   * has to be ended because two minutes have passed.
   */
  async run(core: Core, argv: readonly string[]): Promise<string> {
    const child = this.#spawn(core, argv, ['ignore', 'pipe', 'pipe']);
    let [output, complaint] = ['', ''];
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint += text;
    });
    const late = setTimeout(() => killGroup(child.pid as number), RUN_MS);
    const [code] = (await once(child, 'close')) as [number | null];
    clearTimeout(late);
    if (code !== 0) throw new Error(`${argv[0]} ended with ${code}: ${(complaint || output).trim().slice(-800)}`);
    return output;
  }

  #spawn(core: Core, argv: readonly string[], stdio: ('ignore' | 'pipe' | number)[]): ChildProcess {
    // A group of its own: what a program starts ends with it.
    const child = spawn('taskset', ['-c', this.#cpus[core].join(','), ...argv], {
      cwd: this.folder,
      detached: true,
      stdio,
    });
    const { pid } = child;
    if (pid === undefined) throw new Error('cannot start taskset');
    child.on('error', () => undefined);
    this.#running.set(pid, child);
    child.on('exit', () => this.#running.delete(pid));
    return child;
  }

  /** Polls `isReady` (false or a rejection: not yet) and rejects when the program ends, or 20 s have passed. */
  async ready({ name, pid, logFile }: Started, isReady: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + READY_MS;
    while (!(await isReady().catch(() => false))) {
      const why = !this.#running.has(pid) ? 'has ended' : performance.now() > deadline ? 'is not ready' : '';
      if (why !== '') throw new Error(`${name} ${why}:\n${readFileSync(logFile, 'utf8').slice(-2_000)}`);
      await sleep(50);
    }
  }

  async end(pid: number): Promise<void> {
    const child = this.#running.get(pid);
    if (child === undefined) return;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    const late = setTimeout(() => killGroup(pid), END_GRACE_MS);
    await gone;
    clearTimeout(late);
    killGroup(pid);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((pid) => this.end(pid)));
    process.off('exit', this.#atExit);
    this.#cut();
  }

  #cut(): void {
    for (const pid of this.#running.keys()) killGroup(pid);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Already gone, all of them.
  }
}

/** Ports that were free a moment ago, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Debian keeps daemons where the PATH of a plain user does not look. */
export function programOf(command: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, command))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
