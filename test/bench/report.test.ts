import { describe, expect, test } from 'vitest';
import { quietest, type Result, rowsOf, type Turn } from '../../bench/contest.ts';
import { formatResult, replaceSection, withSpread } from '../../bench/report.ts';

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

const result = (rows: Result['rows']): Result => {
  const fixed = { name: 'x', title: 'Small answers', unit: 'request', reference: 'A', turns: 3, seconds: 2 } as const;
  return { ...fixed, rows, skipped: ['C: needs package c'], disturbance: { median: 0.012, least: 0, most: 0.34 } };
};

describe('rows', () => {
  test('have the CPU of one answer, and its ratio to the reference turn by turn', () => {
    const [reference, other] = rowsOf(
      [entry('A', [turn(1_000), turn(2_000)]), entry('B', [turn(1_500), turn(2_200)])],
      'A',
    );
    expect(reference).toMatchObject({ ratio: { median: 1, least: 1, most: 1 }, perSecond: { median: 50 } });
    expect(other).toMatchObject({ cpuMicros: { least: 15, most: 22 }, ratio: { least: 1.1, most: 1.5 } });
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

test.each([
  [
    [0.01, 0.4, 0.02, 0.03],
    [0, 2, 3],
  ],
  [
    [0.3, 0.2, 0.1, 0.4],
    [0, 1, 2],
  ],
  [
    [0, 0, 0, 0],
    [0, 1, 2],
  ],
  [
    [0.5, 0.1],
    [0, 1],
  ],
])('of rounds with noise %j the three quietest count', (noise, chosen) => {
  expect([...quietest(noise, 3)].sort((a, b) => a - b)).toEqual(chosen);
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

  test.each([
    [{ median: 1.2, least: 1.1, most: 1.3 }, '1.20 (1.10–1.30)'],
    [{ median: 1.2, least: 1.2, most: 1.2 }, '1.20'],
    [undefined, '–'],
  ])('writes %j as %s', (spread, text) => {
    expect(withSpread(spread, 2)).toBe(text);
  });
});

describe('a section of the document', () => {
  const document = 'before\n<!-- bench a -->\nold\n<!-- end a -->\nbetween\n<!-- bench b -->\n<!-- end b -->\n';

  test('is replaced, again and again, and the rest stays', () => {
    const once = replaceSection(document, 'a', 'new\n');
    expect(once).toBe(document.replace('old', 'new'));
    expect(replaceSection(once, 'a', 'new\n')).toBe(once);
  });

  test('must be there', () => {
    expect(() => replaceSection(document, 'c', 'new\n')).toThrow('no place for the results of c');
  });
});
