import { afterEach, describe, expect, it } from 'vitest';
import { startDns } from '../../dns/start.ts';
import { writtenContent } from '../../dns/zone-content.ts';
import type { ZoneConfig } from '../../src/config/dns.ts';
import { silentLog } from '../../src/io/log.ts';
import type { RunningHouse } from '../../src/io/running-house.ts';
import { ask } from '../support/dns-client.ts';
import { lbTest } from '../support/dns-zone.ts';

const zoneOf = (records: string): ZoneConfig => lbTest(records).dns!.zones['lb.test']!;
const pools = (more = ''): string => `[ { name: main, members: { static: [ 192.0.2.1, 192.0.2.2 ] }${more} } ]`;
const www = (rest: string, more = ''): string => `www: { policy: all, pools: ${pools(more)}, ${rest} }`;
const FIRST = www('probe: { exec: { command: [ "true" ] }, interval: 60s }');

/** What decides over the answer without being in it. */
const SAME: readonly (readonly [string, string, string])[] = [
  ['a probe', FIRST, www('probe: { exec: { command: [ "true" ] }, interval: 50s, fall: 5, rise: 1 }')],
  ['damping', FIRST, www('damping: off, probe: { exec: { command: [ "true" ] }, interval: 60s }')],
  ['bounds of a TTL that is calculated', FIRST, `${FIRST.slice(0, -1)}, ttl: { min: 1s, max: 9s } }`],
  ['when_all_down', FIRST, `${FIRST.slice(0, -1)}, when_all_down: none }`],
  ['a target', FIRST, `${FIRST.slice(0, -1)}, failover_target: 500s }`],
  ['min_up', www('ttl: {}'), www('ttl: {}', ', min_up: 2')],
  ['a policy with the same set', www('ttl: {}'), www('answer: all').replace('policy: all', 'policy: weighted')],
  ['the name of a pool', www('ttl: {}'), www('ttl: {}').replace('name: main', 'name: other')],
  [
    'the order of names and of records',
    'a: { a: [ 192.0.2.7, 192.0.2.8 ] }\nb: { a: [ 192.0.2.9 ] }',
    'b: { a: [ 192.0.2.9 ] }\na: { a: [ 192.0.2.8, 192.0.2.7 ] }',
  ],
];

const OTHER: readonly (readonly [string, string, string])[] = [
  ['an address', 'a: { a: [ 192.0.2.7 ] }', 'a: { a: [ 192.0.2.8 ] }'],
  ['a type', 'a: { txt: [ "x" ] }', 'a: { txt: [ "x" ], a: [ 192.0.2.8 ] }'],
  ['a TTL that is written', 'a: { a: [ 192.0.2.7 ] }', 'a: { a: [ 192.0.2.7 ], ttl: 5s }'],
  ['an alias', 'a: { cname: ns1.lb.test. }', 'a: { cname: ns.example.org. }'],
  ['a name', 'a: { a: [ 192.0.2.7 ] }', 'b: { a: [ 192.0.2.7 ] }'],
  ['a text beside balanced addresses', www('txt: [ "x" ]'), www('txt: [ "y" ]')],
  ['the TTL of that', www('txt: [ "x" ]'), www('txt: [ "x" ], ttl: { max: 9s }')],
];

describe('what is written of a zone', () => {
  it.each(SAME)('is the same with another %s', (_, one, other) => {
    expect(writtenContent(zoneOf(one))).toBe(writtenContent(zoneOf(other)));
  });

  it.each(OTHER)('is something else with another %s', (_, one, other) => {
    expect(writtenContent(zoneOf(one))).not.toBe(writtenContent(zoneOf(other)));
  });

  it('has the SOA and the servers in it', () => {
    const zone = zoneOf('a: { a: [ 192.0.2.7 ] }');
    const content = writtenContent(zone);
    expect(writtenContent({ ...zone, ns: zone.ns.toReversed() })).toBe(content);
    expect(writtenContent({ ...zone, ns: zone.ns.slice(1) })).not.toBe(content);
    expect(writtenContent({ ...zone, soa: { ...zone.soa, negative_ttl: 1 } })).not.toBe(content);
  });
});

describe('the serial of a zone over a reload', () => {
  let house: RunningHouse;
  afterEach(() => house.close());

  const start = async (records: string): Promise<void> => {
    house = startDns({ config: lbTest(records), baseDir: '.', log: silentLog, env: {} });
    await house.ready;
  };
  const serialAfter = async (records?: string): Promise<number> => {
    if (records !== undefined) await house.reload(() => Promise.resolve({ ok: true, config: lbTest(records) }));
    return Number((await ask(house.addresses.get('dns')!, 'lb.test', 'SOA')).answer[0]?.split(' ')[6]);
  };

  it('does not move for what only decides over answers, and does for an answer', { timeout: 30_000 }, async () => {
    await start(FIRST);
    const first = await serialAfter();
    for (const [what, , next] of SAME.slice(0, 5)) expect(await serialAfter(next), what).toBe(first);
    const fewer = FIRST.replace('192.0.2.1, ', '');
    const grown = await serialAfter(fewer);
    expect(grown).toBeGreaterThan(first);
    expect(await serialAfter(fewer.replace('192.0.2.2', '{ address: 192.0.2.2, weight: 5 }'))).toBe(grown);
    expect(await serialAfter(`${fewer}\na: { a: [ 192.0.2.7 ] }`)).toBeGreaterThan(grown);
  });
});
