import { describe, expect, it } from 'vitest';
import { cleanups } from '../../support/cleanups.ts';
import { freePorts } from '../../support/consul.ts';
import { expectRefusal } from '../../support/refusal.ts';
import { type ProxyYaml, startTestSidecar } from '../../support/sidecar.ts';
import { silentPort } from '../../support/silent-port.ts';
import { get, post, WireClient } from '../../support/wire-client.ts';
import { type UpstreamBehaviour, WireUpstream } from '../../support/wire-upstream.ts';

const closes = cleanups();

interface Row {
  readonly name: string;
  readonly wire: string;
  readonly status: number;
  readonly reason: string;
  readonly upstream?: UpstreamBehaviour;
  readonly yaml?: Partial<ProxyYaml>;
  readonly route?: string;
  readonly keepsOpen?: boolean;
  readonly retryAfter?: string;
}

const DEAF: UpstreamBehaviour = { onRequest: () => undefined };
const says = (wire: string): UpstreamBehaviour => ({ onRequest: (_, connection) => void connection.send(wire) });
const hangsUp: UpstreamBehaviour = { onRequest: (_, { socket }) => void socket.destroy() };
const DOWN = 'health_check: { http: { path: /, status: 500-500 }, interval: 100ms, timeout: 100ms, fall: 1, rise: 1 }';

const ROWS: readonly Row[] = [
  {
    name: 'a malformed request line',
    wire: 'GET  / HTTP/1.1\r\nhost: app.test\r\n\r\n',
    status: 400,
    reason: 'bad_request',
  },
  {
    name: 'two lengths',
    wire: 'POST / HTTP/1.1\r\nhost: app.test\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\na',
    status: 400,
    reason: 'bad_request',
  },
  {
    name: 'a bare LF in a head that is not whole',
    wire: 'GET / HTTP/1.1\nhost: app.test',
    status: 400,
    reason: 'bad_request',
  },
  {
    name: 'a malformed chunk',
    wire: 'POST / HTTP/1.1\r\nhost: app.test\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n',
    status: 400,
    reason: 'bad_request',
    route: 'routes[0]',
  },
  {
    name: 'a head too long',
    wire: get('/', [`x-a: ${'x'.repeat(2_000)}`]),
    status: 431,
    reason: 'head_too_large',
    yaml: { listener: 'limits: { max_head: 1KiB }' },
  },
  {
    name: 'a head too long and never whole',
    wire: `GET /${'x'.repeat(2_000)}`,
    status: 431,
    reason: 'head_too_large',
    yaml: { listener: 'limits: { max_head: 1KiB }' },
  },
  {
    name: 'too many fields',
    wire: get('/', ['a: 1', 'b: 2', 'c: 3']),
    status: 431,
    reason: 'head_too_large',
    yaml: { listener: 'limits: { max_headers: 3 }' },
  },
  {
    name: 'a head that does not come',
    wire: 'GET / HTTP/1.1\r\nhost: ap',
    status: 408,
    reason: 'head_timeout',
    yaml: { listener: 'limits: { head_timeout: 100ms }' },
  },
  {
    name: 'no route',
    wire: get('/other'),
    status: 404,
    reason: 'no_route',
    keepsOpen: true,
    yaml: { routes: '[ { match: { path: /app }, to: app } ]' },
  },
  {
    name: 'no route for HEAD',
    wire: get('/other').replace('GET', 'HEAD'),
    status: 404,
    reason: 'no_route',
    keepsOpen: true,
    yaml: { routes: '[ { match: { path: /app }, to: app } ]' },
  },
  {
    name: 'no endpoint up',
    wire: get('/'),
    status: 503,
    reason: 'no_endpoint',
    keepsOpen: true,
    route: 'routes[0]',
    yaml: { cluster: DOWN },
  },
  {
    name: 'an endpoint that hangs up',
    wire: get('/'),
    status: 502,
    reason: 'upstream_reset',
    keepsOpen: true,
    route: 'routes[0]',
    upstream: hangsUp,
  },
  {
    name: 'an endpoint that ends in mid-head',
    wire: get('/'),
    status: 502,
    reason: 'upstream_reset',
    keepsOpen: true,
    route: 'routes[0]',
    upstream: { onRequest: (_, { socket }) => void socket.end('HTTP/1.1 200 OK\r\nconte') },
  },
  {
    name: 'an answer that is no HTTP',
    wire: get('/'),
    status: 502,
    reason: 'bad_response',
    keepsOpen: true,
    route: 'routes[0]',
    upstream: says('SSH-2.0-x\r\n\r\n'),
  },
  {
    name: 'an answer with two lengths',
    wire: get('/'),
    status: 502,
    reason: 'bad_response',
    keepsOpen: true,
    route: 'routes[0]',
    upstream: says('HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\na'),
  },
  {
    name: 'an answer whose head has no end',
    wire: get('/'),
    status: 502,
    reason: 'bad_response',
    keepsOpen: true,
    route: 'routes[0]',
    upstream: says(`HTTP/1.1 200 OK\r\nx-a: ${'x'.repeat(70_000)}`),
  },
  {
    name: 'an answer whose head is too large, and whole',
    wire: get('/'),
    status: 502,
    reason: 'bad_response',
    keepsOpen: true,
    route: 'routes[0]',
    upstream: says(`HTTP/1.1 200 OK\r\nx-a: ${'x'.repeat(70_000)}\r\ncontent-length: 0\r\n\r\n`),
  },
  {
    name: 'a 101 that nobody asked for',
    wire: get('/'),
    status: 502,
    reason: 'bad_response',
    keepsOpen: true,
    route: 'routes[0]',
    upstream: says('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'),
  },
  {
    name: 'an endpoint that says nothing',
    wire: get('/'),
    status: 504,
    reason: 'timeout',
    keepsOpen: true,
    route: 'routes[0]',
    upstream: DEAF,
    yaml: { cluster: 'timeouts: { request: 100ms }' },
  },
  {
    name: 'an endpoint that says nothing in the time of its route',
    wire: get('/'),
    status: 504,
    reason: 'timeout',
    keepsOpen: true,
    route: 'routes[0]',
    upstream: DEAF,
    yaml: { routes: '[ { to: app, timeout: 100ms } ]' },
  },
  {
    name: 'an endpoint that says nothing to a POST',
    wire: post('/', 'x'),
    status: 504,
    reason: 'timeout',
    keepsOpen: true,
    route: 'routes[0]',
    upstream: DEAF,
    yaml: { cluster: 'timeouts: { request: 100ms }' },
  },
];

async function expectKeptOrClosed(client: WireClient, keepsOpen: boolean): Promise<void> {
  if (!keepsOpen) {
    expect(await client.over()).toBe('end');
    expect(client.received).toBe('');
    return;
  }
  // In step: the next request on the same connection gets its own answer.
  expect((await client.ask(get('/again', ['x-request-id: again']))).header('x-request-id')).toBe('again');
}

describe('the proxy says why it cannot forward', () => {
  it.each(ROWS)('$name: $status $reason', async (row) => {
    const upstream = closes(await WireUpstream.start(row.upstream));
    const sidecar = closes(await startTestSidecar({ endpoints: [upstream.address], ...row.yaml }));
    const client = closes(await WireClient.connect(sidecar.address()));
    const method = row.wire.slice(0, row.wire.indexOf(' '));
    const response = await client.ask(row.wire, method);
    expectRefusal(response, { status: row.status, reason: row.reason, method });
    expect(response.header('connection')).toBe(row.keepsOpen === true ? undefined : 'close');
    const route = row.route ?? '';
    const labels = { listener: 'web', route, cluster: route === '' ? '' : 'app', reason: row.reason };
    expect(sidecar.value('outrigger_requests_total', { ...labels, status: String(row.status) })).toBe(1);
    await expectKeptOrClosed(client, row.keepsOpen === true);
    client.close();
    await sidecar.settles();
  });

  it('bytes behind a refused request are never looked at', async () => {
    const upstream = closes(await WireUpstream.start());
    const sidecar = closes(await startTestSidecar({ endpoints: [upstream.address] }));
    const client = closes(await WireClient.connect(sidecar.address()));
    client.send(`${get('/one')}GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n${get('/smuggled')}`);
    expect([(await client.response()).status, (await client.response()).status]).toEqual([200, 400]);
    expect(await client.over()).toBe('end');
    expect(upstream.requests.map(({ target }) => target)).toEqual(['/one']);
  });

  it('an id that the caller sent is the id of the refusal, and one that is no id is not', async () => {
    const upstream = closes(await WireUpstream.start());
    const sidecar = closes(
      await startTestSidecar({ endpoints: [upstream.address], routes: '[ { match: { path: /x }, to: app } ]' }),
    );
    const client = closes(await WireClient.connect(sidecar.address()));
    const mine = await client.ask(get('/', ['x-request-id: mine-1']));
    expect([mine.header('x-request-id'), JSON.parse(mine.body)['request_id']]).toEqual(['mine-1', 'mine-1']);
    const bad = await client.ask(get('/', ['x-request-id: a b']));
    expect(bad.header('x-request-id')).not.toContain('a b');
  });
});

describe('an endpoint that cannot be connected to', () => {
  it.each(['GET', 'POST'])('and refuses %s: 503 connect_failed', async (method) => {
    const [port = 0] = await freePorts(1);
    const sidecar = closes(await startTestSidecar({ endpoints: [`127.0.0.1:${port}`] }));
    const client = closes(await WireClient.connect(sidecar.address()));
    expectRefusal(await client.ask(get('/').replace('GET', method)), { status: 503, reason: 'connect_failed' });
    expect(sidecar.sum('outrigger_upstream_requests_total', { outcome: 'connect_failed' })).toBe(1);
    client.close();
    await sidecar.settles();
  });

  it('in time: 502 connect_failed after timeouts.connect', async () => {
    const full = closes(await silentPort());
    const cluster = 'timeouts: { connect: 150ms }';
    const sidecar = closes(await startTestSidecar({ endpoints: [full.address], cluster }));
    const client = closes(await WireClient.connect(sidecar.address()));
    const begun = performance.now();
    expectRefusal(await client.ask(get('/')), { status: 502, reason: 'connect_failed' });
    expect(performance.now() - begun).toBeGreaterThan(150);
    client.close();
    await sidecar.settles();
  });
});
