/** The few items of a file that keep `readPlainYaml` from reading it: written in other ways, there twice, or broken. Pure. */
import type { BlockLines } from './block-lines.ts';
import type { Environment } from './environment.ts';
import { readPlainYaml } from './plain-yaml.ts';

export interface OddItem {
  /** Keys that lead to it, its own the last; undefined where that cannot be read. */
  readonly path: readonly string[] | undefined;
  /** The lines of the keys above it, from the top. */
  readonly ancestors: readonly number[];
  readonly line: number;
  /** The line behind its last. */
  readonly end: number;
  /** An item before it has its key: only that one counts. */
  readonly isSecond: boolean;
}

interface Search {
  readonly lines: BlockLines;
  readonly env: Environment;
  readonly found: OddItem[];
}

interface Block {
  readonly from: number;
  readonly to: number;
  readonly path: readonly string[];
  readonly ancestors: readonly number[];
}

/** What is no longer is asked for as a whole, which is quicker than looking into it. */
const SMALL = 64;

export function findOddItems(lines: BlockLines, env: Environment): readonly OddItem[] {
  const search: Search = { lines, env, found: [] };
  searchBlock(search, { from: 0, to: lines.count, path: [], ancestors: [] });
  return search.found;
}

/** Of a mapping, item by item; a list, whose items are known by their number, is one item. */
function searchBlock(search: Search, { from, to, path, ancestors }: Block): void {
  const { lines, found } = search;
  const names = new Map<string, number>();
  const first = lines.contentFrom(from, to);
  for (let line = first; line < to; ) {
    const end = lines.endOf(line, to);
    const { name } = lines.keyOf(line);
    const isStray = lines.indentOf(line) !== lines.indentOf(first);
    const isSecond = name !== undefined && names.has(name);
    const own = name === undefined || isStray ? undefined : [...path, name];
    if (own === undefined || isSecond) found.push({ path: own, ancestors, line, end, isSecond });
    else searchItem(search, { path: own, ancestors, line, end, isSecond });
    if (name !== undefined && !isSecond) names.set(name, line);
    line = lines.contentFrom(end, to);
  }
}

function searchItem(search: Search, item: OddItem & { readonly path: readonly string[] }): void {
  const { lines, found } = search;
  const { path, ancestors, line, end } = item;
  const inside = lines.contentFrom(line + 1, end);
  const hasBlock = lines.keyOf(line).isOpen && inside < end && !lines.isDash(inside);
  if (!hasBlock || end - line <= SMALL) {
    if (!isPlain(search, line, end)) found.push(item);
    return;
  }
  searchBlock(search, { from: line + 1, to: end, path, ancestors: [...ancestors, line] });
}

function isPlain({ lines, env }: Search, line: number, end: number): boolean {
  const text = lines.slice(line, end);
  return readPlainYaml(lines.indentOf(line) === 0 ? text : `x:\n${text}`, env) !== undefined;
}
