import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SavedEndpoints } from '../../../src/io/saved-endpoints.ts';
import { discovered } from '../../support/endpoints.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { until } from '../../support/until.ts';

let dir: string;
let clock: FakeClock;
let log: RecordingLog;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'outrigger-saved-'));
  clock = new FakeClock();
  log = new RecordingLog();
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const saved = (cluster = 'web', folder = dir): SavedEndpoints =>
  new SavedEndpoints({ dir: folder, cluster, source: 'consul web', clock, log });
const set = (...ids: string[]) => ids.map((id) => discovered(id));
const path = (): string => join(dir, 'web.endpoints.json');
const onDisk = async (): Promise<string> =>
  (JSON.parse(await readFile(path(), 'utf8')) as { endpoints: { id: string }[] }).endpoints
    .map((it) => it.id)
    .join(' ');

it('a later start finds what was saved', async () => {
  const first = saved();
  first.save(set('a', 'b'));
  await first.close();
  expect(await saved().load()).toEqual(set('a', 'b'));
});

it('writes at most once a second, and then the newest', async () => {
  const writer = saved();
  writer.save(set('a'));
  clock.advance(0);
  // The file gets its name last, so until then there is none to read.
  await until(async () => (await onDisk().catch(() => '')) === 'a', { what: 'the first write' });
  writer.save(set('a', 'b'));
  writer.save(set('a', 'b', 'c'));
  clock.advance(999);
  expect(await onDisk()).toBe('a');
  clock.advance(1);
  await until(async () => (await onDisk()) === 'a b c', { what: 'the newest' });
  await writer.close();
  expect(await readdir(dir)).toEqual(['web.endpoints.json']);
});

it('writes on closing what was still to be written', async () => {
  const writer = saved();
  writer.save(set('a'));
  writer.save(set('b'));
  await writer.close();
  expect(await onDisk()).toBe('b');
});

it('finds nothing where nothing was saved, without a word', async () => {
  expect(await saved().load()).toBeUndefined();
  expect(log.lines).toEqual([]);
});

it.each([
  ['is broken', '{', 'it is not JSON'],
  ['is of another service', '{"format":1,"source":"consul db","endpoints":[]}', 'it is of "consul db"'],
])('a file that %s is told and not used', async (_what, text, reason) => {
  await writeFile(path(), text);
  expect(await saved().load()).toBeUndefined();
  expect(log.lines).toEqual([
    { level: 'warn', message: 'saved endpoints are not used', fields: { cluster: 'web', path: path(), reason } },
  ]);
});

it('a disk that does not take it costs one line, and one more when it does again', async () => {
  // A file where the folder should be: refused even to root, as a full or read-only disk would be.
  const folder = join(dir, 'sub');
  await writeFile(folder, '');
  const writer = saved('web', folder);
  for (const id of ['a', 'b', 'c']) {
    writer.save(set(id));
    clock.advance(1_000);
    await until(() => clock.waiting === 0, { what: 'the attempt' });
  }
  await until(() => log.lines.length === 1, { what: 'one line' });
  await rm(folder);
  await mkdir(folder);
  writer.save(set('d'));
  await writer.close();
  expect(log.lines.map((it) => it.message)).toEqual(['endpoints cannot be saved', 'endpoints are saved again']);
});

it.each([['../../etc/passwd'], ['www.edge.example.org:primary'], ['x'.repeat(400)]])(
  'a cluster named %s stays inside of the folder',
  async (cluster) => {
    const writer = saved(cluster);
    writer.save(set('a'));
    await writer.close();
    const names = await readdir(dir);
    expect(names).toHaveLength(1);
    expect(names[0]).toMatch(/^[A-Za-z0-9%][A-Za-z0-9._%-]{0,220}\.endpoints\.json$/);
    expect(await saved(cluster).load()).toEqual(set('a'));
  },
);
