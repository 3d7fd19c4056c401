import { describe, expect, test } from 'vitest';
import { cleanups } from '../../support/cleanups.ts';
import { startTestSidecar, type TestSidecar } from '../../support/sidecar.ts';
import { get, post, type Response, WireClient } from '../../support/wire-client.ts';
import { ok, type UpstreamBehaviour, WireUpstream } from '../../support/wire-upstream.ts';

const closes = cleanups();

interface World {
  readonly sidecar: TestSidecar;
  readonly client: WireClient;
  /** By cluster. */
  readonly upstreams: Readonly<Record<string, WireUpstream>>;
}

/** Clusters `a`, `b` and `c` of one endpoint each, which answer with their names, and one client. */
async function world(routes: string, behaviour?: UpstreamBehaviour, top = ''): Promise<World> {
  const upstreams: Record<string, WireUpstream> = {};
  const clusters: string[] = [];
  for (const name of ['a', 'b', 'c']) {
    const upstream = closes(
      await WireUpstream.start(behaviour ?? { onRequest: (_request, connection) => connection.send(ok(name)) }),
    );
    upstreams[name] = upstream;
    clusters.push(`  ${name}: { discover: { static: [ "${upstream.address}" ] } }`);
  }
  const sidecar = closes(
    await startTestSidecar(`
log: { access: off }
${top}
listeners:
  - name: web
    listen: "127.0.0.1:0"
    protocol: http
    routes:
${routes.replaceAll(/^/gm, '      ')}
clusters:
${clusters.join('\n')}
`),
  );
  return { sidecar, upstreams, client: closes(await WireClient.connect(sidecar.address())) };
}

const SPLIT = `
- name: shop
  split: [ { to: a, weight: 80 }, { to: b, weight: 20 }, { to: c, weight: 0 } ]
  split_key: [ { header: x-user-id }, { cookie: uid } ]
  split_override: { header: x-arm }
  response_headers: { set: { x-served: shop } }
  timeout: 5s
`;

describe('a split route', () => {
  test('sends a user to one arm, every time, and counts the arms by themselves', async () => {
    const { client, sidecar } = await world(SPLIT);
    const arms = new Map<string, string>();
    const counts: Record<string, number> = { a: 0, b: 0 };
    for (let i = 0; i < 300; i += 1) {
      const user = `user-${i % 100}`;
      const { body, header } = await client.ask(
        get('/', i < 150 ? [`x-user-id: ${user}`] : [`cookie: x=1; uid=${user}`]),
      );
      expect(body).toBe(arms.get(user) ?? body);
      expect(header('x-served')).toBe('shop');
      arms.set(user, body);
      counts[body]! += 1;
    }
    expect(new Set(arms.values())).toEqual(new Set(['a', 'b']));
    for (const cluster of ['a', 'b']) {
      const labels = { listener: 'web', route: 'shop', cluster, status: '200', reason: '' };
      expect(sidecar.value('outrigger_requests_total', labels)).toBe(counts[cluster]);
    }
    expect(sidecar.value('outrigger_keyless_splits_total', { listener: 'web', route: 'shop' })).toBe(0);
  });

  test('draws requests without a key by weight, and counts them', async () => {
    const { client, sidecar } = await world(SPLIT);
    const bodies: string[] = [];
    for (let i = 0; i < 60; i += 1) bodies.push((await client.ask(get('/'))).body);
    // All in one arm once in 650,000 runs.
    expect(new Set(bodies)).toEqual(new Set(['a', 'b']));
    expect(sidecar.value('outrigger_keyless_splits_total', { listener: 'web', route: 'shop' })).toBe(60);
  });

  test('lets a request name its arm, also one without a share, and nothing else', async () => {
    const { client } = await world(SPLIT);
    const armOf = async (...fields: string[]): Promise<string> =>
      (await client.ask(get('/', ['x-user-id: u', ...fields]))).body;
    const own = await armOf();
    expect([await armOf('x-arm: a'), await armOf('x-arm: b'), await armOf('x-arm: c')]).toEqual(['a', 'b', 'c']);
    for (const name of ['d', 'A', '', '__proto__', 'a, b']) expect(await armOf(`x-arm: ${name}`)).toBe(own);
  });

  test('hears of arms from trusted peers only, where it is told to', async () => {
    const route = SPLIT.replace('{ header: x-arm }', '{ header: x-arm, trusted_only: true }');
    const stranger = await world(route);
    const friend = await world(route, undefined, 'trusted_proxies: [ 127.0.0.1 ]');
    const armsOf = async ({ client }: World): Promise<readonly string[]> => {
      const asked = ['a', 'b', 'c'].map((arm) => get('/', ['x-user-id: u', `x-arm: ${arm}`]));
      const bodies: string[] = [];
      for (const wire of asked) bodies.push((await client.ask(wire)).body);
      return bodies;
    };
    expect(new Set(await armsOf(stranger)).size).toBe(1);
    expect(await armsOf(friend)).toEqual(['a', 'b', 'c']);
  });
});

describe('a route that answers by itself', () => {
  const ROUTES = `
- { name: old, match: { path_prefix: /old }, redirect: { prefix: /new, status: 308 } }
- { name: robots, match: { path: /robots.txt }, respond: { status: 200, body: "Disallow: /" } }
- { to: a }
`;

  test('asks no endpoint, keeps the connection, and is counted under its name', async () => {
    const { client, sidecar, upstreams } = await world(ROUTES);
    const moved = await client.ask(get('/old/x?y=z', ['x-request-id: r-1']));
    expect([moved.status, moved.header('location'), moved.header('x-request-id'), moved.body]).toEqual([
      308,
      '/new/x?y=z',
      'r-1',
      '',
    ]);
    const robots = await client.ask(get('/robots.txt'));
    expect([robots.status, robots.header('content-type'), robots.body]).toEqual([
      200,
      'text/plain; charset=utf-8',
      'Disallow: /',
    ]);
    expect((await client.ask(get('/'))).body).toBe('a');
    expect(upstreams['a']?.requests.map(({ target }) => target)).toEqual(['/']);
    const counted = (route: string, status: string): number | undefined =>
      sidecar.value('outrigger_requests_total', { listener: 'web', route, cluster: '', status, reason: '' });
    expect([counted('old', '308'), counted('robots', '200')]).toEqual([1, 1]);
  });

  test('answers pipelined requests in their turn', async () => {
    const { client } = await world(ROUTES);
    client.send(get('/') + get('/robots.txt') + get('/old') + get('/'));
    const statuses: number[] = [];
    for (let i = 0; i < 4; i += 1) statuses.push((await client.response()).status);
    expect(statuses).toEqual([200, 200, 308, 200]);
  });

  test('answers HEAD without a body, and says that it closes when it must', async () => {
    const { client } = await world(ROUTES);
    client.send('HEAD /robots.txt HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n');
    const { header } = await client.response('HEAD');
    expect([header('content-length'), header('connection')]).toEqual(['11', 'close']);
    await client.receives(() => client.hasEnded, 'the end');
    expect(client.received).toBe('');
  });

  test('does not read a body as the next request', async () => {
    const { client, upstreams } = await world(ROUTES);
    client.send(`POST /old HTTP/1.1\r\nhost: a.test\r\ncontent-length: 100\r\n\r\n${get('/smuggled')}`);
    const { status, header } = await client.response();
    expect([status, header('connection')]).toEqual([308, 'close']);
    await client.receives(() => client.hasEnded, 'the end');
    expect(upstreams['a']?.requests).toEqual([]);
  });
});

describe('a route that changes what passes', () => {
  const ROUTES = `
- match: { path_regex: "^/v[0-9]+/" }
  to: a
  rewrite: { regex: { pattern: "^/v([0-9]+)/(.*)$", replace: "/$2?version=$1" }, host: app.internal }
  request_headers: { set: { x-tenant: shop }, remove: [ x-secret ] }
  response_headers: { add: { x-edge: one }, remove: [ server ] }
`;

  test('gives the endpoint another path, host and fields', async () => {
    const { client, upstreams } = await world(ROUTES);
    await client.ask(get('/v2/users?a=b', ['X-Secret: 1', 'x-tenant: evil', 'x-kept: 1']));
    const [seen] = upstreams['a']?.requests ?? [];
    expect(seen?.target).toBe('/users?version=2&a=b');
    const fields = seen?.fields.filter((it) => !/^(x-request-id|x-real-ip|via|x-forwarded-(for|proto))/i.test(it));
    expect(fields).toEqual(['host: app.internal', 'x-kept: 1', 'x-tenant: shop', 'x-forwarded-host: app.test']);
  });

  test('gives the client other fields, framed as they were', async () => {
    const { client } = await world(ROUTES, {
      onRequest: (_request, connection) =>
        connection.send(
          'HTTP/1.1 200 OK\r\nserver: secret\r\nx-edge: zero\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
        ),
    });
    const answer: Response = await client.ask(get('/v1/x'));
    expect(answer.body).toBe('ok');
    expect(answer.fields.filter((it) => !it.startsWith('x-request-id'))).toEqual([
      'x-edge: zero',
      expect.stringMatching(/^date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/),
      'x-edge: one',
      'transfer-encoding: chunked',
    ]);
  });

  test('changes every attempt in the same way', async () => {
    const lines: string[] = [];
    const { client } = await world(ROUTES, {
      onHead: ({ line }, { socket }) => {
        lines.push(line);
        // The second request comes on a kept connection, and so is asked again when that closes.
        if (lines.length === 2) socket.destroy();
        return lines.length === 2;
      },
    });
    expect((await client.ask(get('/v1/x'))).status).toBe(200);
    expect((await client.ask(get('/v1/x'))).status).toBe(200);
    expect(lines).toEqual(Array.from({ length: 3 }, () => 'GET /x?version=1 HTTP/1.1'));
  });

  test('refuses a path that it cannot look through', async () => {
    const { client, upstreams } = await world(ROUTES);
    const { status, header } = await client.ask(get(`/v1/${'x'.repeat(8_192)}`));
    expect([status, header('x-outrigger-reason')]).toEqual([414, 'bad_request']);
    expect(upstreams['a']?.requests).toEqual([]);
  });

  test('passes bodies on as they are', async () => {
    const { client, upstreams } = await world(ROUTES);
    await client.ask(post('/v1/x', 'body'));
    expect(upstreams['a']?.requests[0]?.body).toBe('body');
  });
});
