import { describe, expect, it } from 'vitest';
import { choose, type FailoverMemory, type FailoverRule } from '../../dns/failover.ts';
import { DECIDED, NEW, pool, REMEMBERS, written } from '../support/pool-states.ts';

type Row = readonly [
  policy: FailoverRule['policy'],
  pools: readonly string[],
  memory: FailoverMemory,
  expected: string,
];

function check(whenAllDown: FailoverRule['whenAllDown'], [policy, pools, memory, expected]: Row): void {
  const choice = choose(
    { policy, whenAllDown },
    pools.map((text) => pool(text)),
    memory,
  );
  expect(written(choice)).toBe(expected);
}

describe('with a member that is up', () => {
  const rows: readonly Row[] = [
    ['failover', ['1+ 2+', '3+'], DECIDED, 'up: 1 2'],
    ['failover', ['1- 2+', '3+'], DECIDED, 'up: 2'],
    ['failover', ['1- 2-', '3+ 4-'], DECIDED, 'up: 3'],
    ['failover', ['', '3+'], DECIDED, 'up: 3'],
    ['failover', ['1?', '3+'], DECIDED, 'up: 3'],
    ['failover', ['1?', '3+'], NEW, 'assumed: 1'],
    ['failover', ['1? 2+', '3+'], NEW, 'up: 2'],
    ['failover', ['…', '3+'], NEW, 'up: 3'],
    ['failover', ['1- 2-', '3-', '4+ 5+'], REMEMBERS, 'up: 4 5'],
    ['failover', ['2+ 1+ 2+'], DECIDED, 'up: 1 2'],
    ['all', ['1+ 2-', '3+'], DECIDED, 'up: 1 3'],
    ['all', ['1?', '3+'], NEW, 'up: 3'],
    ['all', ['1-', '3+ 1+'], DECIDED, 'up: 1 3'],
    ['weighted', ['1- 2-', '3+ 4-'], DECIDED, 'up: 3'],
    ['hash', ['1+ 2-', '3+'], DECIDED, 'up: 1'],
  ];

  it.each(rows)('%s over %j', (...row) => {
    for (const whenAllDown of ['last_good', 'all', 'none'] as const) check(whenAllDown, row);
  });
});

describe('with no member up', () => {
  const rows: readonly [FailoverRule['whenAllDown'], ...Row][] = [
    ['last_good', 'failover', ['1- 2-', '3-'], REMEMBERS, 'last_good: 9'],
    ['last_good', 'failover', ['', ''], REMEMBERS, 'last_good: 9'],
    ['last_good', 'failover', ['1- 2-', '3-'], DECIDED, 'configured: 1 2'],
    ['last_good', 'failover', ['', '3-'], DECIDED, 'configured: 3'],
    ['last_good', 'failover', ['', ''], DECIDED, 'unknown:'],
    ['last_good', 'all', ['1-', '3-'], REMEMBERS, 'last_good: 9'],
    ['last_good', 'failover', ['1? 2?', '3?'], NEW, 'assumed: 1 2'],
    ['last_good', 'failover', ['…', '3?'], NEW, 'assumed: 3'],
    ['last_good', 'failover', ['…'], NEW, 'unknown:'],
    ['last_good', 'all', ['1?', '3?'], NEW, 'assumed: 1 3'],
    ['all', 'failover', ['1- 2-', '3-'], REMEMBERS, 'all: 1 2 3'],
    ['all', 'all', ['1-', '3-'], DECIDED, 'all: 1 3'],
    ['all', 'failover', ['', ''], REMEMBERS, 'last_good: 9'],
    ['all', 'failover', [''], DECIDED, 'unknown:'],
    ['none', 'failover', ['1- 2-', '3-'], REMEMBERS, 'none:'],
    ['none', 'failover', ['', ''], DECIDED, 'none:'],
    ['none', 'all', ['1-'], DECIDED, 'none:'],
    ['none', 'failover', ['1?', '3-'], NEW, 'assumed: 1'],
    ['none', 'failover', ['…', '3-'], NEW, 'configured: 3'],
    ['none', 'failover', ['…'], NEW, 'unknown:'],
  ];

  it.each(rows)('%s: %s over %j', (whenAllDown, ...row) => check(whenAllDown, row));
});

describe('the time until the choice could change', () => {
  it.each([
    ['failover', 'is that of the pool that answers', [pool('1+', 3_000), pool('2+', 1_000)], 3_000],
    [
      'failover',
      'counts the pools before it, which may return',
      [pool('1-', 2_000), pool('2+', 3_000), pool('3+', 5)],
      2_000,
    ],
    ['failover', 'counts every pool when none has a member up', [pool('1-', 2_000), pool('2-', 1_000)], 1_000],
    ['all', 'counts every pool', [pool('1+', 2_000), pool('2+', 1_000)], 1_000],
    ['failover', 'is none while the answer is only assumed', [pool('1?', 2_000)], 0],
  ] as const)('%s: %s', (policy, _what, pools, flipMs) => {
    expect(choose({ policy, whenAllDown: 'last_good' }, pools, NEW).flipMs).toBe(flipMs);
  });
});

describe('a choice is sure', () => {
  it.each([
    ['failover', ['1+', '…'], true],
    ['failover', ['1+ 2?', '3+'], false],
    ['failover', ['…', '3+'], false],
    ['failover', ['1-', '3+', '4?'], true],
    ['failover', ['1-', '3-'], true],
    ['all', ['1+', '3?'], false],
    ['all', ['1+', '3-'], true],
  ] as const)('%s over %j: %s', (policy, pools, sure) => {
    expect(
      choose(
        { policy, whenAllDown: 'last_good' },
        pools.map((text) => pool(text)),
        NEW,
      ).sure,
    ).toBe(sure);
  });
});

describe('the weights', () => {
  it.each([
    ['of each address', ['1*5+ 2+'], DECIDED, [5, 1]],
    ['of all members at one address that are in the answer', ['1*5+ 2+ 1*2+ 1*9-'], DECIDED, [7, 1]],
    ['of who is down, where everybody is down', ['1*5- 2*3-'], DECIDED, [5, 3]],
    ['that remembered addresses have now, or 1', ['9*4-'], REMEMBERS, [4]],
    ['that remembered addresses have now, or 1', [''], REMEMBERS, [1]],
  ] as const)('are those %s', (_what, pools, memory, weights) => {
    const states = pools.map((text) => pool(text));
    for (const policy of ['weighted', 'hash'] as const) {
      expect(choose({ policy, whenAllDown: 'last_good' }, states, memory).weights).toEqual(weights);
    }
  });
});
