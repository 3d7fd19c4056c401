import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choose, type FailoverMemory, type FailoverRule } from '../../dns/failover.ts';
import { untilChangeMs } from '../../dns/min-up.ts';
import { DECIDED, NEW, pool, REMEMBERS, written } from '../support/pool-states.ts';

type Row = readonly [
  policy: FailoverRule['policy'],
  minUp: readonly number[],
  pools: readonly string[],
  memory: FailoverMemory,
  expected: string,
];

const WHEN_ALL_DOWN = ['last_good', 'all', 'none'] as const;

function chosen([policy, minUp, pools, memory]: Row, whenAllDown: FailoverRule['whenAllDown'] = 'last_good'): string {
  const states = pools.map((text) => pool(text));
  return written(choose({ policy, whenAllDown, minUp }, states, memory));
}

describe('a pool with a minimum', () => {
  const rows: readonly Row[] = [
    ['failover', [2, 1], ['1+ 2+', '3+'], DECIDED, 'up: 1 2'],
    ['failover', [2, 1], ['1+ 2-', '3+'], DECIDED, 'up: 3'],
    ['failover', [2, 2, 1], ['1+ 2-', '3+', '4+'], DECIDED, 'up: 4'],
    ['failover', [2, 1], ['1+ 1+', '3+'], DECIDED, 'up: 3'],
    ['all', [2, 1], ['1+ 2-', '3+ 4-'], DECIDED, 'up: 3'],
    ['all', [2, 1], ['1+ 2+', '3+'], DECIDED, 'up: 1 2 3'],
    // Before the first verdicts.
    ['failover', [2, 1], ['1+ 2?', '3+'], NEW, 'assumed: 1 2'],
    ['failover', [2, 1], ['1? 2?', '3+'], NEW, 'assumed: 1 2'],
    ['failover', [3, 1], ['1+ 2?', '3+'], NEW, 'up: 3'],
    ['failover', [2, 1], ['1+ 2?', '3+'], DECIDED, 'up: 3'],
    ['all', [2, 1], ['1+ 2?', '3+'], NEW, 'up: 3'],
    ['all', [2, 1], ['1+ 2?', '3?'], NEW, 'assumed: 1 2 3'],
  ];

  it.each(rows)('%s with min_up %j over %j', (...row) => {
    for (const whenAllDown of WHEN_ALL_DOWN) expect(chosen(row, whenAllDown)).toBe(row[4]);
  });
});

describe('where no pool has its minimum', () => {
  const rows: readonly Row[] = [
    ['failover', [2, 2], ['1+ 2-', '3-'], DECIDED, 'too_few: 1'],
    ['failover', [2, 2], ['1+ 2-', '3+ 4-'], DECIDED, 'too_few: 1'],
    ['failover', [4, 2], ['1+ 2-', '3+ 4-'], DECIDED, 'too_few: 3'],
    ['failover', [3, 4], ['1- 2-', '3+ 4+ 5-'], REMEMBERS, 'too_few: 3 4'],
    ['all', [3, 3], ['1+ 2-', '3+ 4+ 5-'], DECIDED, 'too_few: 3 4'],
    ['failover', [3, 3], ['1+ 2?', '3?'], NEW, 'too_few: 1'],
    ['failover', [2, 2], ['1?', '3?'], NEW, 'assumed: 1'],
    ['all', [2, 2], ['1-', '3?'], NEW, 'assumed: 3'],
    ['failover', [2, 2], ['1?', '3?'], REMEMBERS, 'last_good: 9'],
    ['failover', [2, 2], ['1- 2-', '3-'], DECIDED, 'configured: 1 2'],
  ];

  it.each(rows)('%s with min_up %j over %j', (...row) => {
    expect(chosen(row)).toBe(row[4]);
  });

  it('answers with those that are up, whatever is to happen when all are down', () => {
    const row: Row = ['failover', [3], ['1+ 2- 3-'], DECIDED, 'too_few: 1'];
    for (const whenAllDown of WHEN_ALL_DOWN) expect(chosen(row, whenAllDown)).toBe(row[4]);
  });
});

describe('the time until the choice could change', () => {
  it.each([
    ['any change of a pool that counts as up', [pool('1+ 2+ 3-', [3_000, 2_000, 1_000])], [2], 1_000],
    ['the second of those that have to rise', [pool('1- 2- 3-', [5_000, 1_000, 3_000]), pool('4+', 9_000)], [2], 3_000],
    ['only those that have to rise', [pool('1+ 2-', [1_000, 4_000]), pool('4+', 9_000)], [2], 4_000],
    ['nothing of a list that is too short', [pool('1+ 2-', [1_000, 2_000]), pool('4+', 9_000)], [3], 9_000],
    ['anybody who registers', [pool('1+ 2-', [1_000, 2_000], false), pool('4+', 9_000)], [2], 0],
    ['a first verdict', [pool('1- 2- 3?', [1_000, 2_000, 0]), pool('4+', 9_000)], [2], 0],
    [
      'any member of any pool, where none has its minimum',
      [pool('1+ 2-', [3_000, 4_000]), pool('3-', 2_000)],
      [2],
      2_000,
    ],
  ])('counts %s', (_what, pools, minUp, flipMs) => {
    expect(choose({ policy: 'failover', whenAllDown: 'last_good', minUp }, pools, DECIDED).flipMs).toBe(flipMs);
  });

  it('counts for "all" a pool below its minimum by when it could have it', () => {
    const pools = [pool('1+ 2- 3-', [1_000, 2_000, 3_000]), pool('4+', 9_000)];
    const flipMs = (minUp: readonly number[]) =>
      choose({ policy: 'all', whenAllDown: 'last_good', minUp }, pools, DECIDED).flipMs;
    expect([flipMs([1]), flipMs([2]), flipMs([3])]).toEqual([1_000, 2_000, 3_000]);
  });
});

const members = fc.array(
  fc.tuple(fc.integer({ min: 1, max: 9 }), fc.constantFrom('+', '-', '?'), fc.constantFrom(1_000, 2_000, 3_000)),
  { maxLength: 6 },
);
const pools = fc.array(members, { minLength: 1, maxLength: 4 }).map((all) =>
  all.map((it) =>
    pool(
      it.map(([ip, verdict]) => `${ip}${verdict}`).join(' '),
      it.map(([, , flipMs]) => flipMs),
    ),
  ),
);
const rule = fc.record({
  policy: fc.constantFrom('failover', 'all') satisfies fc.Arbitrary<FailoverRule['policy']>,
  whenAllDown: fc.constantFrom(...WHEN_ALL_DOWN),
  minUp: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }),
});

describe('whatever the pools', () => {
  it('the answer is empty only where nothing is known or none was chosen, and up members are in it where there are any', () => {
    fc.assert(
      fc.property(rule, pools, fc.constantFrom(NEW, DECIDED, REMEMBERS), (it, states, memory) => {
        const { basis, addresses } = choose(it, states, memory);
        expect(addresses.length === 0).toBe(basis === 'none' || basis === 'unknown');
        if (basis === 'none') expect(it.whenAllDown).toBe('none');
        const up = new Set(
          states.flatMap((state) => state.members.filter(({ verdict }) => verdict === 'up').map(({ ip }) => ip)),
        );
        if (basis === 'up' || basis === 'too_few') expect(addresses.every((ip) => up.has(ip))).toBe(true);
        else if (basis !== 'assumed') expect(up.size).toBe(0);
      }),
    );
  });

  it('it does not change before the time that was told has passed, whichever members change until then', () => {
    fc.assert(
      fc.property(rule, pools, fc.integer({ min: 0, max: 0xff_ffff }), (it, states, changes) => {
        fc.pre(states.every(({ settled }) => settled));
        const before = choose(it, states, DECIDED);
        const later = states.map((state, place) => ({
          ...state,
          members: state.members.map((member, i) => {
            const isOther = member.flipMs < before.flipMs && (changes >> (place * 6 + i)) % 2 === 1;
            return isOther ? { ...member, verdict: flipped(member.verdict) } : member;
          }),
        }));
        if (before.basis === 'up') expect(written(choose(it, later, DECIDED))).toBe(written(before));
      }),
    );
  });
});

function flipped(verdict: 'up' | 'down' | 'unknown'): 'up' | 'down' {
  return verdict === 'up' ? 'down' : 'up';
}

it('a pool that has its minimum changes with its members', () => {
  expect(untilChangeMs(pool('1+ 2-', [3_000, 2_000]), 1)).toBe(2_000);
});
