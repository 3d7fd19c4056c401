import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ProbeConfig } from '../../../src/config/probe.ts';
import { endpointId } from '../../../src/endpoint.ts';
import { ProbeCommands } from '../../../src/io/probe-commands.ts';
import { cleanups } from '../../support/cleanups.ts';
import { ClusterStage, hasIds, listOf } from '../../support/cluster-stage.ts';
import { freePorts } from '../../support/consul.ts';
import { discovered } from '../../support/endpoints.ts';
import { healthEntry } from '../../support/fake-consul.ts';
import { isAlive } from '../../support/process-usage.ts';
import { until } from '../../support/until.ts';

const closes = cleanups();
let stage: ClusterStage;
beforeEach(async () => {
  stage = closes(await ClusterStage.open());
});

describe('probes of a cluster', () => {
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
    closes({
      close: () => {
        server.closeAllConnections();
        server.close();
      },
    });
    return { port: (server.address() as AddressInfo).port, server };
  }

  beforeEach(() => {
    status = 200;
  });

  it('decide with the first answer, take down after fall and bring back after rise', async () => {
    const { port } = await instance();
    const [closed = 0] = await freePorts(1);
    const cluster = stage.start({
      probe: PROBE,
      discover: listOf(
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
    const file = join(stage.dir, 'pid');
    const script =
      'case $OUTRIGGER_ENDPOINT in a) exit 0;; b) echo "no disk" >&2; exit 2;; *) echo $$ > "$0"; exec sleep 60; esac';
    const cluster = stage.start({
      probe: { ...PROBE, http: undefined, exec: { command: ['sh', '-c', script, file] }, timeout: 10_000 },
      discover: listOf(discovered('a'), discovered('b'), discovered('c')),
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
    const hung = stage.start({
      ...probed(['sleep', '60']),
      name: 'hung',
      discover: listOf(discovered('a'), discovered('b'), discovered('c'), discovered('d')),
    });
    const other = stage.start({ ...probed(['false']), discover: listOf(discovered('e')) });
    await other.whenStarted;
    expect(other.snapshot.reasons.get(endpointId('e'))).toBe('probe: exit 1');
    const warning = { level: 'warn', message: 'too many probes at once: some get no turn within their timeout' };
    const warned = () => stage.log.lines.filter((it) => it.message === warning.message);
    await until(() => warned().length === 1, { what: 'the warning' });
    expect(warned()).toEqual([{ ...warning, fields: { cluster: 'hung' } }]);
    expect(hung.started).toBe(false);
    await until(() => (hung.probesNotAsked ?? 0) > 3, { what: 'more of them' });
    expect([warned().length, other.probesNotAsked]).toEqual([1, 0]);
  });

  it('confirm a loss, so that it is not held', async () => {
    const { port, server } = await instance();
    stage.consul.set('web', [healthEntry('a', { port }), healthEntry('b', { port })]);
    const cluster = stage.start({ probe: PROBE });
    await cluster.whenStarted;
    server.closeAllConnections();
    server.close();
    await until(() => cluster.snapshot.upCount === 0, { what: 'both to be down' });
    stage.consul.set('web', []);
    await hasIds(cluster, '');
    expect(cluster.discovery.updates).toMatchObject({ held: 0 });
  });

  it('release what is held as soon as they say that it is gone', async () => {
    const { port, server } = await instance();
    stage.consul.set('web', [healthEntry('a', { port }), healthEntry('b', { port })]);
    const cluster = stage.start({ probe: PROBE });
    await cluster.whenStarted;
    stage.consul.set('web', []);
    await until(() => cluster.discovery.held !== undefined, { what: 'a held update' });
    expect(cluster.snapshot.upCount).toBe(2);
    server.closeAllConnections();
    server.close();
    await hasIds(cluster, '');
  });

  it('end with the endpoint', async () => {
    const { port, server } = await instance();
    let asked = 0;
    server.on('request', () => {
      asked += 1;
    });
    stage.consul.set('web', [healthEntry('a', { port }), healthEntry('b')]);
    const cluster = stage.start({ probe: PROBE });
    await cluster.whenStarted;
    stage.consul.set('web', [healthEntry('b')]);
    await hasIds(cluster, 'b');
    const before = asked;
    await until(() => cluster.probeState(cluster.snapshot.endpoints[0]!.id).status === 'down', {
      what: 'b to be probed',
    });
    await cluster.close();
    expect(asked).toBeLessThanOrEqual(before + 1);
  });
});
