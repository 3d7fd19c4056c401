import { describe, expect, it } from 'vitest';
import { readProxyHeader, writeProxyHeader } from '../../../sidecar/proxy-protocol/codec.ts';
import type { ConnectionEnds } from '../../../sidecar/proxy-protocol/header.ts';
import { LOCAL_PROXY_HEADERS } from '../../../src/local-proxy-header.ts';
import { cleanups } from '../../support/cleanups.ts';
import { type ForwardingStage, openStage } from '../../support/forwarding-stage.ts';
import { fieldValue } from '../../support/http-wire.ts';
import { type ProxyYaml, startTestSidecar, type TestSidecar } from '../../support/sidecar.ts';
import { until } from '../../support/until.ts';
import { get, WireClient } from '../../support/wire-client.ts';
import { ok, type UpstreamBehaviour, WireUpstream } from '../../support/wire-upstream.ts';

const closes = cleanups();

const TRUSTED = 'trusted_proxies: [ 127.0.0.0/8 ]';

const stage = (yaml: Partial<ProxyYaml>, behaviour?: UpstreamBehaviour): Promise<ForwardingStage> =>
  openStage(closes, behaviour, yaml);

const accepting = (yaml: Partial<ProxyYaml> = {}, behaviour?: UpstreamBehaviour): Promise<ForwardingStage> =>
  stage({ top: TRUSTED, ...yaml, listener: `proxy_protocol: true\n    ${yaml.listener ?? ''}` }, behaviour);

const connect = async (sidecar: TestSidecar): Promise<WireClient> =>
  closes(await WireClient.connect(sidecar.address()));

const exceeded = (sidecar: TestSidecar, limit: string): number | undefined =>
  sidecar.value('outrigger_limit_exceeded_total', { listener: 'web', limit });

const ends = (address: string, port = 5_000): ConnectionEnds => ({
  source: { address, port },
  destination: { address: address.includes(':') ? '2001:db8::ff' : '198.51.100.1', port: 443 },
});

const headerOf = (version: 'v1' | 'v2', address: string, port?: number): Buffer =>
  Buffer.from(writeProxyHeader(version, ends(address, port)));

describe.each(['v1', 'v2'] as const)('an http listener with proxy_protocol, given %s', (version) => {
  it.each(['192.0.2.7', '2001:db8::7'])('takes %s for the client', async (address) => {
    const { sidecar, upstream } = await accepting();
    const client = await connect(sidecar);
    client.send(Buffer.concat([headerOf(version, address), Buffer.from(get('/a', ['x-forwarded-for: 203.0.113.9']))]));
    expect((await client.response()).status).toBe(200);
    expect((await client.ask(get('/b'))).status).toBe(200);
    for (const request of upstream.requests) {
      expect(fieldValue(request, 'x-forwarded-for')).toBe(address);
      expect(fieldValue(request, 'x-real-ip')).toBe(address);
    }
    expect(upstream.requests).toHaveLength(2);
  });

  it('takes the header in any pieces', async () => {
    const { sidecar, upstream } = await accepting();
    const client = await connect(sidecar);
    for (const byte of Buffer.concat([headerOf(version, '192.0.2.7'), Buffer.from(get('/'))])) {
      const seen = client.socket.bytesWritten;
      client.send(Buffer.of(byte));
      await until(() => client.socket.bytesWritten > seen && client.socket.writableLength === 0, { what: 'a byte' });
    }
    expect((await client.response()).status).toBe(200);
    expect(upstream.requests[0]?.fields).toContain('x-real-ip: 192.0.2.7');
  });

  it('answers a client that has sent header, request and FIN at once', async () => {
    const { sidecar } = await accepting();
    const client = await connect(sidecar);
    client.send(Buffer.concat([headerOf(version, '192.0.2.7'), Buffer.from(get('/whole'))]));
    client.end();
    expect((await client.response()).body).toBe('/whole');
    expect(await client.over()).toBe('end');
    await sidecar.settles();
  });

  it('keeps the peer’s own address where the header speaks for nobody', async () => {
    const { sidecar, upstream } = await accepting();
    const client = await connect(sidecar);
    client.send(Buffer.concat([LOCAL_PROXY_HEADERS[version], Buffer.from(get('/'))]));
    expect((await client.response()).status).toBe(200);
    expect(upstream.requests[0]?.fields).toContain('x-real-ip: 127.0.0.1');
  });
});

describe('a listener with proxy_protocol', () => {
  it('does not believe X-Forwarded-For of a client that is no trusted proxy itself, and does of one that is', async () => {
    const { sidecar, upstream } = await accepting({ top: 'trusted_proxies: [ 127.0.0.1, 192.0.2.0/24 ]' });
    const ask = async (address: string) => {
      const client = await connect(sidecar);
      client.send(headerOf('v2', address));
      await client.ask(get('/', ['x-forwarded-for: 203.0.113.9']));
      return upstream.requests.at(-1)?.fields.find((field) => field.startsWith('x-forwarded-for'));
    };
    expect(await ask('198.51.100.7')).toBe('x-forwarded-for: 198.51.100.7');
    expect(await ask('192.0.2.7')).toBe('x-forwarded-for: 203.0.113.9, 192.0.2.7');
  });

  it('goes by the client of the header for a source_ip key', async () => {
    const endpoints = [closes(await WireUpstream.start()), closes(await WireUpstream.start())];
    const sidecar = closes(
      await startTestSidecar({
        endpoints: endpoints.map((it) => it.address),
        top: TRUSTED,
        listener: 'proxy_protocol: true',
        cluster: 'balance: { policy: ring_hash, hash_key: [ { source_ip: true } ] }',
        protocol: 'tcp',
      }),
    );
    const placeOf = async (address: string) => {
      const before = endpoints.map(({ connections }) => connections.length);
      const client = await connect(sidecar);
      client.send(Buffer.concat([headerOf('v1', address), Buffer.from(get('/'))]));
      expect((await client.response()).status).toBe(200);
      return endpoints.findIndex(({ connections }, i) => connections.length > (before[i] ?? 0));
    };
    const addresses = Array.from({ length: 16 }, (_, i) => `192.0.2.${i}`);
    const places: number[] = [];
    for (const address of addresses) places.push(await placeOf(address));
    expect(new Set(places)).toEqual(new Set([0, 1]));
    for (const [i, address] of addresses.entries()) expect(await placeOf(address)).toBe(places[i]);
  });

  it('counts max_connections_per_client by the client of the header, and max_connections from the start', async () => {
    const { sidecar } = await accepting({ listener: 'limits: { max_connections_per_client: 1, max_connections: 3 }' });
    const open = async (address: string) => {
      const client = await connect(sidecar);
      client.send(Buffer.concat([headerOf('v1', address), Buffer.from(get('/'))]));
      return { client, status: (await client.response()).status };
    };
    const first = await open('192.0.2.1');
    expect(first.status).toBe(200);
    expect((await open('192.0.2.1')).status).toBe(503);
    expect((await open('192.0.2.2')).status).toBe(200);
    expect(exceeded(sidecar, 'max_connections_per_client')).toBe(1);
    // One that has told nothing yet takes a place as well.
    const silent = await connect(sidecar);
    await until(() => sidecar.sum('outrigger_connections') === 3, { what: 'the third connection' });
    expect((await (await connect(sidecar)).response()).status).toBe(503);
    expect(exceeded(sidecar, 'max_connections')).toBe(1);
    silent.close();
    first.client.close();
    await until(() => sidecar.sum('outrigger_connections') === 1, { what: 'room' });
    expect((await open('192.0.2.1')).status).toBe(200);
  });

  it.each(['http', 'tcp'] as const)('resets a peer that is not trusted, unread (%s)', async (protocol) => {
    const { sidecar, upstream } = await accepting({ top: 'trusted_proxies: [ 192.0.2.1 ]', protocol });
    expect(await (await connect(sidecar)).over()).toBe('reset');
    expect(upstream.connections).toEqual([]);
    expect(exceeded(sidecar, 'proxy_protocol')).toBe(1);
    await sidecar.settles();
  });

  it.each([
    ['http', 'a request without a header', get('/')],
    ['tcp', 'bytes that are none', '\0'],
    ['http', 'a malformed line', 'PROXY TCP4 192.0.2.7 198.51.100.1 1\r\n'],
    ['tcp', 'a line without an end', `PROXY UNKNOWN ${'x'.repeat(200)}`],
    ['http', 'a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ] as const)('resets and counts, over %s, %s', async (protocol, _, wire) => {
    const { sidecar, upstream } = await accepting({ protocol });
    const client = await connect(sidecar);
    client.send(wire);
    expect(await client.over()).toBe('reset');
    expect(client.received).toBe('');
    expect(upstream.connections).toEqual([]);
    expect(exceeded(sidecar, 'proxy_protocol')).toBe(1);
    await sidecar.settles();
  });

  it.each(['http', 'tcp'] as const)('resets a connection whose header is not whole in time (%s)', async (protocol) => {
    const { sidecar } = await accepting({ protocol, listener: 'limits: { head_timeout: 200ms }' });
    const client = await connect(sidecar);
    client.send('PROXY TCP4 192.0.2.7');
    expect(await client.over()).toBe('reset');
    expect([exceeded(sidecar, 'head_timeout'), exceeded(sidecar, 'proxy_protocol')]).toEqual([1, 0]);
    await sidecar.settles();
  });

  it.each(['end', 'reset'] as const)(
    'lets a peer go that leaves without a header (%s), and counts nothing',
    async (how) => {
      const { sidecar } = await accepting();
      const client = await connect(sidecar);
      await until(() => sidecar.sum('outrigger_connections') === 1, { what: 'the connection' });
      client[how]();
      await sidecar.settles();
      expect(sidecar.sum('outrigger_limit_exceeded_total')).toBe(0);
    },
  );

  it.each(['http', 'tcp'] as const)('does not wait for headers in a drain (%s)', async (protocol) => {
    const { sidecar } = await accepting({ protocol });
    const client = await connect(sidecar);
    await until(() => sidecar.sum('outrigger_connections') === 1, { what: 'the connection' });
    await sidecar.house.drain();
    await client.over();
    expect(sidecar.sum('outrigger_connections')).toBe(0);
  });

  it('passes bytes behind the header on, and half-closes, over tcp', async () => {
    const { sidecar, upstream } = await accepting({ protocol: 'tcp' }, { onConnection: () => true });
    const client = await connect(sidecar);
    client.send(Buffer.concat([headerOf('v2', '192.0.2.7'), Buffer.from('first ')]));
    await until(() => upstream.connections[0]?.received === 'first ', { what: 'the first bytes' });
    client.send('second');
    client.end();
    await until(() => upstream.connections[0]?.hasEnded === true, { what: 'the FIN' });
    expect(upstream.connections[0]?.received).toBe('first second');
    upstream.connections[0]?.send('answer');
    upstream.connections[0]?.socket.end();
    expect([await client.over(), client.received]).toEqual(['end', 'answer']);
  });
});

/** An endpoint that takes the PROXY header off each connection, remembers it, and answers requests with `answer`. */
async function expecting(yaml: Partial<ProxyYaml>, answer = ok('')): Promise<ForwardingStage & { seen: Seen[] }> {
  const seen: Seen[] = [];
  const { sidecar, upstream } = await stage(yaml, {
    onConnection: (connection) => {
      const own: Seen = { header: 'incomplete', requests: 0 };
      seen.push(own);
      let received = Buffer.alloc(0);
      connection.socket.on('end', () => connection.socket.end());
      connection.socket.on('data', (bytes: Buffer) => {
        received = Buffer.concat([received, bytes]);
        if (own.header === 'incomplete') {
          const read = readProxyHeader(received);
          own.header = typeof read === 'string' ? read : read.ends;
          if (typeof read !== 'string') received = received.subarray(read.end);
        }
        if (typeof own.header === 'string') return;
        for (let end = received.indexOf('\r\n\r\n'); end >= 0; end = received.indexOf('\r\n\r\n')) {
          received = received.subarray(end + 4);
          own.requests += 1;
          connection.send(answer);
        }
      });
      return true;
    },
  });
  return { sidecar, upstream, seen };
}

interface Seen {
  header: ConnectionEnds | undefined | 'incomplete' | 'malformed';
  requests: number;
}

const socketEnds = ({ socket }: WireClient): ConnectionEnds => ({
  source: { address: socket.localAddress ?? '', port: socket.localPort ?? 0 },
  destination: { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 },
});

describe.each(['v1', 'v2'] as const)('a cluster with send_proxy_protocol: %s', (version) => {
  const cluster = `send_proxy_protocol: ${version}`;

  it.each(['http', 'tcp'] as const)('tells both ends of the client’s connection (%s)', async (protocol) => {
    const { sidecar, seen } = await expecting({ cluster, protocol });
    const client = await connect(sidecar);
    expect((await client.ask(get('/'))).status).toBe(200);
    expect(seen).toEqual([{ header: socketEnds(client), requests: 1 }]);
  });

  it.each(['http', 'tcp'] as const)('passes on what a header has told (%s)', async (protocol) => {
    const { sidecar, seen } = await expecting({ cluster, protocol, top: TRUSTED, listener: 'proxy_protocol: true' });
    for (const address of ['192.0.2.7', '2001:db8::7']) {
      const client = await connect(sidecar);
      client.send(headerOf(version === 'v1' ? 'v2' : 'v1', address, 1_234));
      expect((await client.ask(get('/'))).status).toBe(200);
    }
    expect(seen.map(({ header }) => header)).toEqual([ends('192.0.2.7', 1_234), ends('2001:db8::7', 1_234)]);
  });

  it('keeps a connection for its client, gives it to no other, and closes it when the client goes', async () => {
    const { sidecar, upstream, seen } = await expecting({ cluster });
    const [one, other] = [await connect(sidecar), await connect(sidecar)];
    for (const client of [one, other, one, other, one]) expect((await client.ask(get('/'))).status).toBe(200);
    expect(seen).toEqual([
      { header: socketEnds(one), requests: 3 },
      { header: socketEnds(other), requests: 2 },
    ]);
    const gauge = (state: string) =>
      sidecar.value('outrigger_upstream_connections', { cluster: 'app', endpoint: upstream.address, state });
    expect([gauge('idle'), gauge('active')]).toEqual([2, 0]);
    one.close();
    await until(() => upstream.open.length === 1, { what: 'the connection of the first client to close' });
    await until(() => gauge('idle') === 1, { what: 'it to be forgotten' });
    expect((await other.ask(get('/'))).status).toBe(200);
    expect(seen).toHaveLength(2);
    other.end();
    await sidecar.settles();
    await until(() => gauge('idle') === 0, { what: 'the last one to be forgotten' });
    expect(gauge('active')).toBe(0);
  });

  it('makes another connection where the endpoint has closed the kept one', async () => {
    const { sidecar, upstream, seen } = await expecting({ cluster });
    const client = await connect(sidecar);
    await client.ask(get('/'));
    upstream.connections[0]?.socket.destroy();
    await until(() => upstream.open.length === 0, { what: 'it to close' });
    expect((await client.ask(get('/'))).status).toBe(200);
    expect(seen.map(({ header }) => header)).toEqual([socketEnds(client), socketEnds(client)]);
  });

  it.each(['tcp: {}', 'http: { path: /health }'])('sends it with its probes, for nobody (%s)', async (probe) => {
    const { sidecar, seen } = await expecting({
      cluster: `${cluster}\n    health_check: { ${probe}, interval: 50ms, fall: 1 }`,
    });
    const client = await connect(sidecar);
    expect((await client.ask(get('/'))).status).toBe(200);
    await until(() => seen.length >= 3, { what: 'more probes' });
    await until(() => seen.every(({ header }) => header !== 'incomplete'), { what: 'all headers' });
    const own = seen.filter(({ header }) => header !== undefined);
    expect(own).toEqual([{ header: socketEnds(client), requests: 1 }]);
  });
});

it('a cluster without send_proxy_protocol shares its connections, and gets no header', async () => {
  const { sidecar, upstream } = await accepting();
  for (const address of ['192.0.2.1', '192.0.2.2']) {
    const client = await connect(sidecar);
    client.send(headerOf('v1', address));
    expect((await client.ask(get('/'))).status).toBe(200);
  }
  expect(upstream.connections).toHaveLength(1);
});
