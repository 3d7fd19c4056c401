import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SavedEndpoints } from '../../../src/io/saved-endpoints.ts';
import { SnapshotWriters } from '../../../src/io/snapshot-writers.ts';
import { discovered } from '../../support/endpoints.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { until } from '../../support/until.ts';

let dir: string;
let clock: FakeClock;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'outrigger-writers-'));
  clock = new FakeClock();
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const open = (writers: SnapshotWriters, source: string): SavedEndpoints =>
  new SavedEndpoints({ dir, cluster: 'web', source, writers, clock, log: new RecordingLog() });
const set = (...ids: string[]) => ids.map((id) => discovered(id));

async function onDisk(): Promise<string> {
  const text = await readFile(join(dir, 'web.endpoints.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return 'nothing';
  const { source, endpoints } = JSON.parse(text) as { source: string; endpoints: { id: string }[] };
  return `${source}: ${endpoints.map(({ id }) => id).join(' ')}`;
}

/** What is there once all that is due has been written. */
async function written(): Promise<string> {
  clock.advance(1_000);
  const isQuiet = async (): Promise<boolean> => !(await readdir(dir)).some((name) => name.endsWith('.tmp'));
  await until(isQuiet, { what: 'the end of writing' });
  return onDisk();
}

describe('two processes', () => {
  it('write one after the other: the former until it has given its place, then the next', async () => {
    const [before, after] = [new SnapshotWriters(), new SnapshotWriters({ besideAnother: true })];
    const former = open(before, 'old');
    former.save(set('a'));
    clock.advance(0);
    await until(async () => (await onDisk()) === 'old: a', { what: 'the former to write' });

    const next = open(after, 'new');
    next.save(set('b'));
    expect(await written()).toBe('old: a');
    former.save(set('a', 'b'));
    await before.handOver();
    expect(await onDisk()).toBe('old: a b');

    after.takePlace();
    clock.advance(0);
    await until(async () => (await onDisk()) === 'new: b', { what: 'the next to write' });
    // It drains, watches on, and ends; one that it opens yet is late as well.
    former.save(set('a', 'c'));
    const late = open(before, 'late');
    late.save(set('c'));
    await Promise.all([former.close(), late.close()]);
    expect(await written()).toBe('new: b');
  });

  it('leave the file to the former where the next does not start', async () => {
    const former = open(new SnapshotWriters(), 'old');
    former.save(set('a'));
    await former.close();
    const next = open(new SnapshotWriters({ besideAnother: true }), 'new');
    next.save(set('b'));
    await next.close();
    expect(await onDisk()).toBe('old: a');
  });

  it('the next writes nothing on its turn while it has had no answer of its own', async () => {
    const after = new SnapshotWriters({ besideAnother: true });
    const next = open(after, 'new');
    after.takePlace();
    expect(await written()).toBe('nothing');
    next.save(set('b'));
    clock.advance(0);
    await until(async () => (await onDisk()) === 'new: b', { what: 'its first write' });
    await next.close();
  });
});

describe('two clusters of a name in one process', () => {
  it('the one that has come last writes, and not what the former still had to write', async () => {
    const writers = new SnapshotWriters();
    const former = open(writers, 'old');
    former.save(set('a'));
    const next = open(writers, 'new');
    next.save(set('b'));
    clock.advance(0);
    await until(async () => (await onDisk()) === 'new: b', { what: 'the next to write' });
    former.save(set('c'));
    await former.close();
    expect(await written()).toBe('new: b');
    await next.close();
  });

  it('the former has its file again where the other is given up', async () => {
    const writers = new SnapshotWriters();
    const former = open(writers, 'old');
    former.save(set('a'));
    const next = open(writers, 'new');
    next.save(set('b'));
    await next.close();
    clock.advance(1_000);
    await until(async () => (await onDisk()) === 'old: a', { what: 'the former to write again' });
    await former.close();
  });
});
