/** What one section of docs/balancing.md is made of: a table, and the promises that it does not keep. */
import { markdownTable } from '../../bench/markdown.ts';

export interface Figure {
  /** The name in the marks of the document. */
  readonly name: string;
  /** A head and rows, as cells. */
  readonly table: readonly (readonly string[])[];
  /** How it was done, in a sentence or two. */
  readonly note: string;
  /** Promises that these figures break, each in a sentence. */
  readonly broken: readonly string[];
}

/** How much is computed: a test is content with less than the document. */
export interface Effort {
  readonly keys: number;
  /** Numbers of endpoints. */
  readonly sizes: readonly number[];
  /** Different sets for means. */
  readonly sets: number;
}

export const FULL: Effort = { keys: 100_000, sizes: Array.from({ length: 99 }, (_, i) => i + 2), sets: 20 };

/** The section as Markdown. */
export function formatFigure({ table, note }: Figure): string {
  const [head = [], ...rows] = table;
  return `\n${markdownTable(head, rows).join('\n')}\n\n${note}\n\n`;
}

/** The numbers of endpoints that have a row of their own. */
export function shownOf(sizes: readonly number[]): readonly number[] {
  return [2, 5, 10, 20, 50, 100].filter((size) => sizes.includes(size));
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function percent(share: number, digits = 2): string {
  return `${(share * 100).toFixed(digits)} %`;
}
