/**
 * A large file of which only some items are not plain: those are read by the parser of all of YAML, with the lines that
 * lead to them, and all others quickly. Pure.
 */
import { BlockLines } from './block-lines.ts';
import type { Environment } from './environment.ts';
import { Excerpt } from './excerpt.ts';
import { findOddItems, type OddItem } from './odd-items.ts';
import { readPlainYaml } from './plain-yaml.ts';
import type { ConfigPath, Problem } from './problem.ts';
import { readSource, type Source } from './source.ts';

export interface LargeSource extends Pick<Source, 'value' | 'problems'> {
  /** The places of parts at these paths, which have to be named beforehand. */
  locating(paths: readonly ConfigPath[]): Source['locate'];
}

type Mapping = Record<string, unknown>;

/** What a plain file may begin with or have at the ends of its lines, written so that lines and columns stay. */
export function plainer(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(/^((?:[ ]*(?:#[^\n]*)?\n)*)---(?=[ ]*(?:#[^\n]*)?\n)/, '$1#--');
}

/** Undefined where it is quicker, or the only way, to read all of it in one. */
export function readLargeSource(text: string, env: Environment): LargeSource | undefined {
  const lines = new BlockLines(text);
  const odd = findOddItems(lines, env);
  const read = (paths: readonly ConfigPath[]) => readExcerpt({ lines, odd, env }, paths);
  const aside = read([]);
  if (odd.length === 0 || aside.length > text.length / 2) return undefined;
  const { value, problems } = aside;
  const locating: LargeSource['locating'] = (paths) => read(paths).locate;
  if (value === undefined) return { value, problems, locating };
  const plain = readPlainYaml(withoutItems(lines, odd), env)?.value;
  if (typeof plain !== 'object' || plain === null) return undefined;
  const isWhole = odd.every((item) => item.isSecond || putIn(plain as Mapping, value, item.path));
  return isWhole ? { value: plain, problems, locating } : undefined;
}

interface Parts {
  readonly lines: BlockLines;
  readonly odd: readonly OddItem[];
  readonly env: Environment;
}

function readExcerpt({ lines, odd, env }: Parts, paths: readonly ConfigPath[]): Source & { readonly length: number } {
  const excerpt = new Excerpt(lines);
  if (paths.length > 0) excerpt.keepPaths(paths);
  for (const { path, ancestors, line, end, isSecond } of odd) {
    for (const above of [-1, ...ancestors]) {
      if (above >= 0) excerpt.keepHead(above);
      excerpt.keepHead(lines.contentFrom(above + 1, lines.count));
    }
    if (isSecond && path !== undefined) excerpt.keepPaths([path]);
    excerpt.keepLines(line, end);
    // What is open at its end is noticed on the line behind it.
    excerpt.keepHead(lines.contentFrom(end, lines.count));
  }
  const { text, lineOf } = excerpt.take();
  const source = readSource(text, env);
  const moved = (it: Problem): Problem => ({ ...it, line: lineOf(it.line) });
  return {
    length: text.length,
    value: source.value,
    problems: source.problems.map(moved),
    locate: (path, at) => {
      const { line, column } = source.locate(path, at);
      return { line: lineOf(line), column };
    },
  };
}

/** The text with something in the place of each odd item, so that keys stay in their order. */
function withoutItems(lines: BlockLines, odd: readonly OddItem[]): string {
  let [text, from] = ['', 0];
  for (const { line, end, path, isSecond } of odd) {
    text += lines.slice(from, line);
    const name = path?.at(-1);
    if (name !== undefined && !isSecond) text += `${' '.repeat(lines.indentOf(line))}"${name}": 0\n`;
    from = end;
  }
  return text + lines.slice(from, lines.count);
}

/** False where the way to it is another one than it seemed. */
function putIn(whole: Mapping, part: unknown, path: OddItem['path']): boolean {
  const last = path?.at(-1);
  if (path === undefined || last === undefined) return false;
  let [to, from]: [unknown, unknown] = [whole, part];
  for (const key of path.slice(0, -1)) [to, from] = [below(to, key), below(from, key)];
  if (typeof to !== 'object' || to === null || typeof from !== 'object' || from === null) return false;
  if (last in from) (to as Mapping)[last] = (from as Mapping)[last];
  else delete (to as Mapping)[last];
  return true;
}

function below(it: unknown, key: string): unknown {
  return typeof it === 'object' && it !== null && key in it ? (it as Mapping)[key] : undefined;
}
