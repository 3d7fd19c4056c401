import { describe, expect, it } from 'vitest';
import { cleanups } from '../../support/cleanups.ts';
import { fieldValue, fieldValues } from '../../support/http-wire.ts';
import { startTestSidecar, type TestSidecar } from '../../support/sidecar.ts';
import { silentPort } from '../../support/silent-port.ts';
import { until } from '../../support/until.ts';
import { get, post, WireClient } from '../../support/wire-client.ts';
import { ok, type SeenRequest, type UpstreamBehaviour, WireUpstream } from '../../support/wire-upstream.ts';

const closes = cleanups();

interface Stage {
  readonly sidecar: TestSidecar;
  readonly app: WireUpstream;
  readonly shadow: WireUpstream;
  readonly client: WireClient;
}

interface Setting {
  /** More of `mirror`, and instead of the address of the shadow. */
  readonly mirror?: string;
  readonly to?: string;
  readonly shadow?: UpstreamBehaviour;
  readonly cluster?: string;
}

/** `app` answers; `shadow` gets copies, and answers 200 and closes unless told otherwise. */
async function stage({ mirror = '', to, shadow: behaviour, cluster = '' }: Setting = {}): Promise<Stage> {
  const app = closes(await WireUpstream.start());
  const shadow = closes(
    await WireUpstream.start(behaviour ?? { onRequest: (_request, it) => endWith(it, ok('shadow')) }),
  );
  const sidecar = closes(
    await startTestSidecar(`
log: { access: off }
listeners:
  - name: web
    listen: "127.0.0.1:0"
    protocol: http
    routes: [ { name: all, to: app, mirror: { to: shadow, ${mirror} } } ]
clusters:
  app: { discover: { static: [ "${app.address}" ] } }
  shadow: { discover: { static: [ "${to ?? shadow.address}" ] }, ${cluster} }
`),
  );
  return { sidecar, app, shadow, client: closes(await WireClient.connect(sidecar.address())) };
}

function endWith({ socket }: SeenRequest['connection'], wire: string): void {
  socket.end(wire, 'latin1');
}

/** What was counted of copies: outcomes with how often. */
function mirrored(sidecar: TestSidecar): Readonly<Record<string, number>> {
  const samples = sidecar.metrics().get('outrigger_mirrored_requests_total')?.samples ?? [];
  for (const { labels } of samples) expect(labels).toMatchObject({ listener: 'web', route: 'all', cluster: 'shadow' });
  return Object.fromEntries(
    samples.filter(({ value }) => value > 0).map((it) => [it.labels['outcome'] ?? '', it.value]),
  );
}

const counted = (sidecar: TestSidecar, expected: Readonly<Record<string, number>>): Promise<unknown> =>
  until(() => JSON.stringify(mirrored(sidecar)) === JSON.stringify(expected), { what: 'the count' }).catch(() => {
    expect(mirrored(sidecar)).toEqual(expected);
  });

describe('a mirror', () => {
  it('gets a copy of each request, marked, with its body, its client and its request id', async () => {
    const { sidecar, app, shadow, client } = await stage();
    expect((await client.ask(post('/orders?a=1', 'body', ['x-a: b', 'x-outrigger-mirror: 7']))).body).toBe(
      '/orders?a=1',
    );
    await counted(sidecar, { '2xx': 1 });
    const [own, copy] = [app.requests[0]!, shadow.requests[0]!];
    expect([copy.line, copy.body]).toEqual([own.line, 'body']);
    for (const name of ['host', 'x-a', 'x-forwarded-for', 'x-request-id', 'content-length']) {
      expect([name, fieldValue(copy, name)]).toEqual([name, fieldValue(own, name)]);
    }
    expect([fieldValue(copy, 'x-outrigger-mirror'), fieldValues(copy, 'connection')]).toEqual(['1', ['close']]);
    expect(fieldValue(own, 'x-outrigger-mirror')).toBeUndefined();
  });

  it('gets chunks and trailers as they go upstream', async () => {
    const { sidecar, shadow, client } = await stage();
    const head = 'POST / HTTP/1.1\r\nhost: app.test\r\ntransfer-encoding: chunked\r\n\r\n';
    await client.ask(`${head}3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nx-check: 1\r\n\r\n`);
    await counted(sidecar, { '2xx': 1 });
    expect(shadow.requests[0]).toMatchObject({ body: 'abcde', trailers: ['x-check: 1'] });
  });

  it.each<[string, UpstreamBehaviour]>([
    ['never answers', { onHead: () => true }],
    ['answers before it is asked', { onConnection: ({ socket }) => void socket.end('HTTP/1.1 200 OK\r\n\r\n') }],
    ['resets', { onConnection: ({ socket }) => void socket.resetAndDestroy() }],
    ['answers with something else', { onHead: (_head, it) => it.send('SSH-2.0-OpenSSH_9.9\r\n') }],
    [
      'answers without end',
      { onHead: (_head, it) => it.send(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(3_000_000)}`) || true },
    ],
  ])('is not noticed by the request where it %s', async (_what, shadow) => {
    const { sidecar, client } = await stage({ shadow, mirror: 'timeout: 300ms' });
    for (let i = 0; i < 5; i += 1) {
      const response = await client.ask(post(`/${i}`, 'body'));
      expect([response.status, response.body]).toEqual([200, `/${i}`]);
    }
    client.close();
    await until(() => Object.values(mirrored(sidecar)).reduce((sum, it) => sum + it, 0) === 5, { what: 'all to end' });
    await sidecar.settles();
  });

  it('is not noticed where nobody listens, nor where nothing is up', async () => {
    const port = await silentPort();
    closes(port);
    const { sidecar, client } = await stage({ to: port.address, mirror: 'timeout: 300ms' });
    expect((await client.ask(get('/'))).status).toBe(200);
    await counted(sidecar, { timeout: 1 });
  });

  it('counts what its endpoints answer, and what they do not', async () => {
    const { sidecar, client, shadow } = await stage({ mirror: 'timeout: 300ms' });
    for (const answer of [
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 No\r\n\r\n',
      'HTTP/1.1 404 No\r\n\r\n',
      'HTTP/1.1 2',
    ]) {
      shadow.behaviour = { onRequest: (_request, it) => endWith(it, answer) };
      await client.ask(get('/'));
      await until(() => shadow.open.length === 0, { what: 'the copy to end' });
    }
    await counted(sidecar, { '4xx': 1, '5xx': 1, failed: 1 });
  });

  it('gets its share', async () => {
    const { sidecar, client, shadow } = await stage({ mirror: 'share: 50%' });
    for (let i = 0; i < 200; i += 1) await client.ask(get('/'));
    await until(() => (mirrored(sidecar)['2xx'] ?? 0) === shadow.requests.length, { what: 'copies to end' });
    // Ten standard deviations on either side.
    expect(shadow.requests.length).toBeGreaterThan(30);
    expect(shadow.requests.length).toBeLessThan(170);
  });

  it('gets nothing with a share of 0%', async () => {
    const { sidecar, client, shadow } = await stage({ mirror: 'share: 0%' });
    for (let i = 0; i < 20; i += 1) await client.ask(get('/'));
    expect([shadow.connections.length, mirrored(sidecar)]).toEqual([0, {}]);
  });

  it.each<[string, string]>([
    ['that says how large it is', post('/', 'x'.repeat(65_537))],
    [
      'in chunks',
      `POST / HTTP/1.1\r\nhost: app.test\r\ntransfer-encoding: chunked\r\n\r\n10001\r\n${'x'.repeat(65_537)}\r\n0\r\n\r\n`,
    ],
  ])('gets no copy of a request with too large a body, %s', async (_what, wire) => {
    const { sidecar, client, app, shadow } = await stage();
    expect((await client.ask(wire)).status).toBe(200);
    expect(app.requests[0]?.body).toHaveLength(65_537);
    expect([shadow.connections.length, mirrored(sidecar)]).toEqual([0, { too_large: 1 }]);
  });

  it('gets no copy of a request whose client leaves in the middle of it', async () => {
    const { sidecar, client, app, shadow } = await stage();
    client.send(post('/', 'body').slice(0, -1));
    await until(() => app.connections.length === 1, { what: 'the request to begin' });
    client.reset();
    await sidecar.settles();
    expect([shadow.connections.length, mirrored(sidecar)]).toEqual([0, { incomplete: 1 }]);
  });

  it('has at most so many copies at once', async () => {
    const { sidecar, client, shadow } = await stage({ mirror: 'max_in_flight: 2', shadow: { onHead: () => true } });
    for (let i = 0; i < 5; i += 1) expect((await client.ask(get(`/${i}`))).status).toBe(200);
    await until(() => shadow.connections.length === 2, { what: 'two copies' });
    expect(mirrored(sidecar)).toEqual({ overloaded: 3 });
    const [first] = shadow.open;
    first!.socket.end('HTTP/1.1 200 OK\r\n\r\n');
    await counted(sidecar, { '2xx': 1, overloaded: 3 });
    await client.ask(get('/5'));
    await until(() => shadow.connections.length === 3, { what: 'a third' });
  });

  it('never asks an endpoint that the request itself could have gone to, unless it is told to', async () => {
    const app = closes(await WireUpstream.start());
    for (const [allow, executions, outcome] of [
      ['', 1, 'same_endpoint'],
      ['allow_same_cluster: true', 2, '2xx'],
    ] as const) {
      const sidecar = closes(
        await startTestSidecar(`
log: { access: off }
listeners:
  - { name: web, listen: "127.0.0.1:0", protocol: http, routes: [ { name: all, to: app, mirror: { to: shadow, timeout: 200ms, ${allow} } } ] }
clusters:
  app: { discover: { static: [ "${app.address}" ] } }
  shadow: { discover: { static: [ { address: "${app.address}", id: other } ] } }
`),
      );
      const client = closes(await WireClient.connect(sidecar.address()));
      const target = `/${allow.length}`;
      expect((await client.ask(post(target, 'x'))).status).toBe(200);
      await counted(sidecar, { [outcome]: 1 });
      expect(app.executions().get(target)).toBe(executions);
    }
  });

  it('gets no copy of an upgrade', async () => {
    const { sidecar, client, app, shadow } = await stage();
    app.behaviour = {
      onHead: (_head, it) =>
        it.send('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n') || true,
    };
    client.send(get('/', ['connection: upgrade', 'upgrade: x']));
    expect(await client.head()).toMatch(/^HTTP\/1\.1 101 /);
    expect([shadow.connections.length, mirrored(sidecar)]).toEqual([0, {}]);
  });

  it('chooses by the key of the request, where its cluster has one', async () => {
    const cluster = 'balance: { policy: ring_hash, hash_key: [ { header: x-user-id }, { json: /id } ] }';
    const { sidecar, client } = await stage({ cluster });
    await client.ask(get('/', ['x-user-id: 1']));
    // A body is not waited for: that would be noticed.
    expect((await client.ask(post('/', '{"id":1}', ['content-type: application/json']))).status).toBe(200);
    await counted(sidecar, { '2xx': 2 });
  });

  it('is told whose connection it is, where its cluster wants that', async () => {
    const seen: string[] = [];
    const shadow: UpstreamBehaviour = {
      onConnection: ({ socket }) => {
        socket.once('data', (bytes: Buffer) => {
          seen.push(bytes.toString('latin1').split('\r\n')[0] ?? '');
          socket.end('HTTP/1.1 200 OK\r\n\r\n');
        });
        return true;
      },
    };
    const { sidecar, client } = await stage({ shadow, cluster: 'send_proxy_protocol: v1' });
    await client.ask(get('/'));
    await counted(sidecar, { '2xx': 1 });
    expect(seen[0]).toMatch(/^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+$/);
  });

  it('ends with its sidecar', async () => {
    const { sidecar, client, shadow } = await stage({ shadow: { onHead: () => true } });
    await client.ask(get('/'));
    await until(() => shadow.open.length === 1, { what: 'the copy' });
    await sidecar.close();
    const [copy] = shadow.connections;
    await until(() => copy!.hasEnded || copy!.error !== '', { what: 'the copy to be cut' });
  });
});
