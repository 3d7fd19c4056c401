import { describe, expect, it } from 'vitest';
import { BalancedRecord } from '../../dns/balanced-record.ts';
import type { Candidate } from '../../dns/candidate.ts';
import { encodeRecord } from '../../dns/io/wire.ts';
import type { Ip } from '../../dns/ip.ts';
import { NetworkRing } from '../../dns/network-ring.ts';
import { NetworkRings } from '../../dns/network-rings.ts';
import { buildZones } from '../../dns/zone-config.ts';
import { lbTest } from '../support/dns-zone.ts';
import { FakeCluster } from '../support/fake-cluster.ts';

function candidates(...texts: string[]): readonly Candidate[] {
  return texts.map((text) => {
    const [ip = '', weight = '1'] = text.split('*');
    return { ip: ip as Ip, weight: Number(weight) };
  });
}

describe('the rings of a thread', () => {
  it('are one for all who have the same addresses by the same weights', () => {
    const rings = new NetworkRings();
    const first = rings.of(candidates('192.0.2.1', '192.0.2.2*3'), undefined);
    expect(rings.of(candidates('192.0.2.1', '192.0.2.2*3'), undefined)).toBe(first);
    expect(rings.of(candidates('192.0.2.1', '192.0.2.2*3'), new NetworkRing(candidates('192.0.2.9'), undefined))).toBe(
      first,
    );
    expect(rings.size).toBe(1);
  });

  it.each([
    ['another address', candidates('192.0.2.1', '192.0.2.3*3')],
    ['another weight', candidates('192.0.2.1', '192.0.2.2*2')],
    ['one more', candidates('192.0.2.1', '192.0.2.2*3', '192.0.2.3')],
  ])('are different ones for %s', (_what, others) => {
    const rings = new NetworkRings();
    const first = rings.of(candidates('192.0.2.1', '192.0.2.2*3'), undefined);
    expect(rings.of(others, first)).not.toBe(first);
  });
});

describe('names with the same pool', () => {
  const names = ['n1', 'n2', 'n3'];
  const config = names.map(
    (name) => `${name}: { policy: hash, pools: [ { name: p, members: { static: [ 192.0.2.9 ] } } ] }`,
  );
  const places = buildZones(lbTest(config.join('\n')).dns?.zones ?? {}, 1, encodeRecord).balanced;
  const rings = new NetworkRings();
  const pool = new FakeCluster().discover('192.0.2.1', '192.0.2.2', '192.0.2.3');
  const rules = { policy: 'hash', serving: 'one_sticky', whenAllDown: 'last_good', probe: undefined } as const;
  const times = { minTtlMs: 1_000, maxTtlMs: 30_000 };
  const records = places.map(
    ({ node, fixed }) => new BalancedRecord({ node, fixed, pools: [pool], rings, ...rules, ...times }),
  );
  const choosers = () => new Set(records.map(({ node }) => node.sets[0]?.chooser));

  it('have one ring, before and after a change of it', () => {
    for (const record of records) record.refresh(1);
    const before = choosers();
    expect(before.size).toBe(1);
    pool.discover('192.0.2.1', '192.0.2.2 down', '192.0.2.3');
    for (const record of records) record.refresh(2);
    expect(choosers().size).toBe(1);
    expect([...choosers()][0]).not.toBe([...before][0]);
  });
});
