/**
 * The lines of a large file that lead to some of its parts. A parser that knows places takes seconds and hundreds of
 * megabytes for 100,000 names, and a few milliseconds for the lines around those that are wrong. Only for text that
 * `readPlainYaml` has read: its blocks are told by their indentation alone. Pure.
 */
import { BLOCK_KEY } from './plain-yaml.ts';
import { type ConfigPath, looseKey } from './problem.ts';

/** What the parts of `paths` are in, with every line as long as it was: their columns stay. */
export interface Excerpt {
  readonly text: string;
  /** From a line of the excerpt to that of the file; both from 1. */
  readonly lineOf: (line: number) => number;
}

interface Wanted {
  readonly below: Map<string, Wanted>;
}

/** Empty, or a comment. */
const NO_CONTENT = -1;

const [NEWLINE, SPACE, DASH, HASH] = [10, 32, 45, 35] as const;

export class BlockLines {
  readonly #text: string;
  /** Where each line begins, and behind them the end of the text. */
  readonly #starts: number[] = [];
  readonly #indents: number[] = [];

  constructor(text: string) {
    this.#text = text.endsWith('\n') ? text : `${text}\n`;
    for (let at = 0; at < this.#text.length; at = this.#text.indexOf('\n', at) + 1) {
      let content = at;
      while (this.#text.charCodeAt(content) === SPACE) content += 1;
      const first = this.#text.charCodeAt(content);
      this.#starts.push(at);
      this.#indents.push(first === NEWLINE || first === HASH ? NO_CONTENT : content - at);
    }
    this.#starts.push(this.#text.length);
  }

  excerpt(paths: readonly ConfigPath[]): Excerpt {
    const kept: number[] = [];
    const stubs = new Set<number>();
    this.#collect(0, this.#indents.length, wantedBy(paths), { kept, stubs });
    const text = kept.map((line) => (stubs.has(line) ? this.#stub(line) : this.#line(line))).join('');
    return { text, lineOf: (line) => (kept[line - 1] ?? kept.at(-1) ?? 0) + 1 };
  }

  /** Of the collection on these lines. Its first item stays: that is where the collection itself begins. */
  #collect(from: number, to: number, wanted: Wanted, out: { kept: number[]; stubs: Set<number> }): void {
    let index = 0;
    for (let line = this.#content(from, to), next = 0; line < to; line = this.#content(next, to), index++) {
      next = this.#next(line, to);
      if (this.#isDash(line)) {
        if (wanted.below.has(String(index))) this.#keep(line, next, out.kept);
        else {
          out.kept.push(line);
          out.stubs.add(line);
        }
        continue;
      }
      const { key, isOpen } = this.#keyOf(line);
      const inside = key === undefined ? undefined : wanted.below.get(key);
      if (key !== undefined && inside === undefined && index > 0) continue;
      if (!isOpen) this.#keep(line, next, out.kept);
      else {
        out.kept.push(line);
        if (inside !== undefined) this.#collect(line + 1, next, inside, out);
      }
    }
  }

  /** The first line with content from `from` on. */
  #content(from: number, to: number): number {
    let line = from;
    while (line < to && this.#indents[line] === NO_CONTENT) line += 1;
    return line;
  }

  /** Where the item that begins on `line` ends: a list may stand as far left as its key. */
  #next(line: number, to: number): number {
    const indent = this.#indents[line] ?? 0;
    const isDash = this.#isDash(line);
    for (let next = line + 1; next < to; next++) {
      const other = this.#indents[next] ?? 0;
      if (other === NO_CONTENT || other > indent) continue;
      if (other < indent || isDash || !this.#isDash(next)) return next;
    }
    return to;
  }

  #isDash(line: number): boolean {
    const at = (this.#starts[line] ?? 0) + (this.#indents[line] ?? 0);
    const after = this.#text.charCodeAt(at + 1);
    return this.#text.charCodeAt(at) === DASH && (after === SPACE || after === NEWLINE);
  }

  /** The key of a line, as `source-offset.ts` compares it; open where its value is on the lines below. */
  #keyOf(line: number): { key: string | undefined; isOpen: boolean } {
    BLOCK_KEY.lastIndex = (this.#starts[line] ?? 0) + (this.#indents[line] ?? 0);
    const match = BLOCK_KEY.exec(this.#text);
    if (match === null) return { key: undefined, isOpen: false };
    const next = this.#text.charCodeAt(BLOCK_KEY.lastIndex);
    return { key: looseKey(match[1] ?? match[2] ?? match[3] ?? ''), isOpen: next === NEWLINE || next === HASH };
  }

  #keep(from: number, to: number, kept: number[]): void {
    for (let line = from; line < to; line++) kept.push(line);
  }

  #line(line: number): string {
    return this.#text.slice(this.#starts[line], this.#starts[line + 1]);
  }

  /** An item of which only its place counts. */
  #stub(line: number): string {
    return `${' '.repeat(this.#indents[line] ?? 0)}- 0\n`;
  }
}

function wantedBy(paths: readonly ConfigPath[]): Wanted {
  const root: Wanted = { below: new Map() };
  for (const path of paths) {
    let at = root;
    for (const part of path) {
      const key = looseKey(part);
      const next = at.below.get(key) ?? { below: new Map() };
      at.below.set(key, next);
      at = next;
    }
  }
  return root;
}
