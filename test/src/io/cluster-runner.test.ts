import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { roundRobin } from '../../../src/balance/round-robin.ts';
import type { ProbeConfig } from '../../../src/config/probe.ts';
import { type DiscoveredEndpoint, endpointId } from '../../../src/endpoint.ts';
import { type ClusterRunnerOptions, type RunningCluster, startCluster } from '../../../src/io/cluster-runner.ts';
import { type ConsulClient, createConsulClient } from '../../../src/io/consul-client.ts';
import { ProbeCommands } from '../../../src/io/probe-commands.ts';
import { freePorts } from '../../support/consul.ts';
import { discovered } from '../../support/endpoints.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeConsul, healthEntry } from '../../support/fake-consul.ts';
import { isAlive } from '../../support/process-usage.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { until } from '../../support/until.ts';

let consul: FakeConsul;
let client: ConsulClient;
let log: RecordingLog;
let dir: string;
const cleanups: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  consul = await FakeConsul.start();
  client = createConsulClient({ address: consul.address }, { env: {} });
  log = new RecordingLog();
  dir = await mkdtemp(join(tmpdir(), 'outrigger-cluster-'));
  cleanups.push(
    () => consul.stop(),
    () => client.close(),
    () => rm(dir, { recursive: true, force: true }),
  );
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function start(options: Partial<ClusterRunnerOptions> = {}): RunningCluster {
  const cluster = startCluster({
    name: 'web',
    discover: { consul: { service: 'web', tags: [], datacenters: [] } },
    probe: undefined,
    policy: roundRobin,
    loadOf: () => 0,
    consul: client,
    snapshotDir: undefined,
    baseDir: dir,
    log,
    random: () => 0.5,
    ...options,
  });
  cleanups.push(() => cluster.close());
  return cluster;
}

const list = (...endpoints: DiscoveredEndpoint[]): ClusterRunnerOptions['discover'] => ({ kind: 'static', endpoints });
const ids = (cluster: RunningCluster): string =>
  cluster.snapshot.endpoints.map((it) => it.id.replace('node-1/', '')).join(' ');
const has = (cluster: RunningCluster, expected: string): Promise<number> =>
  until(() => ids(cluster) === expected, { what: `endpoints "${expected}", now "${ids(cluster)}"`, withinMs: 3_000 });

describe('a cluster on Consul', () => {
  it('has its endpoints once Consul has answered, and follows changes', async () => {
    consul.set('web', [healthEntry('a'), healthEntry('b', { weights: { Passing: 5, Warning: 1 } })]);
    const cluster = start();
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
    consul.set('web', [healthEntry('a'), healthEntry('b'), healthEntry('c')]);
    await has(cluster, 'a b c');
    consul.set('web', [healthEntry('a'), healthEntry('b')]);
    await has(cluster, 'a b');
    stop();
    consul.set('web', [healthEntry('a')]);
    await has(cluster, 'a');
    expect(changes).toEqual(['2 → 3', '3 → 2']);
    expect(cluster.discovery).toMatchObject({
      source: 'consul',
      state: 'current',
      index: String(consul.index),
      error: undefined,
      held: undefined,
      fromSaved: false,
    });
  });

  it('publishes nothing when only the index has moved', async () => {
    consul.set('web', [healthEntry('a')]);
    const cluster = start();
    await cluster.whenStarted;
    const { snapshot } = cluster;
    consul.set('web', [healthEntry('a')]);
    await until(() => cluster.discovery.updates.unchanged >= 1, { what: 'an answer' });
    expect(cluster.snapshot).toBe(snapshot);
  });

  it('loses nothing while Consul fails or is gone, and says so once', async () => {
    consul.set('web', [healthEntry('a'), healthEntry('b')]);
    const cluster = start();
    await cluster.whenStarted;
    const { snapshot } = cluster;
    consul.misbehave((response) => response.writeHead(500).end('No cluster leader'));
    await until(() => cluster.discovery.updates.failed >= 3, { what: 'three failures' });
    expect(cluster.discovery).toMatchObject({ state: 'stale', error: 'consul answered 500: No cluster leader' });
    expect(cluster.snapshot).toBe(snapshot);
    consul.behave();
    await until(() => cluster.discovery.state === 'current', { what: 'recovery' });
    expect(cluster.snapshot).toBe(snapshot);
    expect(log.messages('warn', 'error')).toEqual(['discovery fails, the last endpoints stay']);
    expect(log.messages('info')).toEqual(['endpoints changed', 'discovery works again']);
  });

  it('holds an empty answer for ten seconds', async () => {
    const clock = new FakeClock();
    consul.set('web', [healthEntry('a'), healthEntry('b')]);
    const cluster = start({ clock });
    await cluster.whenStarted;
    consul.set('web', []);
    await until(() => cluster.discovery.held !== undefined, { what: 'a held update' });
    expect(cluster.discovery).toMatchObject({
      updates: { applied: 1, held: 1 },
      held: expect.stringContaining('node-1/a, node-1/b'),
    });
    clock.advance(9_999);
    expect(ids(cluster)).toBe('a b');
    clock.advance(1);
    expect([ids(cluster), cluster.discovery.held]).toEqual(['', undefined]);
  });

  it('ends the hold also where its timer fires a moment too early', async () => {
    class ImpatientClock extends FakeClock {
      override after(delayMs: number, action: () => void): () => void {
        return super.after(delayMs > 1 ? delayMs - 0.5 : delayMs, action);
      }
    }
    const clock = new ImpatientClock();
    consul.set('web', [healthEntry('a'), healthEntry('b')]);
    const cluster = start({ clock });
    await cluster.whenStarted;
    consul.set('web', []);
    await until(() => cluster.discovery.held !== undefined, { what: 'a held update' });
    clock.advance(10_001);
    expect([ids(cluster), cluster.discovery.held]).toEqual(['', undefined]);
  });

  it('knows a service that never had an instance from one that lost all', async () => {
    const cluster = start();
    await cluster.whenStarted;
    expect(cluster.discovery.state).toBe('absent');
    expect(log.messages('warn')).toEqual(['discovery knows no such thing']);
    consul.set('web', [healthEntry('a')]);
    await has(cluster, 'a');
    expect(cluster.discovery.state).toBe('current');
  });

  it('leaves out what it must not connect to, and says so once', async () => {
    consul.set('web', [
      healthEntry('a'),
      healthEntry('meta', { address: '169.254.169.254' }),
      healthEntry('own', { port: 15_001 }),
      null,
    ]);
    const cluster = start({
      refuse: (host, port) => (host === '127.0.0.1' && port === 15_001 ? 'our own listener' : undefined),
    });
    await cluster.whenStarted;
    expect(ids(cluster)).toBe('a');
    const skipped = [
      'entry 3: is null',
      '"node-1/meta" at 169.254.169.254:8080: a link-local address',
      '"node-1/own" at 127.0.0.1:15001: our own listener',
    ];
    expect(cluster.discovery.skipped).toEqual(skipped);
    await until(() => consul.blocked === 1, { what: 'a blocking query' });
    consul.wake();
    await until(() => cluster.discovery.updates.unchanged >= 1, { what: 'a second answer' });
    expect(log.lines.filter((it) => it.level === 'warn').map((it) => it.fields['skipped'])).toEqual([skipped]);
  });

  it('cannot be started without a client', () => {
    expect(() => start({ consul: undefined })).toThrow('needs a consul client');
  });
});

describe('snapshot_dir', () => {
  it('carries the endpoints over a start without Consul', async () => {
    consul.set('web', [healthEntry('a'), healthEntry('b')]);
    const first = start({ snapshotDir: dir });
    await first.whenStarted;
    await first.close();
    consul.misbehave((response) => response.writeHead(500).end());
    const second = start({ snapshotDir: dir });
    await second.whenStarted;
    expect(ids(second)).toBe('a b');
    expect(second.discovery).toMatchObject({ state: 'stale', fromSaved: true, ageSeconds: undefined });
    expect(log.messages('warn')).toContain('starting with saved endpoints');
    consul.behave();
    await until(() => !second.discovery.fromSaved, { what: 'an answer' });
    expect([ids(second), second.discovery.state]).toEqual(['a b', 'current']);
  });

  it('is not read for another question', async () => {
    consul.set('web', [healthEntry('a')]);
    const first = start({ snapshotDir: dir });
    await first.whenStarted;
    await first.close();
    expect(await readFile(join(dir, 'web.endpoints.json'), 'utf8')).toContain('"consul web"');
    consul.misbehave((response) => response.writeHead(500).end());
    const second = start({ snapshotDir: dir, discover: { consul: { service: 'web', tags: ['v2'], datacenters: [] } } });
    await until(() => second.discovery.updates.failed > 1, { what: 'failures' });
    expect([second.started, ids(second)]).toEqual([false, '']);
  });
});

describe('a cluster on a list', () => {
  it('is there at once', async () => {
    const cluster = start({ discover: list(discovered('a'), discovered('b*2')) });
    expect([cluster.started, ids(cluster), cluster.discovery.state]).toEqual([true, 'a b', 'current']);
    await cluster.whenStarted;
  });

  it('takes the words of the configuration', () => {
    const cluster = start({
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
    const path = join(dir, 'list.yaml');
    const cluster = start({ discover: { file: 'list.yaml' } });
    await cluster.whenStarted;
    expect(cluster.discovery.state).toBe('absent');
    await writeFile(path, '- 10.0.0.1:80\n- 10.0.0.2:80');
    await has(cluster, '10.0.0.1:80 10.0.0.2:80');
    await writeFile(path, 'oops');
    await until(() => cluster.discovery.state === 'stale', { what: 'the broken file' });
    await rm(path);
    await until(() => cluster.discovery.state === 'absent', { what: 'the missing file' });
    expect(ids(cluster)).toBe('10.0.0.1:80 10.0.0.2:80');
    await writeFile(path, '- 10.0.0.3:80');
    await has(cluster, '10.0.0.3:80');
  });
});

describe('probes', () => {
  const PROBE: ProbeConfig = {
    http: { path: '/health', status: { from: 200, to: 399 } },
    interval: 20,
    timeout: 500,
    fall: 3,
    rise: 2,
  };
  let status = 200;

  async function instance(): Promise<{ port: number; server: Server }> {
    const server = createServer((_request, response) => response.writeHead(status).end());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.push(async () => {
      server.closeAllConnections();
      server.close();
    });
    return { port: (server.address() as AddressInfo).port, server };
  }

  beforeEach(() => {
    status = 200;
  });

  it('decide with the first answer, take down after fall and bring back after rise', async () => {
    const { port } = await instance();
    const [closed = 0] = await freePorts(1);
    const cluster = start({
      probe: PROBE,
      discover: list(
        discovered('a', { host: '127.0.0.1', port }),
        discovered('b', { host: '127.0.0.1', port: closed }),
      ),
    });
    expect([cluster.started, cluster.snapshot.upCount]).toEqual([false, 0]);
    await cluster.whenStarted;
    const [a, b] = cluster.snapshot.endpoints;
    expect(cluster.snapshot.reasons).toEqual(new Map([['b', 'probe: connect refused']]));
    const seen: string[] = [];
    cluster.onProbe((id) => {
      if (id === a!.id) seen.push(`${cluster.probeState(id).status} ${cluster.probeState(id).against}`);
    });
    status = 503;
    await until(() => cluster.snapshot.upCount === 0, { what: 'a to be down' });
    expect(cluster.snapshot.reasons.get(a!.id)).toBe('probe: status 503');
    status = 200;
    await until(() => cluster.snapshot.upCount === 1, { what: 'a to be up' });
    expect(seen).toEqual(['up 1', 'up 2', 'down 0', 'down 1', 'up 0']);
    expect(cluster.probeState(b!.id).status).toBe('down');
  });

  it('by a command say in its words why an endpoint is down, and end with the cluster', async () => {
    const file = join(dir, 'pid');
    const script =
      'case $OUTRIGGER_ENDPOINT in a) exit 0;; b) echo "no disk" >&2; exit 2;; *) echo $$ > "$0"; exec sleep 60; esac';
    const cluster = start({
      probe: { ...PROBE, http: undefined, exec: { command: ['sh', '-c', script, file] }, timeout: 10_000 },
      discover: list(discovered('a'), discovered('b'), discovered('c')),
    });
    await until(() => cluster.snapshot.reasons.get(endpointId('b')) === 'probe: exit 2: no disk', { what: 'b' });
    await until(() => cluster.snapshot.upCount === 1, { what: 'a to be up' });
    expect(cluster.snapshot.reasons.get(endpointId('c'))).toBe('not probed yet');
    await until(() => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'), { what: 'the command of c' });
    const pid = Number(readFileSync(file, 'utf8'));
    await cluster.close();
    await until(() => !isAlive(pid), { what: 'its end' });
  });

  it('by commands that hang hold up no other cluster, and say when they get no turn', async () => {
    const commands = new ProbeCommands({ running: 2, perCluster: 1, kept: 1 });
    const probed = (command: string[]) => ({
      probe: { ...PROBE, http: undefined, fall: 1, exec: { command } },
      commands,
    });
    const hung = start({
      ...probed(['sleep', '60']),
      name: 'hung',
      discover: list(discovered('a'), discovered('b'), discovered('c'), discovered('d')),
    });
    const other = start({ ...probed(['false']), discover: list(discovered('e')) });
    await other.whenStarted;
    expect(other.snapshot.reasons.get(endpointId('e'))).toBe('probe: exit 1');
    const warning = { level: 'warn', message: 'too many probes at once: some get no turn within their timeout' };
    const warned = () => log.lines.filter((it) => it.message === warning.message);
    await until(() => warned().length === 1, { what: 'the warning' });
    expect(warned()).toEqual([{ ...warning, fields: { cluster: 'hung' } }]);
    expect(hung.started).toBe(false);
    await until(() => (hung.probesNotAsked ?? 0) > 3, { what: 'more of them' });
    expect([warned().length, other.probesNotAsked]).toEqual([1, 0]);
  });

  it('confirm a loss, so that it is not held', async () => {
    const { port, server } = await instance();
    consul.set('web', [healthEntry('a', { port }), healthEntry('b', { port })]);
    const cluster = start({ probe: PROBE });
    await cluster.whenStarted;
    server.closeAllConnections();
    server.close();
    await until(() => cluster.snapshot.upCount === 0, { what: 'both to be down' });
    consul.set('web', []);
    await has(cluster, '');
    expect(cluster.discovery.updates).toMatchObject({ held: 0 });
  });

  it('release what is held as soon as they say that it is gone', async () => {
    const { port, server } = await instance();
    consul.set('web', [healthEntry('a', { port }), healthEntry('b', { port })]);
    const cluster = start({ probe: PROBE });
    await cluster.whenStarted;
    consul.set('web', []);
    await until(() => cluster.discovery.held !== undefined, { what: 'a held update' });
    expect(cluster.snapshot.upCount).toBe(2);
    server.closeAllConnections();
    server.close();
    await has(cluster, '');
  });

  it('end with the endpoint', async () => {
    const { port, server } = await instance();
    let asked = 0;
    server.on('request', () => {
      asked += 1;
    });
    consul.set('web', [healthEntry('a', { port }), healthEntry('b')]);
    const cluster = start({ probe: PROBE });
    await cluster.whenStarted;
    consul.set('web', [healthEntry('b')]);
    await has(cluster, 'b');
    const before = asked;
    await until(() => cluster.probeState(cluster.snapshot.endpoints[0]!.id).status === 'down', {
      what: 'b to be probed',
    });
    await cluster.close();
    expect(asked).toBeLessThanOrEqual(before + 1);
  });
});

it('a listener that throws costs only a line', async () => {
  consul.set('web', [healthEntry('a')]);
  const cluster = start();
  await cluster.whenStarted;
  const seen: number[] = [];
  cluster.onChange(() => {
    throw new Error('mine');
  });
  cluster.onChange((snapshot) => seen.push(snapshot.endpoints.length));
  consul.set('web', [healthEntry('a'), healthEntry('b')]);
  await has(cluster, 'a b');
  expect(seen).toEqual([2]);
  expect(log.messages('error')).toEqual(['a listener failed']);
});

it('closing ends everything and leaves the last snapshot readable', async () => {
  consul.set('web', [healthEntry('a')]);
  const cluster = start();
  await cluster.whenStarted;
  await until(() => consul.blocked === 1, { what: 'the watch' });
  await cluster.close();
  await until(() => consul.blocked === 0, { what: 'the watch to end' });
  expect(ids(cluster)).toBe('a');
});
