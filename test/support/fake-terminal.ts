/** A terminal that remembers what was said to it. */
import type { Terminal } from '../../cli/terminal.ts';

export class FakeTerminal implements Terminal {
  readonly printed: string[] = [];
  readonly complained: string[] = [];
  readonly env: Readonly<Record<string, string | undefined>> = {};
  readonly interactive = false;

  print(line: string): void {
    this.printed.push(line);
  }

  complain(line: string): void {
    this.complained.push(line);
  }

  readInput(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array());
  }
}
