/** `outrigger sidecar` or `outrigger dns` as a real process, from YAML. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Family, parsePrometheusText, seriesValue, sumOf } from './prometheus-text.ts';
import { until } from './until.ts';

type Environment = Readonly<Record<string, string>>;
type Labels = Readonly<Record<string, string>>;
/** What a program is started by, such as what makes it run on another machine. */
type Command = readonly string[];

const MAIN = resolve(import.meta.dirname, '../../cli/main.ts');

export class Program {
  readonly child: ChildProcess;
  /** Resolves to the exit code, or the signal that ended it. */
  readonly exited: Promise<number | string>;
  output = '';
  readonly folder: string;
  #addresses: Readonly<Record<string, string>> = {};

  constructor(role: string, yaml: string, args: readonly string[] = [], env: Environment = {}, through: Command = []) {
    this.folder = mkdtempSync(join(tmpdir(), 'outrigger-program-'));
    writeFileSync(join(this.folder, 'outrigger.yaml'), yaml);
    const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
    const [command = '', ...rest] = [...through, process.execPath, MAIN, role, '-c', 'outrigger.yaml', ...args];
    const child = spawn(command, rest, { cwd: this.folder, stdio, env: { ...process.env, ...env } });
    this.child = child;
    this.exited = once(child, 'exit').then(([code, signal]: unknown[]) => (code ?? signal) as number | string);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (part: string) => {
        this.output += part;
      });
    }
  }

  /** Puts another configuration in the place of the file, as editors and ConfigMaps do: by a rename. */
  rewrite(yaml: string): void {
    const next = join(this.folder, 'next.yaml');
    writeFileSync(next, yaml);
    renameSync(next, join(this.folder, 'outrigger.yaml'));
  }

  /** Rewrites the file, tells the program, and resolves to the result of it. */
  async reload(yaml: string): Promise<string> {
    const before = await this.reloads();
    this.rewrite(yaml);
    this.child.kill('SIGHUP');
    let result: string | undefined;
    await until(
      async () => {
        const now = await this.reloads();
        result = Object.keys(now).find((it) => now[it] !== before[it]);
        return result !== undefined;
      },
      { what: 'the end of the reload', withinMs: 20_000 },
    );
    return result ?? '';
  }

  /** How many reloads had which result. */
  async reloads(): Promise<Readonly<Record<string, number>>> {
    const report = await (await fetch(`http://${this.address('admin')}/clusters`)).json();
    return (report as { config: { reloads: Record<string, number> } }).config.reloads;
  }

  /** Resolves when it says that it has started. */
  async started(): Promise<void> {
    const line = (): string | undefined => this.output.split('\n').find((it) => it.includes('"msg":"started"'));
    await until(() => line() !== undefined || this.child.exitCode !== null, { what: 'the program to start' });
    const found = line();
    if (found === undefined) throw new Error(`ended with ${this.child.exitCode}:\n${this.output}`);
    this.#addresses = (JSON.parse(found) as { addresses: Record<string, string> }).addresses;
  }

  /** `host:port` of a listener, of `admin` or of `status`. */
  address(name: string): string {
    const address = this.#addresses[name];
    if (address === undefined) throw new Error(`no address ${name}`);
    return address;
  }

  async metrics(): Promise<Map<string, Family>> {
    return parsePrometheusText(await (await fetch(`http://${this.address('admin')}/metrics`)).text());
  }

  /** Of one series; undefined where there is none. */
  async metric(name: string, labels: Labels = {}): Promise<number | undefined> {
    return seriesValue(await this.metrics(), name, labels);
  }

  /** Of all series of a family that have these labels, and perhaps others. */
  async total(name: string, labels: Labels = {}): Promise<number> {
    return sumOf(await this.metrics(), name, labels);
  }

  async close(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.exited;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Starts it with this configuration, and variables beside those of the test; resolves once it has started. */
export async function startProgram(
  role: 'sidecar' | 'dns',
  yaml: string,
  args: readonly string[] = [],
  env: Environment = {},
  through: Command = [],
): Promise<Program> {
  const program = new Program(role, yaml, args, env, through);
  try {
    await program.started();
  } catch (error) {
    await program.close();
    throw error;
  }
  return program;
}
