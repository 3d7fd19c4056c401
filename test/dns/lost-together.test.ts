import { describe, expect, it } from 'vitest';
import { BalancedRecord } from '../../dns/balanced-record.ts';
import { encodeRecord } from '../../dns/io/wire.ts';
import type { Ip } from '../../dns/ip.ts';
import { LostTogether } from '../../dns/lost-together.ts';
import { buildZones } from '../../dns/zone-config.ts';
import { lbTest } from '../support/dns-zone.ts';
import { FakeCluster } from '../support/fake-cluster.ts';

const set = (...last: number[]): readonly Ip[] => last.map((it) => `192.0.2.${it}` as Ip);

describe('of sets that shrank until nobody was up', () => {
  it.each<[string, readonly (readonly [readonly Ip[], number])[], readonly Ip[] | undefined]>([
    ['nothing where nothing came before', [], undefined],
    [
      'the first, where all ended within an interval',
      [
        [set(1, 2, 3), 4_100],
        [set(2, 3), 4_600],
      ],
      set(1, 2, 3),
    ],
    [
      'the first that ended within it',
      [
        [set(1, 2, 3), 3_000],
        [set(2, 3), 4_600],
      ],
      set(2, 3),
    ],
    [
      'nothing where the last was there for longer',
      [
        [set(1, 2, 3), 1_000],
        [set(2, 3), 3_700],
      ],
      undefined,
    ],
    ['nothing of a pool that the last is not part of', [[set(7, 8), 4_600]], undefined],
  ])('the whole is %s', (_what, former, expected) => {
    const together = new LostTogether(1_000);
    for (const [addresses, endedMs] of former) together.note(addresses, endedMs);
    expect(together.wholeOf(set(3), 5_000)).toEqual(expected);
    expect(together.wholeOf(set(3), 5_000)).toBeUndefined();
  });
});

describe('a record that loses all of its members', () => {
  /** Its answers after the pool was as `states` say, in turn. */
  function answers(...states: readonly (readonly [atMs: number, ...members: string[]])[]): readonly string[] {
    const config = lbTest('www: { policy: all, pools: [ { name: p, members: { static: [ 192.0.2.9 ] } } ] }');
    const { node, fixed } = buildZones(config.dns?.zones ?? {}, 1, encodeRecord).balanced[0]!;
    const pool = new FakeCluster();
    const rules = { policy: 'all', whenAllDown: 'last_good', probe: undefined } as const;
    const times = { minTtlMs: 1_000, maxTtlMs: 30_000 };
    const record = new BalancedRecord({ node, fixed, pools: [pool], ...rules, ...times });
    return states.map(([atMs, ...members]) => {
      pool.discover(...members);
      record.refresh(1, atMs);
      const { basis, addresses } = record.standing!.choice;
      expect(record.lastGood).toEqual(addresses);
      return `${basis}: ${addresses.map((ip) => ip.split('.')[3]).join(' ')}`;
    });
  }
  const all = ['192.0.2.1', '192.0.2.2', '192.0.2.3'] as const;
  const only3 = ['192.0.2.1 down', '192.0.2.2 down', '192.0.2.3'] as const;
  const none = ['192.0.2.1 down', '192.0.2.2 down', '192.0.2.3 down'] as const;

  it('at once, one verdict after the other, goes on with all of them', () => {
    expect(answers([0, ...all], [9_000, ...only3], [9_900, ...none], [30_000, ...none])).toEqual([
      'up: 1 2 3',
      'up: 3',
      'last_good: 1 2 3',
      'last_good: 1 2 3',
    ]);
  });

  it('one after the other goes on with the last', () => {
    expect(answers([0, ...all], [9_000, ...only3], [10_000, ...none])).toEqual(['up: 1 2 3', 'up: 3', 'last_good: 3']);
  });
});
