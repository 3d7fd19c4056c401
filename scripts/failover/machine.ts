/** A machine beside this one: a network namespace behind a bridge, whose cable can be pulled. Linux, as root. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** RFC 2544's block for benchmarks; all of it is inside of our own namespace. */
const NETWORK = '198.18.0';
const BRIDGE = 'outrigger0';
const CABLE = 'outrigger1';
/** In the machine. */
const CARD = 'eth0';

/** True where this process may make namespaces and bridges. */
export function canMakeNamespaces(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  try {
    execFileSync('unshare', ['--net', 'ip', 'link', 'add', BRIDGE, 'type', 'bridge'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export class Machine {
  readonly host = `${NETWORK}.2`;
  /** What stands before a command to run it there; the process stays the same. */
  readonly within: readonly string[];
  /** Lives as long as the namespace is to. */
  readonly #keeper: ChildProcess;

  private constructor(keeper: ChildProcess) {
    this.#keeper = keeper;
    this.within = ['nsenter', `--net=/proc/${keeper.pid}/ns/net`];
  }

  static async start(): Promise<Machine> {
    const keeper = spawn('unshare', ['--net', 'sh', '-c', 'echo there; exec sleep infinity'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve, reject) => {
      keeper.stdout.once('data', resolve);
      keeper.once('exit', () => reject(new Error('cannot make a network namespace')));
    });
    const machine = new Machine(keeper);
    try {
      await machine.#connect();
    } catch (error) {
      await machine.close();
      throw error;
    }
    return machine;
  }

  /** Both ends stay up and nothing comes through any more, as at a switch that has died. */
  cut(): Promise<unknown> {
    return run('ip', ['link', 'set', CABLE, 'nomaster']);
  }

  join(): Promise<unknown> {
    return run('ip', ['link', 'set', CABLE, 'master', BRIDGE]);
  }

  async close(): Promise<void> {
    this.#keeper.kill('SIGKILL');
    // The cable goes with the namespace at its other end, though not at once.
    await run('ip', ['link', 'del', BRIDGE]).catch(() => undefined);
    await run('ip', ['link', 'del', CABLE]).catch(() => undefined);
  }

  async #connect(): Promise<void> {
    const there = (...words: string[]) => run('nsenter', [...this.within.slice(1), 'ip', ...words]);
    await run('ip', ['link', 'add', BRIDGE, 'type', 'bridge']);
    await run('ip', ['addr', 'add', `${NETWORK}.1/24`, 'dev', BRIDGE]);
    await run('ip', ['link', 'add', CABLE, 'type', 'veth', 'peer', 'name', CARD, 'netns', String(this.#keeper.pid)]);
    await there('addr', 'add', `${this.host}/24`, 'dev', CARD);
    await there('link', 'set', 'lo', 'up');
    await there('link', 'set', CARD, 'up');
    await run('ip', ['link', 'set', CABLE, 'master', BRIDGE, 'up']);
    await run('ip', ['link', 'set', BRIDGE, 'up']);
  }
}
