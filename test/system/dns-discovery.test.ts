/** Endpoints and members that come from DNS: real programs, real name servers, the real Consul's among them. */

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ClustersReport } from '../../src/clusters-report.ts';
import { cleanups } from '../support/cleanups.ts';
import { describeWithConsul, freePorts, startConsul } from '../support/consul.ts';
import { ask } from '../support/dns-client.ts';
import { balanced, nameServerYaml } from '../support/name-server-yaml.ts';
import { type Program, startProgram } from '../support/program.ts';
import { until } from '../support/until.ts';

const closes = cleanups();

/** A zone `lb.test` with these records, for others to ask. */
function zone(port: number, records: Readonly<Record<string, string>>): string {
  return nameServerYaml({ listen: `127.0.0.1:${port}`, records });
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'outrigger-names-'));
  closes({ close: () => rm(path, { recursive: true, force: true }) });
  return path;
}

/** Answers with the address that it was asked at. */
async function instance(host: string, port = 0): Promise<{ port: number; close: () => void }> {
  const server = createServer((_request, response) => response.end(host));
  server.listen(port, host);
  await once(server, 'listening');
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return closes({ port: (server.address() as { port: number }).port, close });
}

async function cluster(program: Program): Promise<ClustersReport['clusters'][number]> {
  const report = (await (await fetch(`http://${program.address('admin')}/clusters`)).json()) as ClustersReport;
  return report.clusters[0]!;
}

const ids = async (program: Program): Promise<string> =>
  (await cluster(program)).endpoints.map(({ id }) => id).join(' ');

it('a sidecar follows the addresses of a name, and keeps them when nobody answers for it any more', async () => {
  const [dnsPort = 0] = await freePorts(1);
  const { port } = await instance('127.0.0.1');
  await instance('127.0.0.2', port);
  const users = (...hosts: string[]) => ({ users: `{ a: [ ${hosts.join(', ')} ], ttl: 1s }` });
  const authority = closes(await startProgram('dns', zone(dnsPort, users('127.0.0.1'))));
  const sidecar = `
admin: { listen: "127.0.0.1:0" }
snapshot_dir: ${await folder()}
listeners: [ { name: web, listen: "127.0.0.1:0", protocol: http, routes: [ { to: users } ] } ]
clusters: { users: { discover: { dns: { name: Users.lb.test., port: ${port}, resolvers: [ "127.0.0.1:${dnsPort}" ] } } } }
`;
  const first = closes(await startProgram('sidecar', sidecar));
  const answerOf = async (program: Program) => (await fetch(`http://${program.address('web')}/`)).text();
  expect(await ids(first)).toBe(`users.lb.test/127.0.0.1:${port}`);
  expect(await answerOf(first)).toBe('127.0.0.1');

  expect(await authority.reload(zone(dnsPort, users('127.0.0.1', '127.0.0.2')))).toBe('applied');
  const both = `users.lb.test/127.0.0.1:${port} users.lb.test/127.0.0.2:${port}`;
  const seenMs = await until(async () => (await ids(first)) === both, { what: 'both', withinMs: 5_000 });
  expect(seenMs).toBeLessThan(2_500);

  // A name that is gone all of a sudden is held, as a service that is gone from Consul.
  expect(await authority.reload(zone(dnsPort, { other: 'txt: [ x ]' }))).toBe('applied');
  await until(async () => (await cluster(first)).discovery.held !== null, { what: 'the loss to be held' });
  expect((await cluster(first)).discovery).toMatchObject({ source: 'dns', state: 'current' });
  expect(await ids(first)).toBe(both);
  expect(await authority.reload(zone(dnsPort, users('127.0.0.1', '127.0.0.2')))).toBe('applied');
  await until(async () => (await cluster(first)).discovery.held === null, { what: 'the loss to be over' });

  await authority.close();
  await until(async () => (await cluster(first)).discovery.state === 'stale', { what: 'the failure' });
  expect(await ids(first)).toBe(both);
  expect((await cluster(first)).discovery.error).toContain('A users.lb.test: no name server there');
  expect(new Set([await answerOf(first), await answerOf(first)])).toEqual(new Set(['127.0.0.1', '127.0.0.2']));

  await first.close();
  const second = closes(await startProgram('sidecar', sidecar));
  expect(await ids(second)).toBe(both);
  expect((await cluster(second)).discovery).toMatchObject({ state: 'stale', from_saved: true });
  expect(await answerOf(second)).toMatch(/^127\.0\.0\.[12]$/);
}, 40_000);

it('a name server answers with the addresses of names, as far as they are up', async () => {
  const [dnsPort = 0] = await freePorts(1);
  const primary = await instance('127.0.0.1');
  await instance('127.0.0.2', primary.port);
  const edges = { 'edge-a': '{ a: [ 127.0.0.1 ], ttl: 1s }', 'edge-b': '{ a: [ 127.0.0.2, 127.0.0.3 ], ttl: 1s }' };
  const authority = closes(await startProgram('dns', zone(dnsPort, edges)));
  const followed = (name: string): string => `names: [ ${name}.lb.test ], resolvers: [ "127.0.0.1:${dnsPort}" ]`;
  const pools = { primary: followed('edge-a'), backup: followed('edge-b') };
  const probe = `probe: { tcp: { port: ${primary.port} }, interval: 100ms, fall: 2, rise: 2 }`;
  const yaml = nameServerYaml({ zone: 'edge.test', records: { www: balanced('failover', pools, probe) } });
  const dns = closes(await startProgram('dns', yaml));
  const answer = async () =>
    (await ask(dns.address('dns'), 'www.edge.test')).answer.map((it) => it.split(' ').at(-1)).join(' ');
  expect(await answer()).toBe('127.0.0.1');
  await authority.close();
  primary.close();
  // 127.0.0.3 has never been up.
  await until(async () => (await answer()) === '127.0.0.2', { what: 'the backup' });
  const report = (await (await fetch(`http://${dns.address('admin')}/clusters`)).json()) as ClustersReport;
  expect(report.clusters.flatMap((it) => it.endpoints.map(({ id, status }) => `${it.name} ${id} ${status}`))).toEqual([
    'www.edge.test:backup edge-b.lb.test/127.0.0.2 up',
    'www.edge.test:backup edge-b.lb.test/127.0.0.3 down',
    'www.edge.test:primary edge-a.lb.test/127.0.0.1 down',
  ]);
}, 30_000);

describeWithConsul('the name server of a real Consul', () => {
  it('tells a sidecar port and weight of each instance', async () => {
    const [dnsPort = 0] = await freePorts(1);
    const consul = await startConsul({ dev: true, ports: { dns: dnsPort } });
    closes({ close: () => consul.stop() });
    const weights = { Passing: 5, Warning: 1 };
    await consul.register({ id: 'u1', name: 'users', port: 8_081, check: 'passing', weights });
    await consul.register({ id: 'u2', name: 'users', port: 8_082, address: '127.0.0.2', check: 'passing' });
    const sidecar = closes(
      await startProgram(
        'sidecar',
        `
admin: { listen: "127.0.0.1:0" }
listeners: [ { name: web, listen: "127.0.0.1:0", protocol: http, routes: [ { to: users } ] } ]
clusters: { users: { discover: { dns: { name: users.service.consul, type: srv, resolvers: [ "127.0.0.1:${dnsPort}" ] } } } }
`,
      ),
    );
    const said = async () =>
      (await cluster(sidecar)).endpoints
        .map(({ id, address, weight }) => `${id.split('/').at(-1)} ${address} ${weight}`)
        .toSorted();
    expect(await said()).toEqual(['127.0.0.1:8081 127.0.0.1:8081 5', '127.0.0.2:8082 127.0.0.2:8082 1']);
    await consul.setCheck('u1', 'critical');
    await until(async () => (await said()).length === 1, { what: 'the critical one to be gone', withinMs: 10_000 });
    expect(await said()).toEqual(['127.0.0.2:8082 127.0.0.2:8082 1']);
  }, 30_000);
});
