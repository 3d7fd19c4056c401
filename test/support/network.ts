/** Machines on one network: network namespaces of the kernel, joined by a bridge in one more. Needs root and iproute2. */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { describe } from 'vitest';
import { findConsul, requireConsul } from '../../scripts/consul.ts';

const run = promisify(execFile);

/** Where there can be no networks the name of the tests says why; with CI set only the kernel may be the reason. */
export function describeWithNetworks(name: string, tests: () => void): void {
  const isCi = (process.env['CI'] ?? '') !== '';
  const reason = refusalOfKernel() ?? (isCi ? undefined : missingProgram());
  if (reason === undefined) describe(name, tests);
  else describe.skip(`${name} (left out: ${reason})`, tests);
}

function refusalOfKernel(): string | undefined {
  if (process.platform !== 'linux') return 'only Linux has network namespaces';
  if (process.getuid?.() !== 0) return 'making network namespaces takes root';
  return runs('unshare', '-n', 'true') ? undefined : 'the kernel refuses network namespaces here';
}

function missingProgram(): string | undefined {
  if (!runs('ip', '-Version')) return 'ip is missing (package iproute2)';
  return runs('arping', '-V') ? undefined : 'arping is missing (package iputils-arping)';
}

function runs(program: string, ...args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

/** The machine with the bridge, where every other one finds it. */
const HUB = 'hub';
export const HUB_ADDRESS = '10.77.0.1';

let made = 0;

export class TestNetwork {
  readonly #prefix: string;
  readonly #machines: string[] = [];
  readonly #children = new Set<ChildProcess>();

  private constructor() {
    made += 1;
    this.#prefix = `outrigger-${process.pid}-${made}-`;
  }

  /** `machines` are names of at most 8 letters; the first has the address 10.77.0.2, the next the one after. */
  static async make(machines: readonly string[]): Promise<TestNetwork> {
    const network = new TestNetwork();
    try {
      await network.#addMachine(HUB);
      await network.ip(HUB, 'link add br0 type bridge');
      await network.ip(HUB, `addr add ${HUB_ADDRESS}/24 dev br0`);
      await network.ip(HUB, 'link set br0 up');
      for (const [index, name] of machines.entries()) await network.#join(name, index + 2);
    } catch (error) {
      await network.close();
      throw error;
    }
    return network;
  }

  /** Runs `ip` on a machine to its end; `args` are parted by spaces. */
  async ip(machine: string, args: string): Promise<string> {
    return (await run('ip', ['-n', this.#prefix + machine, ...args.split(' ')])).stdout;
  }

  /** What makes a command run on a machine, to be put before it. */
  through(machine: string): readonly string[] {
    return ['ip', 'netns', 'exec', this.#prefix + machine];
  }

  /** Starts a command on a machine; it ends with the network. */
  start(machine: string, command: readonly string[]): ChildProcess {
    const [file = '', ...args] = [...this.through(machine), ...command];
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    child.on('error', () => {});
    this.#children.add(child);
    return child;
  }

  /** A real agent at the hub, at its usual port; it may take a few seconds to answer. */
  async startConsul(): Promise<void> {
    const consul = (await findConsul()) ?? (await requireConsul());
    const addresses = `127.0.0.1 ${HUB_ADDRESS}`;
    this.start(HUB, [consul, 'agent', '-dev', '-bind', '127.0.0.1', '-client', addresses, '-log-level', 'err']);
  }

  async close(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    for (const name of this.#machines.splice(0)) await run('ip', ['netns', 'del', this.#prefix + name]);
  }

  async #addMachine(name: string): Promise<void> {
    await run('ip', ['netns', 'add', this.#prefix + name]);
    this.#machines.push(name);
    await this.ip(name, 'link set lo up');
  }

  async #join(name: string, number: number): Promise<void> {
    await this.#addMachine(name);
    await this.ip(name, `link add eth0 type veth peer name ${name} netns ${this.#prefix}${HUB}`);
    await this.ip(HUB, `link set dev ${name} master br0 up`);
    await this.ip(name, 'link set eth0 up');
    await this.ip(name, `addr add 10.77.0.${number}/24 dev eth0`);
  }
}
