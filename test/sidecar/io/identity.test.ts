import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cleanups } from '../../support/cleanups.ts';
import { fieldValue } from '../../support/http-wire.ts';
import { type ProxyYaml, proxyYaml, startTestSidecar } from '../../support/sidecar.ts';
import { get, type Response, WireClient } from '../../support/wire-client.ts';
import { ok, type SeenRequest, WireUpstream } from '../../support/wire-upstream.ts';

const closes = cleanups();

async function sent(
  fields: readonly string[],
  yaml: Partial<ProxyYaml> = {},
): Promise<{ request: SeenRequest; response: Response }> {
  const upstream = closes(await WireUpstream.start());
  const sidecar = closes(await startTestSidecar({ endpoints: [upstream.address], ...yaml }));
  const client = closes(await WireClient.connect(sidecar.address()));
  const response = await client.ask(get('/', fields));
  const [request] = upstream.requests;
  if (request === undefined) throw new Error('nothing was sent on');
  return { request, response };
}

const NAMES = [
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-real-ip',
  'forwarded',
  'x-forwarded-port',
] as const;
const CLAIMS = [
  'x-forwarded-for: 203.0.113.7, 10.1.1.1',
  'x-forwarded-proto: https',
  'x-forwarded-host: shop.example.com',
  'x-forwarded-port: 443',
  'x-real-ip: 203.0.113.7',
  'forwarded: for=203.0.113.7',
];

describe('where a request came from', () => {
  it.each<[string, readonly string[], string, Record<string, string | undefined>]>([
    [
      'a stranger who claims nothing',
      [],
      '',
      {
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-proto': 'http',
        'x-forwarded-host': 'app.test',
        'x-real-ip': '127.0.0.1',
      },
    ],
    [
      'a stranger who claims much',
      CLAIMS,
      '',
      {
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-proto': 'http',
        'x-forwarded-host': 'app.test',
        'x-real-ip': '127.0.0.1',
      },
    ],
    [
      'a trusted proxy that says all',
      CLAIMS,
      'trusted_proxies: [ 127.0.0.0/8, 10.0.0.0/8 ]',
      {
        'x-forwarded-for': '203.0.113.7, 10.1.1.1, 127.0.0.1',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': 'shop.example.com',
        'x-forwarded-port': '443',
        'x-real-ip': '203.0.113.7',
        forwarded: 'for=203.0.113.7',
      },
    ],
    [
      'a trusted proxy that says nothing',
      [],
      'trusted_proxies: [ 127.0.0.1 ]',
      {
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-proto': 'http',
        'x-forwarded-host': 'app.test',
        'x-real-ip': '127.0.0.1',
      },
    ],
    [
      'a trusted proxy that names the client',
      ['x-forwarded-for: 198.51.100.1', 'x-forwarded-for: 203.0.113.7'],
      'trusted_proxies: [ 127.0.0.1 ]',
      {
        'x-forwarded-for': '198.51.100.1, 203.0.113.7, 127.0.0.1',
        'x-forwarded-proto': 'http',
        'x-forwarded-host': 'app.test',
        'x-real-ip': '203.0.113.7',
      },
    ],
  ])('is told of %s', async (_, fields, top, expected) => {
    const { request } = await sent(fields, { top });
    for (const name of NAMES) expect([name, fieldValue(request, name)]).toEqual([name, expected[name]]);
    expect(fieldValue(request, 'via')).toBe('1.1 outrigger');
  });

  it('keeps its client on one endpoint by its address, whichever trusted proxy it comes through', async () => {
    const upstreams = await Promise.all([1, 2, 3, 4].map(async () => closes(await WireUpstream.start())));
    const cluster = 'balance: { policy: ring_hash, hash_key: [ { source_ip: true } ] }';
    const endpoints = upstreams.map(({ address }) => address);
    const sidecar = closes(
      await startTestSidecar({ endpoints, cluster, top: 'trusted_proxies: [ 127.0.0.0/8, 10.0.0.0/8 ]' }),
    );
    const client = closes(await WireClient.connect(sidecar.address()));
    for (let i = 0; i < 10; i += 1)
      await client.ask(get('/same', [`x-forwarded-for: 6.6.6.${i}, 203.0.113.7, 10.0.0.${i}`]));
    expect(upstreams.map(({ requests }) => requests.length).filter((count) => count > 0)).toEqual([10]);
    for (let i = 0; i < 40; i += 1) await client.ask(get('/other', [`x-forwarded-for: 203.0.113.${i}`]));
    expect(upstreams.filter(({ requests }) => requests.length > 0).length).toBeGreaterThan(2);
  });

  it('names no address where the client has none', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'outrigger-unix-'));
    closes({ close: () => rmSync(dir, { recursive: true, force: true }) });
    const upstream = closes(await WireUpstream.start());
    const yaml = proxyYaml({ endpoints: [upstream.address] }).replace('"127.0.0.1:0"', `"unix:${join(dir, 's')}"`);
    const sidecar = closes(await startTestSidecar(yaml));
    const client = closes(await WireClient.connect(sidecar.address()));
    expect((await client.ask(get('/'))).status).toBe(200);
    const [request] = upstream.requests;
    expect(request?.fields.filter((it) => /^x-(forwarded|real)/.test(it))).toEqual([
      'x-forwarded-proto: http',
      'x-forwarded-host: app.test',
    ]);
  });
});

describe('the id of a request', () => {
  it("is the client's, on both sides", async () => {
    const { request, response } = await sent(['x-request-id: abc/1', 'traceparent: 00-ab-cd-01']);
    expect([fieldValue(request, 'x-request-id'), response.header('x-request-id')]).toEqual(['abc/1', 'abc/1']);
    expect(fieldValue(request, 'traceparent')).toBe('00-ab-cd-01');
  });

  it.each([[[]], [['x-request-id: a b']], [[`x-request-id: ${'x'.repeat(129)}`]], [['x-request-id:']]])(
    'is a new one for %j',
    async (fields) => {
      const { request, response } = await sent(fields);
      const id = fieldValue(request, 'x-request-id');
      expect(id).toMatch(/^[0-9a-f]{16}-[0-9a-z]+$/);
      expect(response.header('x-request-id')).toBe(id);
    },
  );

  it("is never the endpoint's, and differs from request to request", async () => {
    const upstream = closes(
      await WireUpstream.start({
        onRequest: (_, connection) => void connection.send(ok('x', ['x-request-id: forged'])),
      }),
    );
    const sidecar = closes(await startTestSidecar({ endpoints: [upstream.address] }));
    const client = closes(await WireClient.connect(sidecar.address()));
    const ids = new Set<string | undefined>();
    for (let i = 0; i < 10; i += 1) ids.add((await client.ask(get('/'))).header('x-request-id'));
    expect([ids.size, ids.has('forged')]).toEqual([10, false]);
  });
});
