/** `outrigger sidecar` or `outrigger dns` as a real process, from YAML. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parsePrometheusText, seriesValue } from './prometheus-text.ts';
import { until } from './until.ts';

const MAIN = resolve(import.meta.dirname, '../../cli/main.ts');

export class Program {
  readonly child: ChildProcess;
  /** Resolves to the exit code, or the signal that ended it. */
  readonly exited: Promise<number | string>;
  output = '';
  readonly #folder: string;
  #addresses: Readonly<Record<string, string>> = {};

  constructor(role: string, yaml: string) {
    this.#folder = mkdtempSync(join(tmpdir(), 'outrigger-program-'));
    writeFileSync(join(this.#folder, 'outrigger.yaml'), yaml);
    const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
    const child = spawn(process.execPath, [MAIN, role, '-c', 'outrigger.yaml'], { cwd: this.#folder, stdio });
    this.child = child;
    this.exited = once(child, 'exit').then(([code, signal]: unknown[]) => (code ?? signal) as number | string);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (part: string) => {
        this.output += part;
      });
    }
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

  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number | undefined> {
    const text = await (await fetch(`http://${this.address('admin')}/metrics`)).text();
    return seriesValue(parsePrometheusText(text), name, labels);
  }

  async close(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.exited;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Starts it with this configuration; resolves once it has started. */
export async function startProgram(role: 'sidecar' | 'dns', yaml: string): Promise<Program> {
  const program = new Program(role, yaml);
  try {
    await program.started();
  } catch (error) {
    await program.close();
    throw error;
  }
  return program;
}
