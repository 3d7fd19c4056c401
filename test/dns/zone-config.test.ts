import { describe, expect, it } from 'vitest';
import { encodeRecord } from '../../dns/io/wire.ts';
import { nameKey } from '../../dns/name.ts';
import { buildZones, buildZonesSteps } from '../../dns/zone-config.ts';
import type { DnsConfig } from '../../src/config/dns.ts';
import { lbTest } from '../support/dns-zone.ts';

const zones = (records: string): DnsConfig['zones'] => lbTest(records).dns?.zones ?? {};

describe('the zones of a configuration', () => {
  it('list the balanced records and hold the static ones', () => {
    const built = buildZones(
      zones(`
www: { policy: all, pools: [ { name: main, members: { static: [ 192.0.2.1 ] } } ] }
mail: { aaaa: [ "2001:db8::1" ] }`),
      1,
      encodeRecord,
    );
    expect(built.balanced.map((place) => place.node.name)).toEqual(['www.lb.test']);
    expect(built.tree.node(nameKey('mail.lb.test'))?.sets.map((set) => set.type)).toEqual([28]);
  });

  it('refuse a name that belongs to a zone of its own', () => {
    const [lb] = Object.values(zones(''));
    const both = {
      'lb.test': { ...lb!, records: { 'www.sub': { a: ['192.0.2.1'], ttl: 1_000 } } },
      'sub.lb.test': lb!,
    };
    expect(() => buildZones(both, 1, encodeRecord)).toThrow(
      'dns.zones.lb.test.records.www.sub: belongs to another zone',
    );
  });

  it('are built in steps of a hundred names, so that queries can be answered in between', () => {
    const names = Array.from({ length: 500 }, (_, i) => `n${i}: { a: [ 192.0.2.1 ] }`).join('\n');
    const steps = buildZonesSteps(zones(names), 1, encodeRecord);
    let count = 0;
    for (let step = steps.next(); step.done !== true; step = steps.next()) count += 1;
    expect(count).toBeGreaterThanOrEqual(5);
  });

  it('refuse a name that cannot be served', () => {
    const [lb] = Object.values(zones(''));
    const wild = { 'lb.test': { ...lb!, records: { '*w.wild': { a: ['192.0.2.1'], ttl: 1_000 } } } };
    expect(() => buildZones(wild, 1, encodeRecord)).toThrow('dns.zones.lb.test.records.*w.wild: not a name');
  });
});

describe('the longest zone', () => {
  it('owns a name, whatever the order of the configuration', () => {
    const [lb] = Object.values(zones(''));
    for (const order of [
      ['test', 'lb.test', 'b.a.lb.test'],
      ['b.a.lb.test', 'lb.test', 'test'],
    ]) {
      const { tree } = buildZones(
        Object.fromEntries(order.map((name) => [name, { ...lb!, records: {} }])),
        1,
        encodeRecord,
      );
      expect(tree.zoneOf(nameKey('x.b.a.lb.test'))?.name).toBe('b.a.lb.test');
      expect(tree.zoneOf(nameKey('b.a.lb.test'))?.name).toBe('b.a.lb.test');
      expect(tree.zoneOf(nameKey('a.lb.test'))?.name).toBe('lb.test');
      expect(tree.zoneOf(nameKey('lb2.test'))?.name).toBe('test');
      expect(tree.zoneOf(nameKey('example.org'))).toBeUndefined();
    }
  });
});
