/** Writes the table of values in the chart's README from the comments in `values.yaml`. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CHART, type ChartValue, readChartValues } from './chart-values.ts';

const BEGIN = '<!-- Begin of the table that scripts/chart-readme.ts writes from values.yaml. -->';
// Aligned columns would make every line as long as the longest, and one changed default would change them all.
const KEEP = '<!-- biome-ignore format: a row for each line -->';
const END = '<!-- End of the table. -->';

export const README = join(CHART, 'README.md');

/** `readme` with the table replaced by that of the values as they are now. Throws when it has no place for one. */
export async function withValuesTable(readme: string): Promise<string> {
  const begin = readme.indexOf(BEGIN);
  const end = readme.indexOf(END);
  if (begin < 0 || end < begin) throw new Error('the README has no place for the table of values');
  return `${readme.slice(0, begin + BEGIN.length)}\n\n${valuesTable(await readChartValues())}\n\n${readme.slice(end)}`;
}

function valuesTable(values: readonly ChartValue[]): string {
  const rows = values.filter((value) => isRow(value, values));
  return [KEEP, '| value | default | |', '| --- | --- | --- |', ...rows.map(row)].join('\n');
}

/**
 * A section whose comment speaks for all that is in it is one row; any other section has a row for each thing in it.
 */
function isRow({ path, comment, isSection }: ChartValue, values: readonly ChartValue[]): boolean {
  return isSection ? comment !== '' && !hasCommentBelow(path, values) : comment !== '';
}

function hasCommentBelow(path: string, values: readonly ChartValue[]): boolean {
  return values.some((value) => value.path.startsWith(`${path}.`) && value.comment !== '');
}

function row({ path, comment, value }: ChartValue): string {
  return `| \`${path}\` | \`${JSON.stringify(value)}\` | ${comment} |`.replaceAll('||', '\\|\\|');
}

if (import.meta.main) await writeFile(README, await withValuesTable(await readFile(README, 'utf8')));
