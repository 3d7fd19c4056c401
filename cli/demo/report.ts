/** What the demo says: steps, facts, and claims that held or did not. */

export interface ReportOptions {
  readonly print: (line: string) => void;
  readonly colours: boolean;
}

const BOLD = '1';
const GREEN = '32';
const RED = '31';
const DIM = '2';

export class Report {
  readonly #options: ReportOptions;
  readonly #broken: string[] = [];

  constructor(options: ReportOptions) {
    this.#options = options;
  }

  /** What did not hold, in the words of the claims. */
  get broken(): readonly string[] {
    return this.#broken;
  }

  title(words: string): void {
    this.#options.print('');
    this.#options.print(this.#paint(BOLD, words));
  }

  fact(words: string): void {
    this.#options.print(`  ${words}`);
  }

  /** Something to look at while a step takes its time. */
  progress(words: string): void {
    this.#options.print(this.#paint(DIM, `  … ${words}`));
  }

  /** A statement that the exit code stands for. */
  claim(holds: boolean, words: string): void {
    if (!holds) this.#broken.push(words);
    this.#options.print(`  ${holds ? this.#paint(GREEN, 'ok ') : this.#paint(RED, 'NOT')} ${words}`);
  }

  #paint(code: string, words: string): string {
    return this.#options.colours ? `\u001b[${code}m${words}\u001b[0m` : words;
  }
}

/** `3.2 s`. */
export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/** `1,234`. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}
