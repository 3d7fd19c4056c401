/**
 * The lines of a large file that lead to some of its parts. A parser that knows places takes seconds and hundreds of
 * megabytes for 100,000 names, and a few milliseconds for the lines around those that are wrong. Pure.
 */
import type { BlockLines } from './block-lines.ts';
import { type ConfigPath, looseKey } from './problem.ts';

interface Wanted {
  readonly below: Map<string, Wanted>;
}

const [KEPT, STUB] = [1, 2] as const;

/** Every line that is kept is as long as it was, so that columns stay. */
export class Excerpt {
  readonly #lines: BlockLines;
  readonly #marks: Uint8Array;

  constructor(lines: BlockLines) {
    this.#lines = lines;
    this.#marks = new Uint8Array(lines.count);
  }

  /** All that leads to `paths`, where the way there is written plainly, and these themselves. */
  keepPaths(paths: readonly ConfigPath[]): void {
    this.#collect(0, this.#lines.count, wantedBy(paths));
  }

  keepLines(from: number, to: number): void {
    this.#marks.fill(KEPT, from, to);
  }

  /** An item, without the lines below it where its value is on those. */
  keepHead(line: number): void {
    if (line >= this.#lines.count) return;
    const isOpen = this.#lines.isDash(line) || this.#lines.keyOf(line).isOpen;
    this.keepLines(line, isOpen ? line + 1 : this.#lines.endOf(line, this.#lines.count));
  }

  /** The text, and the way from its lines to those of the file; both count from 1. */
  take(): { readonly text: string; readonly lineOf: (line: number) => number } {
    const kept: number[] = [];
    let text = '';
    for (const [line, mark] of this.#marks.entries()) {
      if (mark === 0) continue;
      kept.push(line);
      text += mark === STUB ? `${' '.repeat(this.#lines.indentOf(line))}- 0\n` : this.#lines.slice(line, line + 1);
    }
    return { text, lineOf: (line) => (kept[line - 1] ?? kept.at(-1) ?? 0) + 1 };
  }

  /** Of the collection on these lines. Its first item stays: that is where the collection itself begins. */
  #collect(from: number, to: number, wanted: Wanted): void {
    let index = 0;
    for (let line = this.#lines.contentFrom(from, to); line < to; index++) {
      const end = this.#lines.endOf(line, to);
      if (this.#lines.isDash(line)) this.#collectItem(line, end, wanted.below.has(String(index)));
      else this.#collectEntry(line, end, wanted, index === 0);
      line = this.#lines.contentFrom(end, to);
    }
  }

  /** Of an item that is not wanted only its place counts. */
  #collectItem(line: number, end: number, isWanted: boolean): void {
    if (isWanted) this.keepLines(line, end);
    else this.#marks[line] ||= STUB;
  }

  #collectEntry(line: number, end: number, wanted: Wanted, isFirst: boolean): void {
    const { name, isOpen } = this.#lines.keyOf(line);
    const inside = name === undefined ? undefined : wanted.below.get(looseKey(name));
    if (name !== undefined && inside === undefined && !isFirst) return;
    this.keepLines(line, isOpen ? line + 1 : end);
    if (isOpen && inside !== undefined) this.#collect(line + 1, end, inside);
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
