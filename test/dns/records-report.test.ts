import { describe, expect, it } from 'vitest';
import { BalancedRecord } from '../../dns/balanced-record.ts';
import { encodeRecord } from '../../dns/io/wire.ts';
import { nameKey } from '../../dns/name.ts';
import { reportRecords } from '../../dns/records-report.ts';
import { buildZones } from '../../dns/zone-config.ts';
import { ZoneNode } from '../../dns/zone-tree.ts';
import type { BalancedRecordConfig } from '../../src/config/dns.ts';
import { lbTest } from '../support/dns-zone.ts';
import { FakeCluster } from '../support/fake-cluster.ts';

const SERIAL = 1_700_000_000;
const PROBE = { fall: 3, rise: 2, intervalMs: 1_000 };
const P1 = '192.0.2.1';
const P2 = '192.0.2.2';
const B1 = '198.51.100.7';

/** A record of two pools, `primary` with P1 and P2 and `backup` with B1, each of them driven by hand. */
function recordOf(settings: string, minUp = 1) {
  const zones = lbTest(`
www:
  ${settings}
  pools:
    - { name: primary, members: { static: [ ${P1}, ${P2} ] }, min_up: ${minUp} }
    - { name: backup, members: { static: [ ${B1} ] } }
  ttl: { min: 1s }`).dns?.zones;
  const [place] = buildZones(zones ?? {}, SERIAL, encodeRecord).balanced;
  const primary = new FakeCluster({ probe: PROBE }).discover(P1, P2);
  const backup = new FakeCluster({ probe: PROBE }).discover(B1);
  const config = place?.config as BalancedRecordConfig;
  const record = new BalancedRecord({
    node: place!.node,
    fixed: [],
    pools: [primary, backup],
    policy: config.policy,
    whenAllDown: config.when_all_down,
    minUp: config.pools.map((pool) => pool.min_up),
    probe: PROBE,
    minTtlMs: 1_000,
    maxTtlMs: 30_000,
  });
  const report = () => {
    record.refresh(SERIAL + 60);
    return reportRecords([{ record, config }])[0]!;
  };
  return { primary, backup, report, record, config };
}

describe('the report of a balanced name', () => {
  it('says what is answered, out of which pool and why', () => {
    const { primary, backup, report } = recordOf('policy: failover');
    primary.probe(P1, 'ok').probe(P2, 'fails');
    backup.probe(B1, 'ok');
    expect(report()).toEqual({
      zone: 'lb.test',
      name: 'www.lb.test',
      policy: 'failover',
      basis: 'up',
      addresses: [P1],
      serving: 'all',
      weights: null,
      ttl_seconds: 2,
      serial: SERIAL,
      changes: 0,
      why: 'members that are up: primary 1 of 2',
      pools: [
        { name: 'primary', up: 1, members: 2, held: 0, min_up: 1, settled: true, in_use: true },
        { name: 'backup', up: 1, members: 1, held: 0, min_up: 1, settled: true, in_use: false },
      ],
    });
    primary.probe(P1, 'fails', 'fails', 'fails');
    expect(report()).toMatchObject({
      addresses: [B1],
      serial: SERIAL + 60,
      changes: 1,
      why: 'members that are up: primary 0 of 2, backup 1 of 1',
      pools: [{ in_use: false }, { in_use: true }],
    });
  });

  it.each([
    ['policy: failover', 'last_good', [P1], 'no member is up, so the last that were: primary 0 of 2, backup 0 of 1'],
    [
      'policy: failover\n  when_all_down: all',
      'all',
      [P1, P2, B1],
      'no member is up, so every one: primary 0 of 2, backup 0 of 1',
    ],
    ['policy: all\n  when_all_down: none', 'none', [], 'no member is up, so nothing: primary 0 of 2, backup 0 of 1'],
  ])('says of %j with nobody up that its basis is %s', (settings, basis, addresses, why) => {
    const { primary, backup, report } = recordOf(settings);
    primary.probe(P1, 'ok').probe(P2, 'fails');
    backup.probe(B1, 'fails');
    report();
    primary.probe(P1, 'fails', 'fails', 'fails');
    expect(report()).toMatchObject({ basis, addresses, why });
  });

  it.each([
    ['policy: weighted', 'one_weighted'],
    ['policy: weighted\n  answer: all', 'all_weighted'],
    ['policy: hash', 'one_sticky'],
  ])('shows weights with %j', (settings, serving) => {
    const { primary, report } = recordOf(settings);
    primary.discover(`${P1} up 3`, P2).probe(P1, 'ok').probe(P2, 'ok');
    expect(report()).toMatchObject({ serving, addresses: [P1, P2], weights: [3, 1] });
  });

  it('shows the weights that count with policy hash, which are limited, and none of them by the failure of another', () => {
    const { primary, report } = recordOf('policy: hash');
    const large = Array.from({ length: 20 }, (_, i) => `10.0.0.${i + 1}`);
    const described = large.map((it) => `${it} up 65535`);
    primary.discover(`${P1} up 300`, `${P2} up 7`).probe(P1, 'ok').probe(P2, 'ok');
    expect(report()).toMatchObject({
      weights: [100, 7],
      why: 'members that are up: primary 2 of 2 (weights above 100 count as 100)',
      pools: [{ name: 'primary', weight_limit: 100 }, { name: 'backup' }],
    });
    primary.discover(...described, `${P2} up 7`);
    for (const it of large) primary.probe(it, 'ok');
    expect(report()).toMatchObject({ weights: [...large.map(() => 50), 7], pools: [{ weight_limit: 50 }, {}] });
    for (const it of large.slice(1)) primary.probe(it, 'fails', 'fails', 'fails');
    expect(report()).toMatchObject({ addresses: [large[0], P2], weights: [50, 7] });
    primary.discover(`${P1} up 100`, P2).probe(P1, 'ok');
    expect(report().pools[0]).not.toHaveProperty('weight_limit');
  });

  it('shows the minimum of a pool that has been passed over for it', () => {
    const { primary, backup, report } = recordOf('policy: failover', 2);
    primary.probe(P1, 'ok').probe(P2, 'fails');
    backup.probe(B1, 'ok');
    expect(report()).toMatchObject({
      addresses: [B1],
      why: 'members that are up: primary 1 of 2 (min_up 2), backup 1 of 1',
      pools: [
        { up: 1, min_up: 2, in_use: false },
        { up: 1, min_up: 1, in_use: true },
      ],
    });
    backup.probe(B1, 'fails', 'fails', 'fails');
    expect(report()).toMatchObject({
      basis: 'too_few',
      addresses: [P1],
      why: 'no pool has its min_up, so the nearest to it: primary 1 of 2 (min_up 2), backup 0 of 1',
      pools: [{ in_use: true }, { in_use: false }],
    });
  });

  it('leaves out a name that has never been looked at, and is in order of name', () => {
    const { record, config } = recordOf('policy: all');
    expect(reportRecords([{ record, config }])).toEqual([]);
    record.refresh(SERIAL);
    const node = new ZoneNode(record.node.zone, nameKey('alpha.lb.test'), undefined);
    const other = { node, changes: 0, standing: record.standing };
    const names = reportRecords([
      { record, config },
      { record: other, config },
    ]).map(({ name }) => name);
    expect(names).toEqual(['alpha.lb.test', 'www.lb.test']);
  });
});
