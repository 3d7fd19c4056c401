/** Orders over the admin address of a name server, to the answer and to the disk. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDns } from '../../../dns/start.ts';
import type { RunningHouse } from '../../../src/io/running-house.ts';
import { ask } from '../../support/dns-client.ts';
import { lbTest } from '../../support/dns-zone.ts';
import { parsePrometheusText, seriesValue } from '../../support/prometheus-text.ts';
import { RecordingLog } from '../../support/recording-log.ts';

const WWW = `
www:
  policy: failover
  pools: [ { name: primary, members: { static: [ 192.0.2.1, 192.0.2.2 ] } }, { name: backup, members: { static: [ 192.0.2.9 ] } } ]`;
const P1 = { name: 'www.lb.test', member: '192.0.2.1' };
const P2 = { name: 'www.lb.test', member: '192.0.2.2' };

let dir: string;
let log: RecordingLog;
const open: { close(): unknown }[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'outrigger-override-'));
  log = new RecordingLog();
});
afterEach(async () => {
  for (const it of open.splice(0).reverse()) await it.close();
  await rm(dir, { recursive: true, force: true });
});

const config = (records = WWW, snapshotDir = dir) =>
  lbTest(records, `admin: { listen: "127.0.0.1:0" }\n${snapshotDir === 'none' ? '' : `snapshot_dir: ${snapshotDir}`}`);

async function start(given = config()): Promise<RunningHouse> {
  const house = startDns({ config: given, baseDir: '.', log, env: {} });
  open.push(house);
  await house.ready;
  return house;
}

const url = (house: RunningHouse, path: string): string => `http://${house.addresses.get('admin')}${path}`;

async function order(house: RunningHouse, body: object): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(url(house, '/dns/override'), { method: 'POST', body: JSON.stringify(body) });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const get = async (house: RunningHouse, path: string): Promise<Record<string, unknown>> =>
  (await (await fetch(url(house, path))).json()) as Record<string, unknown>;

const addresses = async (house: RunningHouse): Promise<readonly string[]> =>
  (await ask(house.addresses.get('dns')!, 'www.lb.test')).answer.map((line) => line.split(' ').at(-1)!).toSorted();

describe('an order', () => {
  it('is in the answer when it is answered, is shown everywhere, and ends with auto', async () => {
    const house = await start();
    expect(await order(house, { ...P1, state: 'down', zone: 'lb.test', pool: 'primary' })).toEqual({
      status: 200,
      body: {
        zone: 'lb.test',
        name: 'www.lb.test',
        pool: 'primary',
        member: '192.0.2.1',
        state: 'down',
        basis: 'up',
        addresses: ['192.0.2.2'],
        kept_over_restart: true,
      },
    });
    expect(await addresses(house)).toEqual(['192.0.2.2']);
    const shown = { zone: 'lb.test', name: 'www.lb.test', pool: 'primary', member: '192.0.2.1', state: 'down' };
    expect(await get(house, '/dns/override')).toMatchObject({
      overrides: [{ ...shown, is_member: true }],
      kept_over_restart: true,
    });
    const clusters = await get(house, '/clusters');
    expect(clusters['overrides']).toMatchObject([shown]);
    expect(clusters['clusters']).toMatchObject([{}, { endpoints: [{ override: 'down' }, {}] }]);
    const metrics = parsePrometheusText(await (await fetch(url(house, '/metrics'))).text());
    expect(seriesValue(metrics, 'outrigger_dns_override', shown)).toBe(1);
    expect(log.lines.filter(({ message }) => message === 'dns member ordered')).toMatchObject([{ fields: shown }]);

    expect((await order(house, { ...P1, state: 'auto' })).body['addresses']).toEqual(['192.0.2.1', '192.0.2.2']);
    expect(await addresses(house)).toEqual(['192.0.2.1', '192.0.2.2']);
    expect(await get(house, '/dns/override')).toMatchObject({ overrides: [] });
  });

  it('outlives the process where there is a snapshot_dir, and a reload anyway', async () => {
    const house = await start();
    await order(house, { ...P1, state: 'down' });
    await house.reload(() => Promise.resolve({ ok: true, config: config(`${WWW}\n  when_all_down: all`) }));
    expect(house.admin.reloads().counts.applied).toBe(1);
    expect(await addresses(house)).toEqual(['192.0.2.2']);
    await house.close();
    expect(await readdir(dir)).toContain('dns.overrides.json');
    const next = await start();
    expect(await addresses(next)).toEqual(['192.0.2.2']);
    expect(log.messages('warn')).toContain('dns members are up or down by order of an earlier run');
    await order(next, { ...P1, state: 'auto' });
    await next.close();
    expect(await addresses(await start())).toEqual(['192.0.2.1', '192.0.2.2']);
  });

  it('says that it ends with the process where there is no folder, or none that takes it', async () => {
    const house = await start(config(WWW, 'none'));
    expect((await order(house, { ...P2, state: 'down' })).body).toMatchObject({
      kept_over_restart: false,
      note: 'there is no snapshot_dir to keep it in',
    });
    // A file where the folder should be: refused even to root.
    const file = join(dir, 'file');
    await writeFile(file, '');
    const other = await start(config(WWW, file));
    const { status, body } = await order(other, { ...P2, state: 'down' });
    expect([status, body['kept_over_restart'], body['note']]).toEqual([
      200,
      false,
      'it cannot be saved; the log says why',
    ]);
    expect(await addresses(other)).toEqual(['192.0.2.1']);
  });

  it.each([
    [{ ...P1, state: 'off' }, 'state: must be up, down or auto'],
    [{ ...P1, name: 'ns1.lb.test', state: 'down' }, 'name: is not a balanced name here'],
    [{ ...P1, zone: 'test', state: 'down' }, 'zone: is not the zone of this name: lb.test'],
    [{ ...P1, pool: 'third', state: 'down' }, 'pool: must be one of primary, backup'],
    [{ ...P1, pool: 'backup', state: 'down' }, 'member: is not among the members: 192.0.2.9'],
  ])('%j is refused with the field', async (wrong, message) => {
    const house = await start();
    expect(await order(house, wrong)).toMatchObject({ status: 400, body: { error: 'bad_override', message } });
    expect(await addresses(house)).toEqual(['192.0.2.1', '192.0.2.2']);
  });

  it('that was saved is told and left out where the file is damaged', async () => {
    await writeFile(join(dir, 'dns.overrides.json'), '{"format":1,"overrides":[{}]}');
    const house = await start();
    expect(await addresses(house)).toEqual(['192.0.2.1', '192.0.2.2']);
    expect(log.messages('warn')).toContain('saved overrides are not used');
  });

  it('waits for a member that is not there now', async () => {
    const house = await start();
    await order(house, { ...P1, state: 'down' });
    const without = WWW.replace('192.0.2.1, ', '');
    await house.reload(() => Promise.resolve({ ok: true, config: config(without) }));
    expect(await get(house, '/dns/override')).toMatchObject({ overrides: [{ member: '192.0.2.1', is_member: false }] });
    await house.reload(() => Promise.resolve({ ok: true, config: config() }));
    expect(await addresses(house)).toEqual(['192.0.2.2']);
  });

  it('can be ended for a name, or a pool, that the configuration has no longer', async () => {
    const house = await start();
    await order(house, { ...P1, state: 'down' });
    await order(house, { ...P2, pool: 'primary', state: 'up' });
    const reload = (records: string) => house.reload(() => Promise.resolve({ ok: true, config: config(records) }));
    await reload(WWW.replace('primary', 'main'));
    expect(await order(house, { ...P2, pool: 'primary', state: 'auto' })).toMatchObject({ status: 200 });
    await reload(WWW.replace('www:', 'api:'));
    const gone = { ...P1, state: 'down' };
    expect(await order(house, gone)).toMatchObject({ status: 400 });
    expect(await order(house, { ...gone, state: 'auto', member: '192.0.2.2' })).toMatchObject({ status: 400 });
    const ended = await order(house, { ...gone, state: 'auto' });
    expect(ended).toEqual({
      status: 200,
      body: { name: 'www.lb.test', pool: null, member: '192.0.2.1', state: 'auto', kept_over_restart: true },
    });
    expect(await get(house, '/dns/override')).toMatchObject({ overrides: [] });
    expect(await order(house, { ...gone, state: 'auto' })).toMatchObject({ status: 400 });
    await house.close();
    expect(JSON.parse(await readFile(join(dir, 'dns.overrides.json'), 'utf8'))).toMatchObject({ overrides: [] });
  });
});
