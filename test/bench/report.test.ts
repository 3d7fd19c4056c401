import { describe, expect, test } from 'vitest';
import type { Result } from '../../bench/contest.ts';
import { rowsOf, type Turn } from '../../bench/contest-rows.ts';
import { formatResult } from '../../bench/report.ts';

/** `p50Ms` of null: the load tells no percentiles. */
const turn = (cpuMicros: number, p50Ms: number | null = 1, rssMiB = 10): Turn => ({
  cpuMicros,
  disturbance: 0.01,
  rssBytes: rssMiB * 1_048_576,
  report: {
    answers: 100,
    seconds: 2,
    p50Ms: p50Ms ?? undefined,
    p99Ms: p50Ms === null ? undefined : 2 * p50Ms,
    meanMs: 1.5,
    problems: [],
  },
});

const entry = (name: string, turns: readonly Turn[], problems: readonly string[] = []) => ({
  contestant: { name },
  turns,
  problems,
});

const result = (rows: Result['rows'], more: Partial<Result> = {}): Result => ({
  name: 'x',
  title: 'Small answers',
  unit: 'request',
  reference: 'A',
  turns: 3,
  seconds: 2,
  isAtFixedRate: false,
  remarks: [],
  rows,
  skipped: ['C: needs package c'],
  disturbance: { median: 0.012, least: 0, most: 0.34 },
  lateness: undefined,
  ...more,
});

describe('rows', () => {
  test('have the CPU of one answer, and its ratio to the reference turn by turn', () => {
    const [reference, other] = rowsOf(
      [entry('A', [turn(1_000), turn(2_000)]), entry('B', [turn(1_500), turn(2_200)])],
      'A',
    );
    expect(reference).toMatchObject({ ratio: { median: 1, least: 1, most: 1 }, perSecond: { median: 50 } });
    expect(other).toMatchObject({ cpuMicros: { least: 15, most: 22 }, ratio: { least: 1.1, most: 1.5 } });
  });

  test('have how far the 99th percentile is above that of the reference, turn by turn', () => {
    const [reference, other] = rowsOf(
      [entry('A', [turn(1_000, 1), turn(1_000, 5)]), entry('B', [turn(1_000, 1.5), turn(1_000, 4.75)])],
      'A',
    );
    expect(reference?.p99OverMs).toEqual({ median: 0, least: 0, most: 0 });
    expect(other?.p99OverMs).toEqual({ median: 0.25, least: -0.5, most: 1 });
  });

  test('of whoever failed have no figures, and nobody is compared with it', () => {
    const [failed, other] = rowsOf(
      [entry('A', [turn(1_000)], ['3 answers were wrong']), entry('B', [turn(1_500)])],
      'A',
    );
    expect(failed).toMatchObject({ cpuMicros: undefined, ratio: undefined, rssMiB: undefined });
    expect(other).toMatchObject({ cpuMicros: { median: 15 }, ratio: undefined });
  });
});

describe('a table', () => {
  test('is aligned Markdown with failures and absences below', () => {
    const rows = rowsOf([entry('A', [turn(1_000), turn(1_100, 1.2, 12)]), entry('B', [], ['no answer'])], 'A');
    expect(formatResult(result(rows))).toBe(`### Small answers

3 turns of 2 s each; other programs took 1 % of the measured core, 34 % at most.

|     |   CPU µs/request | ratio to A | requests/s | p50 ms | p99 ms | RSS MiB |
| --- | ---------------: | ---------: | ---------: | -----: | -----: | ------: |
| A   | 10.5 (10.0–11.0) |       1.00 |         50 |   1.10 |   2.20 |      12 |
| B   |                – |          – |          – |      – |      – |       – |

- B FAILED: no answer
- not measured: C: needs package c
`);
  });

  test('has the mean where the load tells no percentiles', () => {
    const text = formatResult(result(rowsOf([entry('A', [turn(1_000, null)])], 'A')));
    expect(text).toContain('| mean ms |');
    expect(text).not.toContain('p99');
  });

  test('at a fixed rate is about how long answers took', () => {
    const rows = rowsOf([entry('A', [turn(1_000, 1)]), entry('B', [turn(1_500, 1.25)])], 'A');
    const fixed = {
      isAtFixedRate: true,
      remarks: ['Asked 50 per second.'],
      lateness: { median: 0.1, least: 0.1, most: 0.2 },
    };
    expect(formatResult(result(rows, { ...fixed, skipped: [], disturbance: undefined }))).toBe(`### Small answers

3 turns of 2 s each; 99 % of requests left within 0.10 ms of their time (0.20 ms in the worst turn).
Asked 50 per second.

|     | p50 ms | p99 ms | p99 − A’s, ms | requests/s | CPU µs/request | ratio to A | RSS MiB |
| --- | -----: | -----: | ------------: | ---------: | -------------: | ---------: | ------: |
| A   |   1.00 |   2.00 |          0.00 |         50 |           10.0 |       1.00 |      10 |
| B   |   1.25 |   2.50 |         +0.50 |         50 |           15.0 |       1.50 |      10 |
`);
  });
});
