import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { cleanups } from '../../support/cleanups.ts';
import { freePorts } from '../../support/consul.ts';
import { seeded } from '../../support/endpoints.ts';
import { proxyYaml, startTestSidecar, type TestSidecar } from '../../support/sidecar.ts';
import { until } from '../../support/until.ts';
import { get, post, WireClient } from '../../support/wire-client.ts';
import { ok, type UpstreamBehaviour, WireUpstream } from '../../support/wire-upstream.ts';

const closes = cleanups();

/** Names, types and labels of the interface, as far as the request path has to tell them. */
const FAMILIES: readonly [name: string, type: string, labels: readonly string[]][] = [
  ['outrigger_requests_total', 'counter', ['cluster', 'listener', 'reason', 'route', 'status']],
  ['outrigger_request_duration_seconds', 'histogram', ['cluster', 'listener']],
  ['outrigger_upstream_requests_total', 'counter', ['cluster', 'endpoint', 'outcome']],
  ['outrigger_upstream_in_flight', 'gauge', ['cluster', 'endpoint']],
  ['outrigger_upstream_connections', 'gauge', ['cluster', 'endpoint', 'state']],
  ['outrigger_endpoint_up', 'gauge', ['cluster', 'endpoint']],
  ['outrigger_retries_total', 'counter', ['cluster', 'outcome']],
  ['outrigger_ring_info', 'gauge', ['cluster', 'fingerprint']],
  ['outrigger_discovery_updates_total', 'counter', ['cluster', 'result']],
  ['outrigger_connections', 'gauge', ['listener']],
  ['outrigger_bytes_total', 'counter', ['direction', 'listener']],
  ['outrigger_drain_state', 'gauge', []],
  ['process_cpu_seconds_total', 'counter', []],
];

const RING = 'balance: { policy: ring_hash, hash_key: [ { header: x-user-id } ] }';

describe('metrics', () => {
  it('have the families, types and labels that the interface names', async () => {
    const upstream = closes(await WireUpstream.start());
    const top = 'admin: { listen: "127.0.0.1:0" }';
    const sidecar = closes(await startTestSidecar({ endpoints: [upstream.address], cluster: RING, top }));
    const client = closes(await WireClient.connect(sidecar.address()));
    await client.ask(get('/'));
    const families = await sidecar.scrape();
    for (const [name, type, labels] of FAMILIES) {
      const family = families.get(name);
      expect([name, family?.type]).toEqual([name, type]);
      const sample = family?.samples[0];
      expect([
        name,
        Object.keys(sample?.labels ?? {})
          .filter((it) => it !== 'le')
          .sort(),
      ]).toEqual([name, labels]);
    }
  });

  it('agree with what happened, and with /clusters', async () => {
    const held: (() => void)[] = [];
    const upstream = closes(
      await WireUpstream.start({
        onRequest: ({ target }, connection) => {
          if (target === '/held') held.push(() => connection.send(ok('late')));
          else connection.send(ok(target).replace('200 OK', '201 Created'));
        },
      }),
    );
    const top = 'admin: { listen: "127.0.0.1:0" }';
    const sidecar = closes(await startTestSidecar({ endpoints: [upstream.address], cluster: RING, top }));
    const client = closes(await WireClient.connect(sidecar.address()));
    for (let i = 0; i < 10; i += 1) await client.ask(get(`/${i}`, i % 2 === 0 ? ['x-user-id: u'] : []));
    client.send(get('/held'));
    await until(() => held.length === 1, { what: 'the request' });
    const report = await sidecar.clusters();
    expect(report.clusters[0]?.endpoints[0]).toMatchObject({
      in_flight: 1,
      active_connections: 1,
      idle_connections: 0,
    });
    expect(sidecar.sum('outrigger_upstream_in_flight')).toBe(1);
    held[0]?.();
    await client.response();
    const route = { listener: 'web', route: 'routes[0]', cluster: 'app', reason: '' };
    expect(sidecar.value('outrigger_requests_total', { ...route, status: '201' })).toBe(10);
    expect(sidecar.value('outrigger_requests_total', { ...route, status: '200' })).toBe(1);
    expect(sidecar.value('outrigger_request_duration_seconds_count', { listener: 'web', cluster: 'app' })).toBe(11);
    const endpoint = { cluster: 'app', endpoint: upstream.address };
    expect(sidecar.value('outrigger_upstream_requests_total', { ...endpoint, outcome: '2xx' })).toBe(11);
    expect(sidecar.value('outrigger_keyless_requests_total', { cluster: 'app' })).toBe(6);
    expect(sidecar.value('outrigger_upstream_connections', { ...endpoint, state: 'idle' })).toBe(1);
    expect(sidecar.sum('outrigger_bytes_total', { direction: 'received' })).toBe(client.socket.bytesWritten);
    expect(sidecar.sum('outrigger_bytes_total', { direction: 'sent' })).toBe(client.socket.bytesRead);
  });
});

describe('after 2,000 exchanges that end in every way', () => {
  it('nothing is left: no request in flight, no connection at work, no series below zero', async () => {
    const random = seeded(4711);
    const [dead = 0] = await freePorts(1);
    const upstreams = [
      closes(await WireUpstream.start(moody(random))),
      closes(await WireUpstream.start(moody(random))),
    ];
    const endpoints = [...upstreams.map(({ address }) => address), `127.0.0.1:${dead}`];
    const cluster = 'timeouts: { request: 150ms, idle: 300ms, connect: 100ms }';
    const sidecar = closes(await startTestSidecar(proxyYaml({ endpoints, cluster })));
    let ended = 0;
    const worker = async (): Promise<void> => {
      while (ended < 2_000) {
        ended += 1;
        await oneExchange(sidecar, random);
      }
    };
    await Promise.all(Array.from({ length: 20 }, worker));
    await sidecar.settles();
    const idle = sidecar.sum('outrigger_upstream_connections', { state: 'idle' });
    const open = upstreams.reduce((sum, upstream) => sum + upstream.open.length, 0);
    expect(idle).toBeLessThanOrEqual(open);
    expect(sidecar.sum('outrigger_requests_total')).toBeGreaterThan(1_000);
    await until(() => sidecar.sum('outrigger_upstream_connections', { state: 'idle' }) === 0, {
      what: 'idle ones to close',
    });
  });
});

const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nhi';

/** What an endpoint may do with a head; each as likely as the other, and as likely as a proper answer twice over. */
const MOODS: readonly ((socket: Socket) => void)[] = [
  (socket) => socket.destroy(),
  (socket) => socket.resetAndDestroy(),
  (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf', () => socket.destroy()),
  (socket) => socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nxyz'),
  (socket) => socket.end('SSH-2.0\r\n\r\n'),
  () => undefined,
  (socket) => socket.end('HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n'),
  (socket) => socket.write(SWITCH),
  (socket) => socket.end(SWITCH),
  (socket) => socket.write(SWITCH, () => socket.resetAndDestroy()),
];

function moody(random: () => number): UpstreamBehaviour {
  return {
    onHead: (_, { socket }) => {
      const mood = MOODS[Math.floor(random() * MOODS.length * 3)];
      mood?.(socket);
      return mood !== undefined;
    },
  };
}

async function oneExchange(sidecar: TestSidecar, random: () => number): Promise<void> {
  const client = await WireClient.connect(sidecar.address());
  const kind = random();
  if (kind < 0.2) client.send(get('/', ['connection: upgrade', 'upgrade: x']));
  else if (kind < 0.5) client.send(post('/', 'x'.repeat(Math.floor(random() * 200_000))));
  else if (kind < 0.6) client.send('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nhalf');
  else if (kind < 0.65) client.send('nonsense\r\n\r\n');
  else client.send(get('/a') + get('/b') + get('/c'));
  const end = random();
  if (end < 0.3) client.end();
  for (let turns = Math.floor(random() * 40); turns > 0 && !client.isOver; turns -= 1) await new Promise(setImmediate);
  if (end < 0.6) client.reset();
  else if (end < 0.9) client.close();
  else {
    await until(() => client.isOver || client.received.length > 0, { what: 'anything' });
    client.close();
  }
}
