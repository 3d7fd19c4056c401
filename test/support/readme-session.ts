/**
 * Types the commands of a README into a real shell, and compares what comes out with what the README says.
 *
 * Commands are the lines of its `sh` blocks; the lines behind a command that begin with `#>` are its whole output, in any
 * order. A command with an output is typed again until it comes, since programs take a while to start.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from './until.ts';

export interface Step {
  readonly command: string;
  /** Undefined where the README says nothing of it. */
  readonly output: readonly string[] | undefined;
}

/** The steps of all `sh` blocks, in order. */
export function readSteps(readme: string): readonly Step[] {
  const blocks = [...readme.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
  const lines = blocks.join('').replaceAll('\\\n', '').trimEnd().split('\n');
  const steps: Step[] = [];
  for (const line of lines) {
    const last = steps.at(-1);
    if (!line.startsWith('#>')) steps.push({ command: line, output: undefined });
    else if (last === undefined) throw new Error(`an output without a command: ${line}`);
    else steps[steps.length - 1] = { ...last, output: [...(last.output ?? []), line.slice(2).trim()] };
  }
  return steps;
}

/** Each attempt starts a process or two; the programs that are waited for need the cores more. */
const AGAIN_AFTER_MS = 200;
/** For one command; some of them wait for several programs to start, on a machine that may have more to do. */
const PATIENCE_MS = 40_000;
const END = '-- end of the output of a command';

export class ShellSession {
  readonly #shell: ChildProcess;
  #output = '';

  constructor(options: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> }) {
    // A group of its own, so that everything it has left in the background can be ended with it.
    this.#shell = spawn('bash', ['--noprofile', '--norc'], { ...options, stdio: 'pipe', detached: true });
    for (const stream of [this.#shell.stdout, this.#shell.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    }
  }

  /** Rejects where the output that the README tells of does not come in time. */
  async take({ command, output }: Step): Promise<void> {
    let got = '';
    const asTold = async (): Promise<boolean> => {
      got = await this.#type(command);
      if (output === undefined || sorted(got.split('\n')) === sorted(output)) return true;
      await sleep(AGAIN_AFTER_MS);
      return false;
    };
    await until(asTold, { what: command, withinMs: PATIENCE_MS }).catch((error: unknown) => {
      throw new Error(`${command}\n${got}\nand not\n${output?.join('\n')}`, { cause: error });
    });
  }

  async #type(command: string): Promise<string> {
    this.#output = '';
    this.#shell.stdin?.write(`${command}\necho '${END}'\n`);
    await until(() => this.#output.includes(`${END}\n`), { what: `the end of ${command}`, withinMs: PATIENCE_MS });
    return this.#output.slice(0, this.#output.indexOf(END)).trimEnd();
  }

  async close(): Promise<void> {
    const { pid } = this.#shell;
    if (pid === undefined || this.#shell.exitCode !== null) return;
    const exit = once(this.#shell, 'exit');
    process.kill(-pid, 'SIGKILL');
    await exit;
  }
}

function sorted(lines: readonly string[]): string {
  return lines.toSorted().join('\n');
}
