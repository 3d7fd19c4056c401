/** Runs instances of a service as real processes, and counts what they execute. */
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { killChild } from './kill-child.ts';
import { until } from './until.ts';

const PROGRAM = resolve(import.meta.dirname, 'instance.ts');

export class Instance {
  readonly id: string;
  port = 0;
  /** How often each `x-load-id` was executed here, over all its lives. */
  readonly executed = new Map<string, number>();
  #child: ChildProcess | undefined;
  #rest = '';

  constructor(id: string) {
    this.id = id;
  }

  /** On the port that it had before, if it has had one. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [PROGRAM, this.id, String(this.port)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#child = child;
    this.port = 0;
    child.stdout.setEncoding('utf8').on('data', (text: string) => this.#onOutput(text));
    await until(() => this.port > 0 || child.exitCode !== null, { what: `${this.id} to listen` });
    if (this.port === 0) throw new Error(`${this.id} ended with ${child.exitCode}`);
  }

  /** No goodbye to anyone. */
  kill9(): Promise<void> {
    return killChild(this.#child);
  }

  close(): Promise<void> {
    return this.kill9();
  }

  #onOutput(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const port = /^listens on (\d+)$/.exec(line)?.[1];
      if (port !== undefined) this.port = Number(port);
      else this.executed.set(line, (this.executed.get(line) ?? 0) + 1);
    }
  }
}

/** The ids that were executed more than once, by anyone. */
export function executedTwice(instances: readonly Instance[]): string[] {
  const counts = new Map<string, number>();
  for (const { executed } of instances) {
    for (const [id, count] of executed) counts.set(id, (counts.get(id) ?? 0) + count);
  }
  return [...counts].filter(([, count]) => count > 1).map(([id]) => id);
}
