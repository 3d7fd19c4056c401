import { describe, expect, test } from 'vitest';
import { capacityOf, costOf, timesBetween } from '../../../bench/http/capacity.ts';

const cost = (threads: readonly number[], count: number) =>
  costOf({ answers: 10, threads: new Map(threads.map((micros, i) => [String(i), micros])) }, count);

describe('what a request costs', () => {
  test('is of all threads, with the busiest apart', () => {
    expect(cost([20, 100, 80], 2)).toEqual({ cpuMicros: 20, busiestMicros: 10, shares: [0.5, 0.4, 0.1] });
  });

  test('of a turn in which nothing ran has no shares', () => {
    expect(cost([0, 0], 1).shares).toEqual([0, 0]);
  });
});

describe('two cores of their own carry', () => {
  test.each([
    ['what one thread can, of a program with one', [200], 1, 50_000],
    ['twice that, of two even threads at the same cost', [100, 100], 2, 100_000],
    ['less, when one thread has more of the work', [120, 80], 2, 1e6 / 12],
    ['less, when a request costs more', [125, 125], 2, 80_000],
    ['what both cores can, when helpers fill the second', [150, 50, 200], 1, 50_000],
  ])('%s', (_, threads, count, expected) => {
    expect(capacityOf(cost(threads, count), 2)).toBeCloseTo(expected, 6);
  });
});

test('a thread that began in between counts from its beginning', () => {
  const [before, after] = [
    new Map([['1', 100]]),
    new Map([
      ['1', 130],
      ['2', 7],
    ]),
  ];
  expect([...timesBetween(before, after)]).toEqual([
    ['1', 30],
    ['2', 7],
  ]);
});
