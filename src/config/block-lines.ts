/** The lines of a YAML file as blocks by their indentation: enough to find one's way in what is written plainly. Pure. */
import { BLOCK_KEY } from './plain-yaml.ts';

export interface BlockKey {
  /** As it is written, without quotes; undefined where the line has no key that is read here. */
  readonly name: string | undefined;
  /** Its value is on the lines below. */
  readonly isOpen: boolean;
}

/** Empty, or a comment. */
const NO_CONTENT = -1;
const [TAB, NEWLINE, SPACE, DASH, HASH, LIST_END, MAPPING_END] = [9, 10, 32, 45, 35, 93, 125] as const;

/** Lines count from 0. An item is a line with all that lies deeper behind it; `to` is the line behind the last. */
export class BlockLines {
  readonly count: number;
  readonly #text: string;
  /** Where each line begins, and behind them the end of the text. */
  readonly #starts: number[] = [];
  readonly #indents: number[] = [];

  constructor(text: string) {
    this.#text = text.endsWith('\n') ? text : `${text}\n`;
    for (let at = 0, last = 0; at < this.#text.length; at = this.#text.indexOf('\n', at) + 1) {
      const indent = this.#measure(at, last);
      if (indent !== NO_CONTENT) last = indent;
      this.#starts.push(at);
      this.#indents.push(indent);
    }
    this.count = this.#starts.length;
    this.#starts.push(this.#text.length);
  }

  /** A tab, which cannot indent, counts as what the line before has. */
  #measure(start: number, last: number): number {
    let content = start;
    while (this.#text.charCodeAt(content) === SPACE) content += 1;
    const first = this.#text.charCodeAt(content);
    if (first === NEWLINE || first === HASH) return NO_CONTENT;
    return first === TAB ? last : content - start;
  }

  /** The first line with content from `from` on, or `to`. */
  contentFrom(from: number, to: number): number {
    let line = from;
    while (line < to && this.#indents[line] === NO_CONTENT) line += 1;
    return line;
  }

  /** Where the item that begins on `line` ends: a list, and a closing bracket, may stand as far left as its key. */
  endOf(line: number, to: number): number {
    const indent = this.indentOf(line);
    const isDash = this.isDash(line);
    for (let next = line + 1; next < to; next++) {
      const other = this.indentOf(next);
      if (other === NO_CONTENT || other > indent) continue;
      if (other < indent || !(this.#isClosing(next) || (this.isDash(next) && !isDash))) return next;
    }
    return to;
  }

  indentOf(line: number): number {
    return this.#indents[line] ?? 0;
  }

  /** An item of a list. */
  isDash(line: number): boolean {
    const at = (this.#starts[line] ?? 0) + this.indentOf(line);
    const after = this.#text.charCodeAt(at + 1);
    return this.#text.charCodeAt(at) === DASH && (after === SPACE || after === NEWLINE);
  }

  #isClosing(line: number): boolean {
    const first = this.#text.charCodeAt((this.#starts[line] ?? 0) + this.indentOf(line));
    return first === LIST_END || first === MAPPING_END;
  }

  keyOf(line: number): BlockKey {
    BLOCK_KEY.lastIndex = (this.#starts[line] ?? 0) + this.indentOf(line);
    const match = BLOCK_KEY.exec(this.#text);
    if (match === null) return { name: undefined, isOpen: false };
    const next = this.#text.charCodeAt(BLOCK_KEY.lastIndex);
    return { name: match[1] ?? match[2] ?? match[3], isOpen: next === NEWLINE || next === HASH };
  }

  /** The text of these lines. */
  slice(from: number, to: number): string {
    return this.#text.slice(this.#starts[from], this.#starts[to]);
  }
}
