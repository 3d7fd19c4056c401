/** An edge balancer as a real process, at an address of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { killChild } from '../../test/support/kill-child.ts';
import { until } from '../../test/support/until.ts';

const MAIN = resolve(import.meta.dirname, '../../cli/main.ts');

export interface BalancerPlace {
  readonly host: string;
  /** Where `/ready` answers. */
  readonly statusPort: number;
  readonly port: number;
  /** What stands before the command; nothing, or the way into another network namespace. */
  readonly within?: readonly string[];
}

export class Balancer {
  readonly host: string;
  readonly #place: BalancerPlace;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(place: BalancerPlace) {
    this.host = place.host;
    this.#place = place;
  }

  /** Resolves once it is ready. */
  async start(): Promise<void> {
    const { within = [] } = this.#place;
    const [command, ...args] = [...within, process.execPath, MAIN, 'sidecar', '-c', '-'];
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (part: Buffer) => {
        this.#output = (this.#output + part.toString()).slice(-4_096);
      });
    }
    child.stdin.end(this.#configuration());
    await until(async () => child.exitCode !== null || (await this.#isReady()), { what: `${this.host} to be ready` });
    if (child.exitCode !== null) throw new Error(`a balancer ended with ${child.exitCode}:\n${this.#output}`);
  }

  /** SIGSTOP, SIGCONT, … */
  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** SIGKILL: no goodbye to anyone. */
  kill9(): Promise<void> {
    return killChild(this.#child);
  }

  #configuration(): string {
    const { host, port, statusPort } = this.#place;
    return `
status: { listen: "${host}:${statusPort}" }
log: { access: off }
listeners:
  - { name: web, listen: "${host}:${port}", protocol: http, routes: [ { respond: { status: 200, body: "${host}" } } ] }
`;
  }

  async #isReady(): Promise<boolean> {
    const { host, statusPort } = this.#place;
    const signal = AbortSignal.timeout(1_000);
    return fetch(`http://${host}:${statusPort}/ready`, { signal }).then(
      ({ ok }) => ok,
      () => false,
    );
  }
}
