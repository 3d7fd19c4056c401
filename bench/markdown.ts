/** Aligned Markdown tables, and their place in a document. */
import type { Spread } from './statistics.ts';

/** The first column to the left, the others to the right. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const table = [head, head.map((_, i) => (i === 0 ? '---' : '---:')), ...rows];
  const widths = head.map((_, i) => Math.max(...table.map((line) => line[i]?.length ?? 0)));
  return table.map((line) => `| ${line.map((cell, i) => pad(cell, widths[i] ?? 0, i)).join(' | ')} |`);
}

function pad(cell: string, width: number, column: number): string {
  if (/^-+:?$/.test(cell)) return column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`;
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

/** `19.1 (18.8–19.9)`: the median, and the least and the greatest of the turns. */
export function withSpread(spread: Spread | undefined, digits: number): string {
  if (spread === undefined) return '–';
  const [median, least, most] = [spread.median, spread.least, spread.most].map((value) => value.toFixed(digits));
  return least === most ? `${median}` : `${median} (${least}–${most})`;
}

/** `+0.12 (-0.03 to +0.20)`: as {@link withSpread}, of something that may be below nothing. */
export function withSignedSpread(spread: Spread | undefined, digits: number): string {
  if (spread === undefined) return '–';
  const signed = (value: number): string => `${value > 0 ? '+' : ''}${value.toFixed(digits)}`;
  const [median, least, most] = [spread.median, spread.least, spread.most].map(signed);
  return least === most ? `${median}` : `${median} (${least} to ${most})`;
}

/**
 * The document with the text between `<!-- bench NAME -->` and `<!-- end NAME -->` replaced. Throws where the marks
 * are not there.
 */
export function replaceSection(document: string, name: string, text: string): string {
  const [begin, end] = [`<!-- bench ${name} -->`, `<!-- end ${name} -->`];
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`no place for the results of ${name}: ${begin} … ${end}`);
  return `${document.slice(0, from + begin.length)}\n${text}${document.slice(to)}`;
}
