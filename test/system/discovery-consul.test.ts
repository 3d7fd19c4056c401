/** Discovery against a real Consul: what no fake can promise. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { requireConsul } from '../../scripts/consul.ts';
import { roundRobin } from '../../src/balance/round-robin.ts';
import { type ClusterRunnerOptions, type RunningCluster, startCluster } from '../../src/io/cluster-runner.ts';
import { createConsulClient } from '../../src/io/consul-client.ts';
import { silentLog } from '../../src/io/log.ts';
import { STATUS_WORDS, statusOf } from '../../src/snapshot.ts';
import { type ConsulOptions, describeWithConsul, freePorts, startConsul, type TestConsul } from '../support/consul.ts';
import { until } from '../support/until.ts';

/** From the moment Consul has taken the change to the snapshot that shows it. */
const PROMISED_MS = 100;

/** What is measured is the first change after a time without any; a burst of changes is paced on purpose. */
const quiet = (): Promise<void> => sleep(300);

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

function watch(
  consul: { address: string },
  service: string,
  options: Partial<ClusterRunnerOptions> & { client?: object } = {},
): RunningCluster {
  const client = createConsulClient({ address: consul.address, ...options.client }, { env: {} });
  const cluster = startCluster({
    name: service,
    discover: { consul: { service, tags: [], datacenters: [] } },
    probe: undefined,
    policy: roundRobin,
    loadOf: () => 0,
    consul: client,
    snapshotDir: undefined,
    baseDir: '.',
    log: silentLog,
    ...options,
  });
  open.push(async () => {
    await cluster.close();
    await client.close();
  });
  return cluster;
}

async function ownConsul(options: ConsulOptions = {}): Promise<TestConsul> {
  const consul = await startConsul(options);
  open.push(() => consul.stop());
  return consul;
}

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'outrigger-discovery-'));
  open.push(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

const ids = (cluster: RunningCluster): string => cluster.snapshot.endpoints.map((it) => it.id.split('/')[1]).join(' ');
const has = (cluster: RunningCluster, expected: string): Promise<number> =>
  until(() => ids(cluster) === expected, { what: `"${expected}"` });

async function registerThree(consul: TestConsul, name: string): Promise<void> {
  for (const n of [1, 2, 3]) {
    await consul.register({ id: `${name}-${n}`, name, port: 9_000 + n, check: 'passing' });
  }
}

describeWithConsul('discovery with one real Consul', () => {
  let consul: TestConsul;
  beforeAll(async () => {
    consul = await startConsul();
  });
  afterAll(() => consul?.stop());

  it('shows a new instance, a failed check and a deregistration within 100 ms each', async () => {
    await registerThree(consul, 'web');
    const cluster = watch(consul, 'web');
    await has(cluster, 'web-1 web-2 web-3');
    const times: Record<string, number[]> = { register: [], fail: [], pass: [], deregister: [] };
    const measure = async (change: string, act: () => Promise<unknown>, shown: () => boolean): Promise<void> => {
      await quiet();
      await act();
      times[change]?.push(await until(shown, { what: `the change "${change}"` }));
    };
    const up = (count: number) => () => cluster.snapshot.upCount === count;
    for (let round = 0; round < 3; round += 1) {
      const fourth = { id: 'web-4', name: 'web', port: 9_004, check: 'passing' } as const;
      await measure('register', () => consul.register(fourth), up(4));
      await measure('fail', () => consul.setCheck('web-4', 'critical'), up(3));
      expect(cluster.snapshot.reasons.get(cluster.snapshot.endpoints[3]!.id)).toBe('check "web alive" is critical');
      await measure('pass', () => consul.setCheck('web-4', 'passing'), up(4));
      await measure(
        'deregister',
        () => consul.deregister('web-4'),
        () => cluster.snapshot.endpoints.length === 3,
      );
    }
    for (const [change, took] of Object.entries(times)) {
      // The middle one: a busy machine may take the cores away during any single round.
      const [, middle] = took.toSorted((a, b) => a - b);
      expect(middle, `${change}: ${took.map(Math.round).join(', ')} ms`).toBeLessThan(PROMISED_MS);
    }
  });

  it('shows weights, warnings, maintenance and addresses as Consul has them', async () => {
    const weights = { Passing: 10, Warning: 2 };
    await consul.register({ id: 'a', name: 'mixed', port: 80, weights, check: 'passing' });
    await consul.register({ id: 'b', name: 'mixed', port: 81, address: '10.0.0.7', weights, check: 'warning' });
    await consul.register({ id: 'c', name: 'mixed', port: 82, address: '', check: 'passing' });
    await consul.register({ id: 'd', name: 'mixed', port: 83, check: 'critical' });
    await consul.setMaintenance('c', true);
    const cluster = watch(consul, 'mixed');
    await has(cluster, 'a b c d');
    const { snapshot } = cluster;
    expect(
      snapshot.endpoints.map((it) => [it.id, it.address, it.weight, STATUS_WORDS[statusOf(snapshot, it)]]),
    ).toEqual([
      ['test-node/a', '127.0.0.1:80', 10, 'up'],
      ['test-node/b', '10.0.0.7:81', 2, 'up'],
      ['test-node/c', '127.0.0.1:82', 1, 'draining'],
      ['test-node/d', '127.0.0.1:83', 1, 'down'],
    ]);
    await consul.setMaintenance('c', false);
    await until(() => cluster.snapshot.upCount === 3, { what: 'the end of the maintenance' });
  });

  it('takes only instances that carry every tag', async () => {
    await consul.register({ id: 'both', name: 'tagged', port: 80, tags: ['v2', 'eu west'] });
    await consul.register({ id: 'one', name: 'tagged', port: 81, tags: ['v2'] });
    const discover = { consul: { service: 'tagged', tags: ['v2', 'eu west'], datacenters: ['dc1'] } };
    const cluster = watch(consul, 'tagged', { discover });
    await has(cluster, 'both');
    await consul.register({ id: 'late', name: 'tagged', port: 82, tags: ['eu west', 'v2'] });
    await has(cluster, 'both late');
  });

  it('takes a datacenter that does not exist for a failure, not for an empty one', async () => {
    const discover = { consul: { service: 'web', tags: [], datacenters: ['nowhere'] } };
    const cluster = watch(consul, 'web', { discover });
    await until(() => cluster.discovery.updates.failed > 0, { what: 'a failure' });
    expect(cluster.discovery).toMatchObject({ state: 'waiting', error: 'consul answered 500: No path to datacenter' });
  });
});

describeWithConsul('a Consul that restarts', () => {
  it('with its data loses no endpoint at any moment, and changes are seen at once afterwards', async () => {
    const consul = await ownConsul();
    await registerThree(consul, 'web');
    const cluster = watch(consul, 'web');
    await has(cluster, 'web-1 web-2 web-3');
    const seen: number[] = [];
    cluster.onChange((snapshot) => seen.push(snapshot.endpoints.length));
    await consul.kill9();
    await until(() => cluster.discovery.state === 'stale', { what: 'the loss of Consul' });
    await consul.start();
    await until(() => cluster.discovery.state === 'current', { what: 'the return of Consul', withinMs: 30_000 });
    expect(seen.every((count) => count === 3)).toBe(true);
    await quiet();
    await consul.register({ id: 'web-4', name: 'web', port: 9_004, check: 'passing' });
    expect(await has(cluster, 'web-1 web-2 web-3 web-4')).toBeLessThan(PROMISED_MS);
  });

  it('without its data counts anew from a lower index, and is followed all the same', async () => {
    const consul = await ownConsul({ dev: true });
    await registerThree(consul, 'web');
    const cluster = watch(consul, 'web');
    await has(cluster, 'web-1 web-2 web-3');
    const before = Number(cluster.discovery.index);
    const seen: number[] = [];
    cluster.onChange((snapshot) => seen.push(snapshot.endpoints.length));
    await consul.restart();
    await until(() => cluster.discovery.held !== undefined, { what: 'the loss to be held', withinMs: 30_000 });
    for (const n of [1, 2, 3]) await consul.register({ id: `web-${n}`, name: 'web', port: 9_000 + n });
    await until(() => cluster.discovery.held === undefined, { what: 'them to be back' });
    expect(ids(cluster)).toBe('web-1 web-2 web-3');
    expect(Math.min(3, ...seen)).toBe(3);
    expect(Number(cluster.discovery.index)).toBeLessThan(before + 20);
  });
});

describeWithConsul('a Consul with access control', () => {
  it('that revokes the token empties nothing, and a rotated token file is picked up', async () => {
    const consul = await ownConsul({
      config: { acl: { enabled: true, default_policy: 'deny' }, primary_datacenter: 'dc1' },
    });
    const bootstrap = async (): Promise<boolean> => {
      const token = (await consul.put('/v1/acl/bootstrap').catch(() => undefined)) as { SecretID: string } | undefined;
      consul.token = token?.SecretID;
      return token !== undefined;
    };
    await until(bootstrap, { what: 'the access control to be up' });
    const readToken = async (): Promise<{ AccessorID: string; SecretID: string }> => {
      const policy = {
        Name: `read-${randomUUID()}`,
        Rules: 'node_prefix "" { policy = "read" } service_prefix "" { policy = "read" }',
      };
      const { ID } = (await consul.put('/v1/acl/policy', policy)) as { ID: string };
      return (await consul.put('/v1/acl/token', { Policies: [{ ID }] })) as { AccessorID: string; SecretID: string };
    };
    const register = (id: string): Promise<unknown> => {
      const service = { Service: 'web', ID: id, Port: 80 };
      return consul.put('/v1/catalog/register', { Node: 'n1', Address: '10.0.0.1', Service: service });
    };
    await register('web-1');
    await register('web-2');
    const dir = await folder();
    const file = join(dir, 'token');
    const first = await readToken();
    await writeFile(file, `${first.SecretID}\n`);
    const cluster = watch(consul, 'web', { client: { token_file: file } });
    await has(cluster, 'web-1 web-2');

    const { token } = consul;
    await fetch(`${consul.address}/v1/acl/token/${first.AccessorID}`, {
      method: 'DELETE',
      headers: { 'x-consul-token': token ?? '' },
    });
    // Wakes the waiting query, which finds its token gone.
    await register('web-3');
    await until(() => cluster.discovery.held !== undefined || cluster.discovery.state === 'stale', {
      what: 'the revocation to be noticed',
      withinMs: 40_000,
    });
    expect(ids(cluster)).toBe('web-1 web-2');
    await writeFile(file, (await readToken()).SecretID);
    await has(cluster, 'web-1 web-2 web-3');
    expect(cluster.discovery).toMatchObject({ state: 'current', held: undefined });
  });
});

describeWithConsul('a Consul behind TLS', () => {
  it('is believed with the right authority only, and its files are read again when they change', async () => {
    const dir = await folder();
    const binary = await requireConsul();
    const make = (...words: string[]) => promisify(execFile)(binary, ['tls', ...words], { cwd: dir });
    await make('ca', 'create');
    await make('cert', 'create', '-server', '-dc=dc1', '-additional-ipaddress=127.0.0.1');
    await make('cert', 'create', '-client', '-dc=dc1');
    await make('ca', 'create', '-domain=other');
    const [https = 0] = await freePorts(1);
    const consul = await ownConsul({
      ports: { https },
      config: {
        ca_file: join(dir, 'consul-agent-ca.pem'),
        cert_file: join(dir, 'dc1-server-consul-0.pem'),
        key_file: join(dir, 'dc1-server-consul-0-key.pem'),
        verify_incoming_https: true,
      },
    });
    await registerThree(consul, 'web');
    const ca = join(dir, 'ca-in-use.pem');
    await copyFile(join(dir, 'other-agent-ca.pem'), ca);
    const tls = {
      ca_file: ca,
      cert_file: join(dir, 'dc1-client-consul-0.pem'),
      key_file: join(dir, 'dc1-client-consul-0-key.pem'),
    };
    const cluster = watch({ address: `https://127.0.0.1:${https}` }, 'web', { client: { tls } });
    await until(() => cluster.discovery.updates.failed > 1, { what: 'the wrong authority to be refused' });
    expect(cluster.discovery).toMatchObject({ state: 'waiting', error: expect.stringMatching(/certificate/) });
    await copyFile(join(dir, 'consul-agent-ca.pem'), ca);
    await has(cluster, 'web-1 web-2 web-3');
    const { cert_file: _, key_file: __, ...without } = tls;
    const stranger = watch({ address: `https://127.0.0.1:${https}` }, 'web', { client: { tls: without } });
    await until(() => stranger.discovery.updates.failed > 1, { what: 'a client without a certificate to be refused' });
    expect(stranger.snapshot.endpoints).toEqual([]);
  });
});
