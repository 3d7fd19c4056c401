import { describe, expect, it } from 'vitest';
import { cleanups } from '../../support/cleanups.ts';
import { freePorts } from '../../support/consul.ts';
import { type ProxyYaml, startTestSidecar, type TestSidecar } from '../../support/sidecar.ts';
import { silentPort } from '../../support/silent-port.ts';
import { until } from '../../support/until.ts';
import { get, post, type Response, WireClient } from '../../support/wire-client.ts';
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

/** Status, body, field and metric must say the same. */
function expectRefusal(
  response: Response,
  { status, reason, method = 'GET' }: { status: number; reason: string; method?: string },
): void {
  expect([response.status, response.header('x-outrigger-reason')]).toEqual([status, reason]);
  const id = response.header('x-request-id');
  expect(id).toMatch(/^[\x21-\x7e]+$/);
  expect(response.header('content-type')).toBe('application/json');
  if (method === 'HEAD') expect(response.body).toBe('');
  else
    expect(JSON.parse(response.body)).toEqual({
      error: reason,
      message: expect.stringMatching(/^[a-z ]+$/),
      request_id: id,
    });
}

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

describe('limits on connections', () => {
  it.each([
    ['max_connections: 2', 'in all'],
    ['max_connections_per_client: 2', 'of one client'],
  ])('%s: the third %s is told so and closed, and there is room again when one has left', async (limit) => {
    const upstream = closes(await WireUpstream.start());
    const sidecar = closes(await startTestSidecar({ endpoints: [upstream.address], listener: `limits: { ${limit} }` }));
    const connect = async (): Promise<WireClient> => closes(await WireClient.connect(sidecar.address()));
    const [first, second] = [await connect(), await connect()];
    for (const client of [first, second]) expect((await client.ask(get('/'))).status).toBe(200);
    for (let i = 0; i < 50; i += 1) {
      const third = await connect();
      const response = await third.ask(get('/'));
      expectRefusal(response, { status: 503, reason: 'overloaded' });
      expect([response.header('retry-after'), response.header('connection')]).toEqual(['1', 'close']);
      expect(await third.over()).toBe('end');
    }
    expect(sidecar.sum('outrigger_limit_exceeded_total', { limit: limit.split(':')[0] ?? '' })).toBe(50);
    expect(sidecar.sum('outrigger_requests_total', { reason: 'overloaded' })).toBe(50);
    expect(sidecar.sum('outrigger_connections')).toBe(2);
    first.end();
    await first.over();
    await until(() => sidecar.sum('outrigger_connections') === 1, { what: 'the first to be gone' });
    expect((await (await connect()).ask(get('/'))).status).toBe(200);
  });
});

describe('limits on time', () => {
  it('an idle connection is closed without a word', async () => {
    const upstream = closes(await WireUpstream.start());
    const sidecar = closes(
      await startTestSidecar({ endpoints: [upstream.address], listener: 'limits: { idle_timeout: 100ms }' }),
    );
    const client = closes(await WireClient.connect(sidecar.address()));
    expect((await client.ask(get('/'))).status).toBe(200);
    expect(await client.over(1_500)).toBe('end');
    expect(client.received).toBe('');
  });

  it('a connection that never says anything is closed after head_timeout', async () => {
    const sidecar = closes(
      await startTestSidecar({ endpoints: ['127.0.0.1:9'], listener: 'limits: { head_timeout: 100ms }' }),
    );
    const client = closes(await WireClient.connect(sidecar.address()));
    expect(await client.over(1_500)).toBe('end');
    expect(client.received).toBe('');
  });

  it('a head that comes byte by byte has head_timeout as well, also behind another request', async () => {
    const upstream = closes(await WireUpstream.start());
    const sidecar = closes(
      await startTestSidecar({ endpoints: [upstream.address], listener: 'limits: { head_timeout: 300ms }' }),
    );
    const client = closes(await WireClient.connect(sidecar.address()));
    expect((await client.ask(get('/'))).status).toBe(200);
    client.send('GET / HTTP/1.1\r\nx-a: ');
    const drip = setInterval(() => client.send('x'), 20);
    const response = await client.response().finally(() => clearInterval(drip));
    expect(response.status).toBe(408);
  });

  it('silence in the middle of an answer cuts it after timeouts.idle, however long the request may take', async () => {
    const upstream = closes(await WireUpstream.start(says('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345')));
    const cluster = 'timeouts: { idle: 200ms, request: 60s }';
    const sidecar = closes(await startTestSidecar({ endpoints: [upstream.address], cluster }));
    const client = closes(await WireClient.connect(sidecar.address()));
    client.send(get('/'));
    await client.over(2_000);
    expect(client.received.endsWith('12345')).toBe(true);
    await sidecar.settles();
    expect(sidecar.sum('outrigger_requests_total', { status: '200', reason: 'timeout' })).toBe(1);
    expect(sidecar.sum('outrigger_upstream_requests_total', { outcome: 'timeout' })).toBe(1);
  });

  it('an answer that keeps coming, slowly, is not cut', async () => {
    const upstream = closes(
      await WireUpstream.start({
        onRequest: (_, { socket }) => {
          socket.write('HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n');
          let left = 12;
          const drip = setInterval(() => {
            socket.write('x');
            left -= 1;
            if (left === 0) clearInterval(drip);
          }, 60);
        },
      }),
    );
    const cluster = 'timeouts: { idle: 400ms, request: 200ms }';
    const sidecar = closes(await startTestSidecar({ endpoints: [upstream.address], cluster }));
    const client = closes(await WireClient.connect(sidecar.address()));
    expect((await client.ask(get('/'))).body).toBe('x'.repeat(12));
  });

  it('a body that drips below min_body_rate is a 408; one that waits for the endpoint is not', async () => {
    const upstream = closes(await WireUpstream.start());
    const sidecar = closes(
      await startTestSidecar({ endpoints: [upstream.address], listener: 'limits: { min_body_rate: 1KiB }' }),
    );
    const client = closes(await WireClient.connect(sidecar.address()));
    client.send('POST / HTTP/1.1\r\nhost: app.test\r\ncontent-length: 100000\r\n\r\n');
    const drip = setInterval(() => client.send('x'), 100);
    const held = closes(await WireClient.connect(sidecar.address()));
    upstream.behaviour = {
      onHead: (_, { socket }) => {
        socket.pause();
        return true;
      },
    };
    held.send('POST /held HTTP/1.1\r\nhost: app.test\r\ncontent-length: 50000000\r\n\r\n');
    held.send(Buffer.alloc(50_000_000, 0x78));
    const response = await client.response().finally(() => clearInterval(drip));
    expectRefusal(response, { status: 408, reason: 'timeout' });
    expect(await client.over()).toBe('end');
    expect(held.isOver).toBe(false);
    held.reset();
    client.close();
    // A client that is not read is not heard either: its end is noticed as soon as the endpoint takes bytes again.
    for (const { socket } of upstream.open) socket.resume();
    await sidecar.settles();
  });
});

describe('attempts', () => {
  async function pair(
    first: UpstreamBehaviour,
    cluster = '',
  ): Promise<{ sidecar: TestSidecar; bad: WireUpstream; good: WireUpstream; client: WireClient }> {
    const [bad, good] = [closes(await WireUpstream.start(first)), closes(await WireUpstream.start())];
    const sidecar = closes(await startTestSidecar({ endpoints: [bad.address, good.address], cluster }));
    return { sidecar, bad, good, client: closes(await WireClient.connect(sidecar.address())) };
  }

  it('a refused connection leads to the next endpoint, for any method and with its body', async () => {
    const { sidecar, bad, good, client } = await pair({});
    await bad.close();
    const body = 'x'.repeat(50_000);
    for (let i = 0; i < 10; i += 1) expect((await client.ask(post(`/${i}`, body))).body).toBe(`/${i}`);
    for (let i = 10; i < 20; i += 1) expect((await client.ask(get(`/${i}`))).body).toBe(`/${i}`);
    expect([...good.executions().values()]).toEqual(Array.from({ length: 20 }, () => 1));
    expect(good.requests[0]?.body).toBe(body);
    const retried = sidecar.sum('outrigger_retries_total', { outcome: 'success' });
    expect(retried).toBeGreaterThanOrEqual(9);
    expect(sidecar.sum('outrigger_upstream_requests_total', { outcome: 'connect_failed' })).toBe(retried);
  });

  it.each(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])(
    '%s cut before the first byte of an answer leads to the next endpoint',
    async (method) => {
      const { bad, good, client } = await pair(hangsUp);
      for (let i = 0; i < 4; i += 1) {
        client.send(`${method} /${i} HTTP/1.1\r\nhost: app.test\r\ncontent-length: 3\r\n\r\nabc`);
        expect((await client.response(method)).status).toBe(200);
      }
      expect(bad.requests.length).toBeGreaterThanOrEqual(1);
      expect(good.requests.every(({ body }) => body === 'abc')).toBe(true);
    },
  );

  it.each(['POST', 'PATCH', 'LOCK'])('%s is never executed twice', async (method) => {
    const { bad, good, client } = await pair(hangsUp);
    const statuses: number[] = [];
    for (let i = 0; i < 10; i += 1) {
      client.send(`${method} /${i} HTTP/1.1\r\nhost: app.test\r\ncontent-length: 3\r\n\r\nabc`);
      statuses.push((await client.response(method)).status);
    }
    expect(new Set(statuses)).toEqual(new Set([200, 502]));
    const executed = [...bad.requests, ...good.requests].map(({ target }) => target);
    expect(executed.toSorted()).toEqual(Array.from({ length: 10 }, (_, i) => `/${i}`));
  });

  it('a kept connection that the endpoint closed meanwhile costs a GET nothing', async () => {
    const upstream = closes(await WireUpstream.start());
    const sidecar = closes(await startTestSidecar({ endpoints: [upstream.address] }));
    const client = closes(await WireClient.connect(sidecar.address()));
    for (let i = 0; i < 50; i += 1) {
      expect((await client.ask(get(`/${i}`))).status).toBe(200);
      // Closed in the same moment in which the next request is on its way.
      client.send(get(`/again-${i}`));
      upstream.open.at(-1)?.socket.destroy();
      expect((await client.response()).status).toBe(200);
    }
  });

  it('a body larger than what is kept for another attempt is not sent twice', async () => {
    const { sidecar, client } = await pair({
      onHead: () => true,
      onConnection: ({ socket }) => {
        socket.once('data', () => socket.resetAndDestroy());
        return true;
      },
    });
    const statuses: number[] = [];
    for (let i = 0; i < 4; i += 1) {
      const other = closes(await WireClient.connect(sidecar.address()));
      other.send(`PUT / HTTP/1.1\r\nhost: app.test\r\ncontent-length: 300000\r\n\r\n${'x'.repeat(150_000)}`);
      setTimeout(() => other.send('x'.repeat(150_000)), 50);
      statuses.push((await other.response()).status);
    }
    expect(new Set(statuses)).toEqual(new Set([200, 502]));
    client.close();
  });

  it('three endpoints are tried at most, and the last failure is told', async () => {
    const dead = await freePorts(5);
    const sidecar = closes(await startTestSidecar({ endpoints: dead.map((port) => `127.0.0.1:${port}`) }));
    const client = closes(await WireClient.connect(sidecar.address()));
    expectRefusal(await client.ask(get('/')), { status: 503, reason: 'connect_failed' });
    expect(sidecar.sum('outrigger_upstream_requests_total', { outcome: 'connect_failed' })).toBe(3);
    expect(sidecar.sum('outrigger_retries_total', { outcome: 'failure' })).toBe(2);
  });

  it('a late answer is not asked for elsewhere', async () => {
    const { sidecar, bad, good, client } = await pair(DEAF, 'timeouts: { request: 100ms }');
    const statuses = [(await client.ask(get('/1'))).status, (await client.ask(get('/2'))).status];
    expect(new Set(statuses)).toEqual(new Set([200, 504]));
    expect([bad.requests.length, good.requests.length]).toEqual([1, 1]);
    client.close();
    await sidecar.settles();
  });
});
