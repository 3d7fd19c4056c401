import { afterEach, describe, expect, it } from 'vitest';
import { startDns } from '../../dns/start.ts';
import { silentLog } from '../../src/io/log.ts';
import type { RunningHouse } from '../../src/io/running-house.ts';
import { MetricsText } from '../../src/metrics.ts';
import { ask } from '../support/dns-client.ts';
import { lbTest } from '../support/dns-zone.ts';
import { parsePrometheusText, seriesValue } from '../support/prometheus-text.ts';

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((it) => it.close()));
});

async function start(records: string, rest = ''): Promise<RunningHouse> {
  const house = startDns({ config: lbTest(records, rest), baseDir: '.', log: silentLog, env: {}, settleMs: 50 });
  open.push(house);
  await house.ready;
  return house;
}

const reload = (house: RunningHouse, records: string, rest = ''): Promise<void> =>
  house.reload(() => Promise.resolve({ ok: true, config: lbTest(records, rest) }));

const answer = async (house: RunningHouse, name: string): Promise<readonly string[]> =>
  (await ask(house.addresses.get('dns') ?? '', name)).answer;

const serial = async (house: RunningHouse): Promise<number> => {
  const { authority } = await ask(house.addresses.get('dns') ?? '', 'missing.lb.test');
  return Number(authority.join(' ').split(' ')[6]);
};

const metric = (house: RunningHouse, name: string, labels: Record<string, string>): number | undefined => {
  const text = new MetricsText();
  house.admin.collectMetrics(text);
  return seriesValue(parsePrometheusText(text.toString()), name, labels);
};

const balanced = (primary: string, more = ''): string => `
www:
  policy: failover
  pools: [ { name: primary, members: { static: [ ${primary} ] } }, { name: backup, members: { static: [ 192.0.2.9 ] } } ]
  ttl: { min: 1s, max: 30s }
  ${more}`;

describe('a reload of the name server', () => {
  it('changes names on the sockets that are bound, and lets what has not changed run on', async () => {
    const house = await start(`${balanced('192.0.2.1')}\napi: { a: [ 192.0.2.50 ] }`);
    const [kept] = house.admin.clusters();
    const before = await serial(house);
    expect(await answer(house, 'www.lb.test')).toEqual(['www.lb.test. 30 IN A 192.0.2.1']);
    await reload(house, `${balanced('192.0.2.1')}\nnew: { a: [ 192.0.2.60 ] }`);
    expect(house.admin.reloads().counts.applied).toBe(1);
    expect(await answer(house, 'new.lb.test')).toEqual(['new.lb.test. 60 IN A 192.0.2.60']);
    expect((await ask(house.addresses.get('dns') ?? '', 'api.lb.test')).rcode).toBe('NXDOMAIN');
    expect(await answer(house, 'www.lb.test')).toEqual(['www.lb.test. 30 IN A 192.0.2.1']);
    expect(house.admin.clusters()[0]).toBe(kept);
    expect(await serial(house)).toBeGreaterThan(before);
    const same = await serial(house);
    await reload(house, `${balanced('192.0.2.1')}\nnew: { a: [ 192.0.2.60 ] }`, 'drain: { grace: 1s }');
    expect(house.admin.reloads().counts.applied).toBe(2);
    expect(await serial(house)).toBe(same);
  });

  it('changes the policy of a name, its minimum and its weights', async () => {
    const name = (policy: string, weight: number, minUp: number): string => `
www:
  policy: ${policy}
  pools:
    - { name: main, members: { static: [ { address: 192.0.2.1, weight: ${weight} }, 192.0.2.2 ] }, min_up: ${minUp} }
    - { name: spare, members: { static: [ 192.0.2.9 ] } }`;
    const house = await start(name('failover', 1, 1));
    const [main] = house.admin.clusters();
    expect(await answer(house, 'www.lb.test')).toHaveLength(2);
    await reload(house, name('hash', 1, 2));
    const mine = await answer(house, 'www.lb.test');
    expect(mine).toHaveLength(1);
    expect(await answer(house, 'www.lb.test')).toEqual(mine);
    expect(house.admin.clusters()[0]).toBe(main);
    await reload(house, name('weighted', 3, 1));
    expect(house.admin.clusters()[0]).not.toBe(main);
    const seen: string[] = [];
    for (let i = 0; i < 8; i++) seen.push(...(await answer(house, 'www.lb.test')));
    expect(seen.filter((line) => line.endsWith(' 192.0.2.1'))).toHaveLength(6);
    expect(house.admin.reloads().counts.applied).toBe(2);
  });

  it('goes on counting queries, also of a zone that comes back', async () => {
    const house = await start('a: { a: [ 192.0.2.1 ] }');
    await answer(house, 'a.lb.test');
    const labels = { zone: 'lb.test', qtype: 'A', rcode: 'NOERROR' };
    await reload(house, 'b: { a: [ 192.0.2.1 ] }');
    await answer(house, 'b.lb.test');
    expect(metric(house, 'outrigger_dns_queries_total', labels)).toBe(2);
  });

  it('keeps the clusters of pools that stay when a record changes', async () => {
    const house = await start(balanced('192.0.2.1'));
    const [primary, backup] = house.admin.clusters();
    await reload(house, balanced('192.0.2.2', 'when_all_down: all'));
    const [otherPrimary, sameBackup] = house.admin.clusters();
    expect(otherPrimary).not.toBe(primary);
    expect(sameBackup).toBe(backup);
    expect(await answer(house, 'www.lb.test')).toEqual(['www.lb.test. 30 IN A 192.0.2.2']);
    expect(metric(house, 'outrigger_dns_answer_changes_total', { zone: 'lb.test', name: 'www.lb.test' })).toBe(0);
  });

  it('answers as before until new records have had their first verdict', async () => {
    const house = await start(balanced('192.0.2.1'));
    const probed = balanced('127.0.0.1', 'probe: { tcp: { port: 1 }, interval: 1s, timeout: 500ms }');
    const done = reload(house, probed);
    expect(await answer(house, 'www.lb.test')).toHaveLength(1);
    await done;
    // Port 1 refuses: both members are down by then, and the name goes on with what it knew last.
    expect((await answer(house, 'www.lb.test')).map((line) => line.split(' ').at(-1))).toEqual(['192.0.2.1']);
    expect(house.admin.reloads().counts).toMatchObject({ applied: 1, refused: 0 });
  });

  it('is refused where a zone cannot be served, and names what needs a restart', async () => {
    const house = await start(balanced('192.0.2.1'));
    const config = lbTest(balanced('192.0.2.1'));
    const address = house.addresses.get('dns');
    await house.reload(() =>
      Promise.resolve({
        ok: true,
        config: { ...config, dns: { ...config.dns!, listen: [{ host: '127.0.0.1', port: 1 }] } },
      }),
    );
    expect(house.admin.reloads()).toMatchObject({ counts: { unchanged: 1 }, needsRestart: ['dns.listen'] });
    expect(house.addresses.get('dns')).toBe(address);
    await house.reload(() => Promise.resolve({ ok: true, config: { ...config, dns: undefined } }));
    expect(house.admin.reloads().refusal?.reason).toContain('no dns section');
    expect(await answer(house, 'www.lb.test')).toHaveLength(1);
  });
});
