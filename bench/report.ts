/** The result of a contest as text. */
import type { Result } from './contest.ts';
import type { Row } from './contest-rows.ts';
import { markdownTable, withSignedSpread, withSpread } from './markdown.ts';
import type { Spread } from './statistics.ts';

/** A Markdown section, which is plain enough to read on a terminal. */
export function formatResult(result: Result): string {
  const { title, turns, seconds, rows, remarks, skipped, disturbance, lateness } = result;
  const columns = columnsOf(result);
  const table = markdownTable(
    ['', ...columns.map(([head]) => head)],
    rows.map((row) => [row.candidate, ...columns.map(([, cell]) => cell(row))]),
  );
  const failed = rows.flatMap(({ candidate, problems }) =>
    problems.map((problem) => `- ${candidate} FAILED: ${problem}`),
  );
  const notes = [...failed, ...skipped.map((reason) => `- not measured: ${reason}`)];
  return [
    `### ${title}`,
    '',
    `${turns} turns of ${seconds} s each${disturbanceOf(disturbance)}${latenessOf(lateness)}.`,
    ...remarks,
    '',
    ...table,
    ...(notes[0] ? ['', ...notes] : []),
  ]
    .join('\n')
    .concat('\n');
}

type Column = readonly [head: string, cell: (row: Row) => string];

function columnsOf({ unit, reference, isAtFixedRate, rows }: Result): readonly Column[] {
  const middle = (spread: Spread | undefined, digits: number): string => spread?.median.toFixed(digits) ?? '–';
  const cpu: readonly Column[] = [
    [`CPU µs/${unit}`, (row) => withSpread(row.cpuMicros, 1)],
    [`ratio to ${reference}`, (row) => withSpread(row.ratio, 2)],
  ];
  const rate: Column = [unit === 'request' ? 'requests/s' : 'queries/s', (row) => middle(row.perSecond, 0)];
  const rss: Column = ['RSS MiB', (row) => row.rssMiB?.toFixed(0) ?? '–'];
  if (isAtFixedRate) {
    const over: Column = [`p99 − ${reference}’s, ms`, (row) => withSignedSpread(row.p99OverMs, 2)];
    return [
      ['p50 ms', (row) => withSpread(row.p50Ms, 2)],
      ['p99 ms', (row) => withSpread(row.p99Ms, 2)],
      over,
      rate,
      ...cpu,
      rss,
    ];
  }
  const hasPercentiles = rows.some((row) => row.p50Ms !== undefined);
  const latency: readonly Column[] = hasPercentiles
    ? [
        ['p50 ms', (row) => middle(row.p50Ms, 2)],
        ['p99 ms', (row) => middle(row.p99Ms, 2)],
      ]
    : [['mean ms', (row) => middle(row.meanMs, 2)]];
  return [...cpu, rate, ...latency, rss];
}

/** Quiet or not: on a core that others use, caches are cold and batches small, and each program suffers differently. */
function disturbanceOf(share: Spread | undefined): string {
  if (share === undefined) return '';
  const [median, most] = [share.median, share.most].map((value) => (value * 100).toFixed(0));
  return `; other programs took ${median} % of the measured core, ${most} % at most`;
}

/** What the load's own clock adds to everyone's latency. */
function latenessOf(spread: Spread | undefined): string {
  if (spread === undefined) return '';
  return `; 99 % of requests left within ${spread.median.toFixed(2)} ms of their time (${spread.most.toFixed(2)} ms in the worst turn)`;
}
