/** Results as tables: one for the terminal, the same for docs/benchmarks.md. */
import type { Result, Row } from './contest.ts';
import type { Spread } from './statistics.ts';

/** A Markdown section, which is plain enough to read on a terminal. */
export function formatResult(result: Result): string {
  const { title, unit, reference, turns, seconds, rows, skipped, disturbance } = result;
  const hasPercentiles = rows.some((row) => row.p50Ms !== undefined);
  const head = [
    '',
    `CPU µs/${unit}`,
    `ratio to ${reference}`,
    unit === 'request' ? 'requests/s' : 'queries/s',
    ...(hasPercentiles ? ['p50 ms', 'p99 ms'] : ['mean ms']),
    'RSS MiB',
  ];
  const table = [
    head,
    head.map((_, i) => (i === 0 ? '---' : '---:')),
    ...rows.map((row) => cells(row, hasPercentiles)),
  ];
  const widths = head.map((_, i) => Math.max(...table.map((line) => line[i]?.length ?? 0)));
  const lines = table.map((line) => `| ${line.map((cell, i) => pad(cell, widths[i] ?? 0, i)).join(' | ')} |`);
  const failed = rows.flatMap(({ candidate, problems }) =>
    problems.map((problem) => `- ${candidate} FAILED: ${problem}`),
  );
  const notes = [...failed, ...skipped.map((reason) => `- not measured: ${reason}`)];
  return [
    `### ${title}`,
    '',
    `${turns} turns of ${seconds} s each${disturbanceOf(disturbance)}.`,
    '',
    ...lines,
    ...(notes[0] ? ['', ...notes] : []),
  ]
    .join('\n')
    .concat('\n');
}

/** Quiet or not: on a core that others use, caches are cold and batches small, and each program suffers differently. */
function disturbanceOf(share: Spread | undefined): string {
  if (share === undefined) return '';
  const [median, most] = [share.median, share.most].map((value) => (value * 100).toFixed(0));
  return `; other programs took ${median} % of the measured core, ${most} % at most`;
}

function pad(cell: string, width: number, column: number): string {
  if (/^-+:?$/.test(cell)) return column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`;
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

function cells(row: Row, hasPercentiles: boolean): readonly string[] {
  const middle = (spread: Spread | undefined, digits: number): string => spread?.median.toFixed(digits) ?? '–';
  return [
    row.candidate,
    withSpread(row.cpuMicros, 1),
    withSpread(row.ratio, 2),
    middle(row.perSecond, 0),
    ...(hasPercentiles ? [middle(row.p50Ms, 2), middle(row.p99Ms, 2)] : [middle(row.meanMs, 2)]),
    row.rssMiB?.toFixed(0) ?? '–',
  ];
}

/** `19.1 (18.8–19.9)`: the median, and the least and the greatest of the turns. */
export function withSpread(spread: Spread | undefined, digits: number): string {
  if (spread === undefined) return '–';
  const [median, least, most] = [spread.median, spread.least, spread.most].map((value) => value.toFixed(digits));
  return least === most ? `${median}` : `${median} (${least}–${most})`;
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
