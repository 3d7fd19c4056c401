/** Policies at work in the data path: what they are told, and where requests and connections go because of it. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cleanups } from '../../support/cleanups.ts';
import { freePorts } from '../../support/consul.ts';
import { type ProxyYaml, proxyYaml, startTestSidecar, type TestSidecar } from '../../support/sidecar.ts';
import { until } from '../../support/until.ts';
import { get, post, WireClient } from '../../support/wire-client.ts';
import { ok, type UpstreamBehaviour, WireUpstream } from '../../support/wire-upstream.ts';

const closes = cleanups();

async function upstreamsOf(...behaviours: readonly UpstreamBehaviour[]): Promise<readonly WireUpstream[]> {
  return Promise.all(behaviours.map(async (behaviour) => closes(await WireUpstream.start(behaviour))));
}

const many = (count: number, behaviour: UpstreamBehaviour = {}): readonly UpstreamBehaviour[] =>
  Array.from({ length: count }, () => behaviour);

async function sidecarFor(upstreams: readonly WireUpstream[], yaml: Partial<ProxyYaml>): Promise<TestSidecar> {
  return closes(await startTestSidecar({ endpoints: upstreams.map(({ address }) => address), ...yaml }));
}

const requestsOf = (upstreams: readonly WireUpstream[]): readonly number[] =>
  upstreams.map(({ requests }) => requests.length);

describe('ip_hash', () => {
  const cluster = 'balance: { policy: ip_hash }';

  it('keeps each client on one endpoint, and different clients on different ones', async () => {
    const upstreams = await upstreamsOf(...many(4));
    const sidecar = await sidecarFor(upstreams, { cluster });
    const homes = new Set<number>();
    for (let i = 1; i <= 12; i += 1) {
      const before = requestsOf(upstreams);
      for (let connection = 0; connection < 2; connection += 1) {
        const client = await WireClient.connect(sidecar.address(), { from: `127.0.0.${i}` });
        for (const target of ['/a', '/b', '/c']) await client.ask(get(target));
        client.reset();
      }
      const gained = requestsOf(upstreams).map((count, n) => count - (before[n] ?? 0));
      expect(gained.toSorted((a, b) => a - b)).toEqual([0, 0, 0, 6]);
      homes.add(gained.indexOf(6));
    }
    expect(homes.size).toBeGreaterThan(2);
    expect(sidecar.sum('outrigger_keyless_requests_total')).toBe(0);
  });

  it('takes the first address that no trusted proxy is at, whatever its client claims', async () => {
    const upstreams = await upstreamsOf(...many(4));
    const sidecar = await sidecarFor(upstreams, { cluster, top: 'trusted_proxies: [ 127.0.0.0/8, 10.0.0.0/8 ]' });
    const client = closes(await WireClient.connect(sidecar.address()));
    for (let i = 0; i < 10; i += 1) {
      await client.ask(get('/', [`x-forwarded-for: 6.6.6.${i}, 203.0.113.7, 10.0.0.${i}`]));
    }
    expect(requestsOf(upstreams).toSorted((a, b) => a - b)).toEqual([0, 0, 0, 10]);
    for (let i = 0; i < 40; i += 1) await client.ask(get('/', [`x-forwarded-for: 203.0.113.${i}`]));
    expect(requestsOf(upstreams).filter((count) => count > 0).length).toBeGreaterThan(2);
  });

  it('keeps the tcp connections of a client on one endpoint', async () => {
    const upstreams = await upstreamsOf(...many(4, { onConnection: () => true }));
    const sidecar = await sidecarFor(upstreams, { cluster, protocol: 'tcp' });
    for (let i = 0; i < 8; i += 1) closes(await WireClient.connect(sidecar.address()));
    const taken = (): readonly number[] => upstreams.map(({ connections }) => connections.length);
    await until(() => Math.max(...taken()) === 8, { what: 'all of them at one endpoint' });
  });
});

describe('peak_ewma', () => {
  const cluster = 'balance: { policy: peak_ewma }';
  const answer = (status: string): UpstreamBehaviour => ({
    onRequest: (_request, connection) => connection.send(`HTTP/1.1 ${status}\r\ncontent-length: 0\r\n\r\n`),
  });

  /** How many of 40 requests, one after the other, the first endpoint gets next to one that answers 200. */
  async function sharesWith(first: UpstreamBehaviour, ask = get('/')): Promise<readonly number[]> {
    const upstreams = await upstreamsOf(first, {});
    const sidecar = await sidecarFor(upstreams, { cluster });
    for (let i = 0; i < 40; i += 1) {
      const client = await WireClient.connect(sidecar.address());
      await client.ask(ask).catch(() => undefined);
      client.reset();
    }
    return requestsOf(upstreams);
  }

  it.each<[string, UpstreamBehaviour]>([
    ['answers 500 at once', answer('500 Oops')],
    ['answers 503 at once', answer('503 Busy')],
    ['answers 429 at once', answer('429 Slow down')],
    ['resets', { onRequest: (_request, { socket }) => void socket.resetAndDestroy() }],
    ['answers nonsense', { onRequest: (_request, connection) => connection.send('nonsense\r\n\r\n') }],
  ])('leaves an endpoint alone that %s', async (_what, behaviour) => {
    // Once, before anything is known of it; a reset is tried again elsewhere.
    expect((await sharesWith(behaviour))[0]).toBeLessThanOrEqual(1);
  });

  it.each<[string, UpstreamBehaviour]>([
    ['200', answer('200 OK')],
    ['404', answer('404 Not here')],
  ])('goes on using one that answers %s', async (_status, behaviour) => {
    // More than the one before anything is known; how much more is for the noise of the machine to say.
    expect((await sharesWith(behaviour))[0]).toBeGreaterThan(1);
  });

  it('learns from requests with a body as from others', async () => {
    expect((await sharesWith(answer('500 Oops'), post('/', 'x'.repeat(20_000))))[0]).toBeLessThanOrEqual(1);
  });

  it('leaves a tcp endpoint alone that refuses connections', async () => {
    const [port = 0] = await freePorts(1);
    const [upstream] = (await upstreamsOf({ onConnection: () => true })) as [WireUpstream];
    const sidecar = closes(
      await startTestSidecar({ endpoints: [`127.0.0.1:${port}`, upstream.address], cluster, protocol: 'tcp' }),
    );
    for (let i = 1; i <= 20; i += 1) {
      closes(await WireClient.connect(sidecar.address()));
      await until(() => upstream.connections.length === i, { what: 'the connection' });
    }
    expect(sidecar.sum('outrigger_upstream_requests_total', { outcome: 'connect_failed' })).toBeLessThanOrEqual(1);
  });
});

describe('bounded_load', () => {
  const waiting: UpstreamBehaviour = { onRequest: () => undefined };
  const balance = (policy: string, bound: string): string =>
    `balance: { policy: ${policy}, hash_key: [ { header: x-user-id } ], bounded_load: ${bound} }`;

  it.each(['ring_hash', 'maglev'])(
    'of %s spreads one hot key over those with room, and takes it home again',
    async (policy) => {
      const upstreams = await upstreamsOf(...many(4, waiting));
      const sidecar = await sidecarFor(upstreams, { cluster: balance(policy, '{ factor: 1, min_slots: 2 }') });
      const ask = async (): Promise<void> => {
        const client = closes(await WireClient.connect(sidecar.address()));
        client.send(get('/', ['x-user-id: hot']));
        const before = requestsOf(upstreams).reduce((sum, count) => sum + count, 0);
        await until(() => requestsOf(upstreams).reduce((sum, count) => sum + count, 0) > before, {
          what: 'the request',
        });
      };
      await ask();
      const home = upstreams.find(({ requests }) => requests.length === 1);
      for (let i = 1; i < 12; i += 1) await ask();
      expect(requestsOf(upstreams)).toEqual([3, 3, 3, 3]);
      for (const { connection } of upstreams.flatMap(({ requests }) => requests)) connection.send(ok(''));
      await until(() => sidecar.sum('outrigger_upstream_in_flight') === 0, { what: 'all to be answered' });
      await ask();
      expect(home?.requests.length).toBe(4);
    },
  );

  it('alone never refuses a request', async () => {
    const [upstream] = (await upstreamsOf(waiting)) as [WireUpstream];
    const sidecar = await sidecarFor([upstream], { cluster: balance('ring_hash', '{ factor: 1, min_slots: 0 }') });
    for (let i = 1; i <= 20; i += 1) {
      closes(await WireClient.connect(sidecar.address())).send(get('/', ['x-user-id: hot']));
      await until(() => upstream.requests.length === i, { what: 'the request' });
    }
  });
});

describe('a weight that changes in the file', () => {
  it('moves keys to the endpoint that has gained weight, and no others, while requests go on', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'outrigger-weights-'));
    closes({ close: () => rmSync(folder, { recursive: true, force: true }) });
    const upstreams = await upstreamsOf(...many(4));
    const file = join(folder, 'endpoints.yaml');
    const write = (weights: readonly number[]): void => {
      const lines = upstreams.map(
        ({ address }, i) => `- { address: "${address}", id: e${i}, weight: ${weights[i]} }\n`,
      );
      writeFileSync(`${file}.new`, lines.join(''));
      renameSync(`${file}.new`, file);
    };
    write([1, 1, 1, 1]);
    const yaml = proxyYaml({
      endpoints: [],
      cluster: 'balance: { policy: ring_hash, hash_key: [ { header: x-user-id } ] }',
      top: 'admin: { listen: "127.0.0.1:0" }',
    }).replace('static: [  ]', `file: ${file}`);
    const sidecar = closes(await startTestSidecar(yaml));
    const client = closes(await WireClient.connect(sidecar.address()));
    const homes = async (): Promise<readonly number[]> => {
      const found: number[] = [];
      for (let i = 0; i < 120; i += 1) {
        const before = requestsOf(upstreams);
        expect((await client.ask(get('/', [`x-user-id: user-${i}`]))).status).toBe(200);
        found.push(requestsOf(upstreams).findIndex((count, n) => count > (before[n] ?? 0)));
      }
      return found;
    };
    const weightOf = async (id: string): Promise<number | undefined> =>
      (await sidecar.clusters()).clusters[0]?.endpoints.find((it) => it.id === id)?.weight;
    const before = await homes();
    write([1, 1, 3, 1]);
    await until(async () => (await weightOf('e2')) === 3, { what: 'the new weight' });
    const after = await homes();
    const moved = after.filter((home, i) => home !== before[i]);
    expect(new Set(moved)).toEqual(new Set([2]));
    expect(moved.length).toBeGreaterThan(10);
    write([1, 1, 1, 1]);
    await until(async () => (await weightOf('e2')) === 1, { what: 'the old weight' });
    expect(await homes()).toEqual(before);
  });
});
