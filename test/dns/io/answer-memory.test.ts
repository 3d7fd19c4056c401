import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDns } from '../../../dns/start.ts';
import type { RunningHouse } from '../../../src/io/running-house.ts';
import { freePorts } from '../../support/consul.ts';
import { ask } from '../../support/dns-client.ts';
import { lbTest } from '../../support/dns-zone.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { until } from '../../support/until.ts';

let dir: string;
let log: RecordingLog;
let port: number;
const open: { close(): unknown }[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'outrigger-answers-'));
  log = new RecordingLog();
  [port = 0] = await freePorts(1);
});
afterEach(async () => {
  for (const it of open.splice(0).reverse()) await it.close();
  await rm(dir, { recursive: true, force: true });
});

async function start(records: string, rest = `snapshot_dir: ${dir}`): Promise<RunningHouse> {
  const house = startDns({ config: lbTest(records, rest), baseDir: '.', log, env: {}, settleMs: 1_000 });
  open.push(house);
  await house.ready;
  return house;
}

/** A balancer's port that is open until it is closed. */
async function balancer(host: string): Promise<{ close(): Promise<void> }> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  const it = { close: () => new Promise<void>((resolve) => void server.close(() => resolve())) };
  open.push(it);
  return it;
}

const www = (primary = '127.0.0.1', more = ''): string => `
www:
  policy: failover
  pools: [ { name: primary, members: { static: [ ${primary} ] } }, { name: backup, members: { static: [ 127.0.0.2 ] } } ]
  probe: { tcp: { port: ${port} }, interval: 50ms, timeout: 500ms, fall: 1, rise: 1 }
  ${more}`;

const addresses = async (house: RunningHouse): Promise<readonly string[]> =>
  (await ask(house.addresses.get('dns')!, 'www.lb.test')).answer.map((line) => line.split(' ').at(-1)!);

const serial = async (house: RunningHouse): Promise<number> =>
  Number((await ask(house.addresses.get('dns')!, 'lb.test', 'SOA')).answer[0]?.split(' ')[6]);

const saved = async (): Promise<{ zones: Record<string, { serial: number; content: string }>; names: object }> =>
  JSON.parse(await readFile(join(dir, 'dns.answers.json'), 'utf8'));

/** Changes what is on the disk. */
async function edit(change: (zone: { serial: number; content: string }) => void): Promise<void> {
  const json = await saved();
  change(json.zones['lb.test']!);
  await writeFile(join(dir, 'dns.answers.json'), JSON.stringify(json));
}

describe('the last good answer', () => {
  it('is that of the run before where every probe fails: the backup, not who is named first', async () => {
    const backup = await balancer('127.0.0.2');
    const house = await start(www());
    expect(await addresses(house)).toEqual(['127.0.0.2']);
    await house.close();
    await backup.close();
    const next = await start(www());
    expect(await addresses(next)).toEqual(['127.0.0.2']);
    await next.close();
    // Without the file nobody has ever been up.
    await rm(join(dir, 'dns.answers.json'));
    expect(await addresses(await start(www()))).toEqual(['127.0.0.1']);
  });

  it('is on the disk within about a second of the change, so that a crash does not cost it', async () => {
    const primary = await balancer('127.0.0.1');
    await balancer('127.0.0.2');
    const house = await start(www());
    const inFile = (ip: string) => async (): Promise<boolean> =>
      JSON.stringify((await saved().catch(() => ({ names: {} }))).names).includes(`["${ip}"]`);
    await until(inFile('127.0.0.1'), { what: 'the primary to be saved' });
    await primary.close();
    await until(async () => (await addresses(house)).includes('127.0.0.2'), { what: 'the backup' });
    expect(await until(inFile('127.0.0.2'), { what: 'the backup to be saved' })).toBeLessThan(2_500);
    expect(await readdir(dir)).toEqual(['dns.answers.json']);
  });

  it('is not used for a name that has other pools now, and the log says so', async () => {
    const backup = await balancer('127.0.0.2');
    await (await start(www())).close();
    await backup.close();
    const next = await start(www('127.0.0.3'));
    expect(await addresses(next)).toEqual(['127.0.0.3']);
    expect(log.messages('info')).toContain('saved answer is of other pools and not used');
  });

  it('is given before first verdicts, rather than members that are only taken to be up', async () => {
    const backup = await balancer('127.0.0.2');
    await (await start(www())).close();
    await backup.close();
    // A probe that does not end before the sockets are bound: nothing answers there, not even with a refusal.
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(port, '127.0.0.1', resolve));
    open.push({ close: () => silent.close() });
    const slow = `${www().replace('tcp: {', 'http: {').replace('timeout: 500ms', 'timeout: 20s')}`;
    const next = startDns({ config: lbTest(slow, `snapshot_dir: ${dir}`), baseDir: '.', log, env: {}, settleMs: 50 });
    open.push(next);
    await next.ready;
    expect(await addresses(next)).toEqual(['127.0.0.2']);
  });
});

describe('the serial of a zone', () => {
  it('stays over a restart while the content does, and grows by one when it does not, wherever the clock is', async () => {
    await balancer('127.0.0.1');
    const house = await start(www());
    const before = await serial(house);
    await house.close();
    const same = await start(www());
    expect(await serial(same)).toBe(before);
    await same.close();
    // As if the clock had been a year ahead.
    const later = before + 31_536_000;
    await edit((zone) => {
      zone.serial = later;
    });
    const next = await start(www());
    expect(await serial(next)).toBe(later);
    await next.close();
    const changed = await start(`${www()}\nnew: { a: [ 192.0.2.1 ] }`);
    expect(await serial(changed)).toBe(later + 1);
  });

  it('grows when a balanced name begins with another answer than it ended with', async () => {
    const primary = await balancer('127.0.0.1');
    await balancer('127.0.0.2');
    const house = await start(www());
    const before = await serial(house);
    await house.close();
    await primary.close();
    const next = await start(www());
    expect(await addresses(next)).toEqual(['127.0.0.2']);
    expect(await serial(next)).toBeGreaterThan(before);
  });

  it('goes on for a zone that comes back with a reload', async () => {
    await balancer('127.0.0.1');
    const house = await start(www());
    await house.close();
    await edit((zone) => {
      zone.serial = 3_000_000_000;
      zone.content = 'other';
    });
    const config = lbTest(www(), `snapshot_dir: ${dir}`);
    const { 'lb.test': zone } = config.dns!.zones;
    const other = { ...config, dns: { ...config.dns!, zones: { 'other.test': { ...zone!, records: {} } } } };
    const next = startDns({ config: other, baseDir: '.', log, env: {} });
    open.push(next);
    await next.ready;
    await next.reload(() => Promise.resolve({ ok: true, config }));
    expect(await serial(next)).toBe(3_000_000_001);
  });
});

describe('the file', () => {
  it.each([
    ['{', 'it is not JSON'],
    ['{"format":1,"zones":{"lb.test":{"serial":4294967295,"content":""}},"names":{}}', /serial is not/],
    ['{"endpoints":[]}', 'format: is not 1'],
  ])('%s is told and not used, and written anew', async (text, reason) => {
    await writeFile(join(dir, 'dns.answers.json'), text);
    await balancer('127.0.0.1');
    const house = await start(www());
    const told = log.lines.filter(({ message }) => message === 'saved answers are not used');
    expect(told).toMatchObject([{ level: 'warn', fields: { reason: expect.stringMatching(reason) } }]);
    await until(async () => (await saved().catch(() => undefined))?.zones !== undefined, { what: 'a good file' });
    expect(await addresses(house)).toEqual(['127.0.0.1']);
  });

  it('has the last thousand of the zones that are not served any more', async () => {
    const former = Array.from({ length: 1_200 }, (_, i) => [`z${i}.test`, { serial: i, content: '' }]);
    const zones = Object.fromEntries([['lb.test', { serial: 5, content: '' }], ...former]);
    await writeFile(join(dir, 'dns.answers.json'), JSON.stringify({ format: 1, zones, names: {} }));
    await balancer('127.0.0.1');
    await (await start(www())).close();
    const left = Object.keys((await saved()).zones);
    expect([left.length, left[0], left.at(-1)]).toEqual([1_001, 'z200.test', 'lb.test']);
  });

  it('is not there without snapshot_dir', async () => {
    await balancer('127.0.0.1');
    await (await start(www(), '')).close();
    expect(await readdir(dir)).toEqual([]);
  });
});
