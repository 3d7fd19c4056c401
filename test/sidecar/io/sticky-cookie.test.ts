import { describe, expect, it } from 'vitest';
import { UP } from '../../../src/snapshot.ts';
import { cleanups } from '../../support/cleanups.ts';
import { type ProxyYaml, startTestSidecar, type TestSidecar } from '../../support/sidecar.ts';
import { until } from '../../support/until.ts';
import { get, type Response, WireClient } from '../../support/wire-client.ts';
import { ok, WireUpstream } from '../../support/wire-upstream.ts';

const closes = cleanups();
const SECRET = 'secret: 0123456789abcdef';
/** Kept out of the tests that wait for a probe to notice something. */
const PROBED = 'health_check: { tcp: {}, interval: 100ms, fall: 1, rise: 1 }';

async function upstreamsOf(count: number): Promise<readonly WireUpstream[]> {
  const names = Array.from({ length: count }, (_, i) => `e${i}`);
  return Promise.all(
    names.map(async (name) =>
      closes(await WireUpstream.start({ onRequest: (_request, connection) => connection.send(ok(name)) })),
    ),
  );
}

async function start(upstreams: readonly WireUpstream[], yaml: Partial<ProxyYaml> = {}): Promise<TestSidecar> {
  const endpoints = upstreams.map(({ address }) => address);
  const routes = `[ { to: app, sticky_cookie: { name: pin, ${SECRET} } } ]`;
  return closes(await startTestSidecar({ endpoints, routes, ...yaml }));
}

const connect = async (sidecar: TestSidecar): Promise<WireClient> =>
  closes(await WireClient.connect(sidecar.address()));

/** `pin=<value>` of an answer's Set-Cookie; undefined where it sets none. */
const pinOf = (response: Response): string | undefined => response.header('set-cookie')?.split(';')[0];

/** Asks with a cookie, or without one. */
const ask = (client: WireClient, pin?: string): Promise<Response> =>
  client.ask(get('/', pin === undefined ? [] : [`cookie: a=b; ${pin}; c=d`]));

const upIn = (sidecar: TestSidecar): number =>
  sidecar.house.admin
    .clusters()
    .flatMap(({ snapshot }) => snapshot.endpoints.filter(({ slot }) => snapshot.statuses[slot] === UP)).length;

describe('a sticky cookie', () => {
  it('is set with the first answer and keeps its client at that endpoint from then on, without being set again', async () => {
    const client = await connect(await start(await upstreamsOf(4)));
    const first = await ask(client);
    expect(first.header('set-cookie')).toMatch(/^pin=[A-Za-z0-9_-]{32}; Path=\/; HttpOnly; SameSite=Lax$/);
    for (let i = 0; i < 8; i += 1) {
      const next = await ask(client, pinOf(first));
      expect([next.body, next.header('set-cookie')]).toEqual([first.body, undefined]);
    }
    // Without it the policy goes on choosing.
    const others = new Set<string>();
    for (let i = 0; i < 8; i += 1) others.add((await ask(client)).body);
    expect(others.size).toBe(4);
  });

  it.each(['round_robin', 'random', 'least_requests', 'least_connections', 'ring_hash, hash_key: [ { path: true } ]'])(
    'comes before the policy %s',
    async (policy) => {
      const client = await connect(await start(await upstreamsOf(3), { cluster: `balance: { policy: ${policy} }` }));
      const first = await ask(client);
      for (let i = 0; i < 6; i += 1) expect((await ask(client, pinOf(first))).body).toBe(first.body);
    },
  );

  it('has the attributes that are asked for', async () => {
    const attributes = 'path: /app, domain: example.org, max_age: 90s, secure: true, http_only: false, same_site: none';
    const routes = `[ { to: app, sticky_cookie: { name: pin, ${SECRET}, ${attributes} } } ]`;
    const client = await connect(await start(await upstreamsOf(1), { routes }));
    expect((await ask(client)).header('set-cookie')).toMatch(
      /^pin=[A-Za-z0-9_-]{32}; Path=\/app; Domain=example\.org; Max-Age=90; Secure; SameSite=None$/,
    );
  });

  it('stands beside the cookies that the endpoint sets', async () => {
    const [upstream] = await upstreamsOf(1);
    upstream!.behaviour = { onRequest: (_request, it) => it.send(ok('x', ['set-cookie: own=1; Path=/'])) };
    const client = await connect(await start([upstream!]));
    const { fields } = await ask(client);
    expect(fields.filter((it) => it.startsWith('set-cookie: ')).map((it) => it.slice(12, 16))).toEqual([
      'own=',
      'pin=',
    ]);
  });

  it('means the same to every process with the same secret, and nothing to one with another', async () => {
    const upstreams = await upstreamsOf(4);
    const mine = await connect(await start(upstreams));
    const other = await connect(
      await start([...upstreams].reverse(), { endpoints: upstreams.map((it) => it.address) }),
    );
    const stranger = await connect(
      await start(upstreams, { routes: '[ { to: app, sticky_cookie: { name: pin, secret: another-secret-16 } } ]' }),
    );
    for (let i = 0; i < 4; i += 1) {
      const first = await ask(mine);
      const there = await ask(other, pinOf(first));
      expect([there.body, pinOf(there)]).toEqual([first.body, undefined]);
      const afar = await ask(stranger, pinOf(first));
      expect(pinOf(afar)).not.toBe(undefined);
      expect(pinOf(afar)).not.toBe(pinOf(first));
    }
  });

  it('cannot be made up, nor changed into another', async () => {
    const upstreams = await upstreamsOf(2);
    const client = await connect(await start(upstreams));
    const value = pinOf(await ask(client))!.slice(4);
    const changed = Array.from(value).map((c, i) => value.slice(0, i) + (c === 'A' ? 'B' : 'A') + value.slice(i + 1));
    const made = [
      '',
      'e0',
      'e1',
      upstreams[0]!.address,
      `"${value}"`,
      value.slice(1),
      `${value}A`,
      value.toUpperCase(),
    ];
    for (const forged of [...changed, ...made, '__proto__', '%00', 'A'.repeat(9_000)]) {
      const response = await ask(client, `pin=${forged}`);
      expect([forged, response.status, pinOf(response) === undefined]).toEqual([forged, 200, false]);
    }
  });

  it('tells nobody where the endpoint is', async () => {
    const [upstream] = await upstreamsOf(1);
    const client = await connect(await start([upstream!]));
    const value = pinOf(await ask(client))!.slice(4);
    for (const encoding of ['base64url', 'latin1', 'hex'] as const) {
      const text = Buffer.from(value, encoding === 'latin1' ? 'latin1' : 'base64url').toString(encoding);
      for (const part of ['127', String(upstream!.port), 'e0']) expect(text.includes(`${part}.`)).toBe(false);
    }
  });

  it('gives way to another when its endpoint goes, and the new one stays when the old one is back', async () => {
    const upstreams = await upstreamsOf(3);
    const sidecar = await start(upstreams, { cluster: PROBED });
    const client = await connect(sidecar);
    const first = await ask(client);
    const home = upstreams[Number(first.body.slice(1))]!;
    const { port } = home;
    await home.close();
    // At once, before any probe has noticed: the request is tried elsewhere, and where it got its answer it stays.
    const second = await ask(client, pinOf(first));
    expect([second.status, second.body === first.body]).toEqual([200, false]);
    expect(pinOf(second)).not.toBe(undefined);
    await until(() => upIn(sidecar) === 2, { what: 'the probes to notice' });
    expect((await ask(client, pinOf(second))).body).toBe(second.body);
    closes(await WireUpstream.start({ onRequest: (_request, it) => it.send(ok(first.body)) }, port));
    await until(() => upIn(sidecar) === 3, { what: 'the probes to notice again' });
    const third = await ask(client, pinOf(second));
    expect([third.body, pinOf(third)]).toEqual([second.body, undefined]);
  });

  it('keeps its client where only a kept connection has ended, which says nothing of the endpoint', async () => {
    const upstreams = await upstreamsOf(3);
    const client = await connect(await start(upstreams));
    const first = await ask(client);
    const home = upstreams[Number(first.body.slice(1))]!;
    const [kept] = home.open;
    home.behaviour = {
      // The request crosses the end of the connection.
      onHead: (_head, it) => it === kept && Boolean(it.socket.destroy()),
      onRequest: (_request, it) => it.send(ok(first.body)),
    };
    const second = await ask(client, pinOf(first));
    expect([second.body, pinOf(second), home.connections.length]).toEqual([first.body, undefined, 2]);
  });

  it('keeps a client within its arm of a split, and is set anew in another', async () => {
    const [one, two, canary] = await upstreamsOf(3);
    const yaml = `
log: { access: off }
listeners:
  - name: web
    listen: "127.0.0.1:0"
    protocol: http
    routes:
      - split: [ { to: app, weight: 100 }, { to: canary, weight: 0 } ]
        split_override: { header: x-arm }
        sticky_cookie: { name: pin, ${SECRET} }
clusters:
  app: { discover: { static: [ "${one!.address}", "${two!.address}" ] } }
  canary: { discover: { static: [ "${canary!.address}" ] } }
`;
    const client = await connect(closes(await startTestSidecar(yaml)));
    const first = await ask(client);
    for (let i = 0; i < 4; i += 1) expect((await ask(client, pinOf(first))).body).toBe(first.body);
    const moved = await client.ask(get('/', [`cookie: ${pinOf(first)}`, 'x-arm: canary']));
    expect([moved.body, pinOf(moved) === undefined]).toEqual(['e2', false]);
    const stays = await client.ask(get('/', [`cookie: ${pinOf(moved)}`, 'x-arm: canary']));
    expect([stays.body, pinOf(stays)]).toEqual(['e2', undefined]);
  });

  it('is not set where nobody of the cluster has answered', async () => {
    const [upstream] = await upstreamsOf(1);
    const client = await connect(await start([upstream!]));
    await upstream!.close();
    const refused = await ask(client);
    expect([refused.status, refused.header('set-cookie')]).toEqual([503, undefined]);
  });

  it('is set with a connection that becomes a tunnel', async () => {
    const [upstream] = await upstreamsOf(1);
    upstream!.behaviour = {
      onHead: (_head, it) =>
        it.send('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n') || true,
    };
    const client = await connect(await start([upstream!]));
    client.send(get('/', ['connection: upgrade', 'upgrade: websocket']));
    expect(await client.head()).toMatch(/\r\nset-cookie: pin=/);
  });
});
