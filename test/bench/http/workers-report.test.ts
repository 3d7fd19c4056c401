import { expect, test } from 'vitest';
import { formatWorkers, type WorkersEntry, type WorkersTurn } from '../../../bench/http/workers-report.ts';

const turn = (perSecond: number, shares: readonly number[], behindMicros: number): WorkersTurn => ({
  perSecond,
  cost: { cpuMicros: 20, busiestMicros: 20 * (shares[0] ?? 0), shares },
  behindMicros,
  disturbance: 0.02,
});

const entry = (kind: WorkersEntry['kind'], threads: number, turns: WorkersTurn[], problems: string[] = []) => ({
  kind,
  name: `Outrigger, workers: ${threads}`,
  threads,
  turns,
  problems,
});

test('two workers are told beside one: what came, what could have come, and what two cores would carry', () => {
  const entries = [
    entry('proxied', 1, [turn(50_000, [1, 0], 5)]),
    entry('proxied', 2, [turn(60_000, [0.5, 0.4, 0.1], 5)]),
    entry('own', 1, [turn(50_000, [1, 0], 5)], ['a connection ended early']),
    entry('own', 2, []),
  ];
  const text = formatWorkers({
    title: 'one and two',
    turns: 1,
    seconds: 3,
    pipeline: 8,
    cores: 'All on 0 and 1',
    entries,
  });
  const rows = text.split('\n').filter((line) => line.startsWith('| Outrigger'));
  const cells = rows.map((row) =>
    row
      .split('|')
      .slice(2, -1)
      .map((cell) => cell.trim()),
  );
  expect(cells[0]).toEqual(['20.0', '20.0', '100 + 0 %', '5.0', '50000', '1.00', '50000', '1.00']);
  // 2 cores by 25 µs are 80,000 requests/s, 1.6 times those of one.
  expect(cells[1]).toEqual(['20.0', '10.0', '50 + 40 + 10 %', '5.0', '60000', '1.20 of 1.60', '100000', '2.00']);
  expect(cells[2]?.slice(0, 5)).toEqual(['–', '–', '–', '–', '–']);
  expect(text).toContain('1 turns of 3 s each. All on 0 and 1; other programs took 2 % of them.');
  expect(text).toContain('- Outrigger, workers: 1 (own) FAILED: a connection ended early');
});
