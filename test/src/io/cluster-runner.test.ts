import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { cleanups } from '../../support/cleanups.ts';
import { ClusterStage, hasIds, idsOf, listOf } from '../../support/cluster-stage.ts';
import { discovered } from '../../support/endpoints.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { healthEntry } from '../../support/fake-consul.ts';
import { until } from '../../support/until.ts';

const closes = cleanups();
let stage: ClusterStage;
beforeEach(async () => {
  stage = closes(await ClusterStage.open());
});

describe('a cluster on Consul', () => {
  it('has its endpoints once Consul has answered, and follows changes', async () => {
    stage.consul.set('web', [healthEntry('a'), healthEntry('b', { weights: { Passing: 5, Warning: 1 } })]);
    const cluster = stage.start();
    expect([cluster.started, cluster.discovery.state, cluster.snapshot.endpoints]).toEqual([false, 'waiting', []]);
    await cluster.whenStarted;
    expect(cluster.snapshot.endpoints.map((it) => [it.id, it.weight])).toEqual([
      ['node-1/a', 1],
      ['node-1/b', 5],
    ]);
    const changes: string[] = [];
    const stop = cluster.onChange((snapshot, previous) =>
      changes.push(`${previous.endpoints.length} → ${snapshot.endpoints.length}`),
    );
    stage.consul.set('web', [healthEntry('a'), healthEntry('b'), healthEntry('c')]);
    await hasIds(cluster, 'a b c');
    stage.consul.set('web', [healthEntry('a'), healthEntry('b')]);
    await hasIds(cluster, 'a b');
    stop();
    stage.consul.set('web', [healthEntry('a')]);
    await hasIds(cluster, 'a');
    expect(changes).toEqual(['2 → 3', '3 → 2']);
    expect(cluster.discovery).toMatchObject({
      source: 'consul',
      state: 'current',
      index: String(stage.consul.index),
      error: undefined,
      held: undefined,
      fromSaved: false,
    });
  });

  it('publishes nothing when only the index has moved', async () => {
    stage.consul.set('web', [healthEntry('a')]);
    const cluster = stage.start();
    await cluster.whenStarted;
    const { snapshot } = cluster;
    stage.consul.set('web', [healthEntry('a')]);
    await until(() => cluster.discovery.updates.unchanged >= 1, { what: 'an answer' });
    expect(cluster.snapshot).toBe(snapshot);
  });

  it('loses nothing while Consul fails or is gone, and says so once', async () => {
    stage.consul.set('web', [healthEntry('a'), healthEntry('b')]);
    const cluster = stage.start();
    await cluster.whenStarted;
    const { snapshot } = cluster;
    stage.consul.misbehave((response) => response.writeHead(500).end('No cluster leader'));
    await until(() => cluster.discovery.updates.failed >= 3, { what: 'three failures' });
    expect(cluster.discovery).toMatchObject({ state: 'stale', error: 'consul answered 500: No cluster leader' });
    expect(cluster.snapshot).toBe(snapshot);
    stage.consul.behave();
    await until(() => cluster.discovery.state === 'current', { what: 'recovery' });
    expect(cluster.snapshot).toBe(snapshot);
    expect(stage.log.messages('warn', 'error')).toEqual(['discovery fails, the last endpoints stay']);
    expect(stage.log.messages('info')).toEqual(['endpoints changed', 'discovery works again']);
  });

  it('holds an empty answer for ten seconds', async () => {
    const clock = new FakeClock();
    stage.consul.set('web', [healthEntry('a'), healthEntry('b')]);
    const cluster = stage.start({ clock });
    await cluster.whenStarted;
    stage.consul.set('web', []);
    await until(() => cluster.discovery.held !== undefined, { what: 'a held update' });
    expect(cluster.discovery).toMatchObject({
      updates: { applied: 1, held: 1 },
      held: expect.stringContaining('node-1/a, node-1/b'),
    });
    clock.advance(9_999);
    expect(idsOf(cluster)).toBe('a b');
    clock.advance(1);
    expect([idsOf(cluster), cluster.discovery.held]).toEqual(['', undefined]);
  });

  it('ends the hold also where its timer fires a moment too early', async () => {
    class ImpatientClock extends FakeClock {
      override after(delayMs: number, action: () => void): () => void {
        return super.after(delayMs > 1 ? delayMs - 0.5 : delayMs, action);
      }
    }
    const clock = new ImpatientClock();
    stage.consul.set('web', [healthEntry('a'), healthEntry('b')]);
    const cluster = stage.start({ clock });
    await cluster.whenStarted;
    stage.consul.set('web', []);
    await until(() => cluster.discovery.held !== undefined, { what: 'a held update' });
    clock.advance(10_001);
    expect([idsOf(cluster), cluster.discovery.held]).toEqual(['', undefined]);
  });

  it('knows a service that never had an instance from one that lost all', async () => {
    const cluster = stage.start();
    await cluster.whenStarted;
    expect(cluster.discovery.state).toBe('absent');
    expect(stage.log.messages('warn')).toEqual(['discovery knows no such thing']);
    stage.consul.set('web', [healthEntry('a')]);
    await hasIds(cluster, 'a');
    expect(cluster.discovery.state).toBe('current');
  });

  it('leaves out what it must not connect to, and says so once', async () => {
    stage.consul.set('web', [
      healthEntry('a'),
      healthEntry('meta', { address: '169.254.169.254' }),
      healthEntry('own', { port: 15_001 }),
      null,
    ]);
    const cluster = stage.start({
      refuse: (host, port) => (host === '127.0.0.1' && port === 15_001 ? 'our own listener' : undefined),
    });
    await cluster.whenStarted;
    expect(idsOf(cluster)).toBe('a');
    const skipped = [
      'entry 3: is null',
      '"node-1/meta" at 169.254.169.254:8080: a link-local address',
      '"node-1/own" at 127.0.0.1:15001: our own listener',
    ];
    expect(cluster.discovery.skipped).toEqual(skipped);
    await until(() => stage.consul.blocked === 1, { what: 'a blocking query' });
    stage.consul.wake();
    await until(() => cluster.discovery.updates.unchanged >= 1, { what: 'a second answer' });
    expect(stage.log.lines.filter((it) => it.level === 'warn').map((it) => it.fields['skipped'])).toEqual([skipped]);
  });

  it('cannot be started without a client', () => {
    expect(() => stage.start({ consul: undefined })).toThrow('needs a consul client');
  });
});

describe('snapshot_dir', () => {
  it('carries the endpoints over a start without Consul', async () => {
    stage.consul.set('web', [healthEntry('a'), healthEntry('b')]);
    const first = stage.start({ snapshotDir: stage.dir });
    await first.whenStarted;
    await first.close();
    stage.consul.misbehave((response) => response.writeHead(500).end());
    const second = stage.start({ snapshotDir: stage.dir });
    await second.whenStarted;
    expect(idsOf(second)).toBe('a b');
    expect(second.discovery).toMatchObject({ state: 'stale', fromSaved: true, ageSeconds: undefined });
    expect(stage.log.messages('warn')).toContain('starting with saved endpoints');
    stage.consul.behave();
    await until(() => !second.discovery.fromSaved, { what: 'an answer' });
    expect([idsOf(second), second.discovery.state]).toEqual(['a b', 'current']);
  });

  it('is not read for another question', async () => {
    stage.consul.set('web', [healthEntry('a')]);
    const first = stage.start({ snapshotDir: stage.dir });
    await first.whenStarted;
    await first.close();
    expect(await readFile(join(stage.dir, 'web.endpoints.json'), 'utf8')).toContain('"consul web"');
    stage.consul.misbehave((response) => response.writeHead(500).end());
    const second = stage.start({
      snapshotDir: stage.dir,
      discover: { consul: { service: 'web', tags: ['v2'], datacenters: [] } },
    });
    await until(() => second.discovery.updates.failed > 1, { what: 'failures' });
    expect([second.started, idsOf(second)]).toEqual([false, '']);
  });
});

describe('a cluster on a list', () => {
  it('is there at once', async () => {
    const cluster = stage.start({ discover: listOf(discovered('a'), discovered('b*2')) });
    expect([cluster.started, idsOf(cluster), cluster.discovery.state]).toEqual([true, 'a b', 'current']);
    await cluster.whenStarted;
  });

  it('takes the words of the configuration', () => {
    const cluster = stage.start({
      discover: {
        static: [
          { address: { host: '::1', port: 80 }, weight: 3 },
          { address: { host: 'db', port: 81 }, weight: 1, id: 'db-2' },
        ],
      },
    });
    expect(cluster.snapshot.endpoints.map((it) => [it.id, it.address, it.weight])).toEqual([
      ['[::1]:80', '[::1]:80', 3],
      ['db-2', 'db:81', 1],
    ]);
  });
});

describe('a cluster on a file', () => {
  it('follows the file beside the configuration, and keeps its endpoints when the file breaks or goes', async () => {
    const path = join(stage.dir, 'list.yaml');
    const cluster = stage.start({ discover: { file: 'list.yaml' } });
    await cluster.whenStarted;
    expect(cluster.discovery.state).toBe('absent');
    await writeFile(path, '- 10.0.0.1:80\n- 10.0.0.2:80');
    await hasIds(cluster, '10.0.0.1:80 10.0.0.2:80');
    await writeFile(path, 'oops');
    await until(() => cluster.discovery.state === 'stale', { what: 'the broken file' });
    await rm(path);
    await until(() => cluster.discovery.state === 'absent', { what: 'the missing file' });
    expect(idsOf(cluster)).toBe('10.0.0.1:80 10.0.0.2:80');
    await writeFile(path, '- 10.0.0.3:80');
    await hasIds(cluster, '10.0.0.3:80');
  });
});

it('a listener that throws costs only a line', async () => {
  stage.consul.set('web', [healthEntry('a')]);
  const cluster = stage.start();
  await cluster.whenStarted;
  const seen: number[] = [];
  cluster.onChange(() => {
    throw new Error('mine');
  });
  cluster.onChange((snapshot) => seen.push(snapshot.endpoints.length));
  stage.consul.set('web', [healthEntry('a'), healthEntry('b')]);
  await hasIds(cluster, 'a b');
  expect(seen).toEqual([2]);
  expect(stage.log.messages('error')).toEqual(['a listener failed']);
});

it('closing ends everything and leaves the last snapshot readable', async () => {
  stage.consul.set('web', [healthEntry('a')]);
  const cluster = stage.start();
  await cluster.whenStarted;
  await until(() => stage.consul.blocked === 1, { what: 'the watch' });
  await cluster.close();
  await until(() => stage.consul.blocked === 0, { what: 'the watch to end' });
  expect(idsOf(cluster)).toBe('a');
});
