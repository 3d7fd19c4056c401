import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { parseHostPort } from '../../../src/address.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { cleanups } from '../../support/cleanups.ts';
import { exchange } from '../../support/raw-http.ts';
import { startTestSidecar, type TestSidecar } from '../../support/sidecar.ts';

const open = cleanups();

/** A server that names itself and claims to explain. */
async function instance(name: string): Promise<string> {
  const server = createServer((request, response) => {
    if (request.headers.upgrade === undefined) {
      response.writeHead(200, { 'x-instance': name, 'X-Outrigger-Explain': 'from further up' }).end('ok');
    }
  });
  server.on('upgrade', (_request, socket) => {
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open({
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Options {
  readonly trusted?: string;
  readonly debug?: boolean;
  readonly list: string;
  readonly balance?: string;
}

const RING = 'policy: ring_hash, hash_key: [ { header: x-user-id }, { cookie: uid } ]';

async function start({ trusted = '127.0.0.1', debug = true, list, balance = RING }: Options): Promise<TestSidecar> {
  return open(
    await startTestSidecar(`
log: { access: off }
trusted_proxies: [ ${trusted} ]
listeners:
  - name: web
    listen: "127.0.0.1:0"
    protocol: http
    debug_header: ${debug}
    routes: [ { name: users, match: { path_prefix: /users }, to: users } ]
clusters: { users: { discover: { static: [ ${list} ] }, balance: { ${balance} } } }
`),
  );
}

async function ask(sidecar: TestSidecar, lines: readonly string[] = [], target = '/users') {
  const text = [`GET ${target} HTTP/1.1`, 'Host: x', 'Connection: close', ...lines, '', ''].join('\r\n');
  const answer = await exchange(parseHostPort(sidecar.address())!, text);
  const fields = (name: string) => [...answer.matchAll(new RegExp(`\r\n${name}: ([^\r]*)`, 'gi'))].map((it) => it[1]);
  return {
    status: Number(answer.slice(9, 12)),
    explains: fields('x-outrigger-explain'),
    instance: fields('x-instance')[0],
  };
}

describe('x-outrigger-explain', () => {
  test('tells a trusted caller where its request went, on every answer of a connection', async () => {
    const [a, b] = [await instance('a'), await instance('b')];
    const sidecar = await start({ list: `{ id: a, address: "${a}" }, { id: b, address: "${b}" }` });
    for (let i = 0; i < 20; i += 1) {
      const { explains, instance: at } = await ask(sidecar, [`x-user-id: user-${i}`]);
      expect(explains).toHaveLength(1);
      expect(explains[0]).toMatch(
        new RegExp(
          `^listener="web", route="users", cluster="users", policy="ring_hash", key="user-${i}", from="header x-user-id", ` +
            `hash="[0-9a-f]{8}", position=\\d+, positions=320, endpoint="${at}", address="127.0.0.1:\\d+", by="its key"$`,
        ),
      );
    }
  });

  test('of one request says nothing of the next on the same connection', async () => {
    const a = await instance('a');
    const sidecar = await start({ list: `{ id: a, address: "${a}" }` });
    const text =
      'GET /users HTTP/1.1\r\nHost: x\r\nx-user-id: one\r\n\r\n' +
      'OPTIONS * HTTP/1.1\r\nHost: x\r\nMax-Forwards: 0\r\n\r\n' +
      'GET /users HTTP/1.1\r\nHost: x\r\nCookie: uid=two\r\nConnection: close\r\n\r\n';
    const answer = await exchange(parseHostPort(sidecar.address())!, text);
    expect(
      [...answer.matchAll(/^HTTP\/1\.1 200|x-outrigger-explain: .*key="(\w+)"/gm)].map((it) => it[1] ?? 'answer'),
    ).toEqual(['answer', 'one', 'answer', 'answer', 'two']);
  });

  test('tells where nobody is picked by key', async () => {
    const a = await instance('a');
    const list = `{ id: a, address: "${a}" }, { id: off, address: "127.0.0.1:1", weight: 0 }`;
    const plain = await ask(await start({ list, balance: '' }));
    expect(plain.explains[0]).toMatch(
      /policy="round_robin", skipped=\("off: draining, because its weight is 0"\), endpoint="a"/,
    );
    const keyless = await ask(await start({ list }));
    expect(keyless.explains[0]).toMatch(
      /missing=\("header x-user-id" "cookie uid"\), skipped=.*by="chance: the request/,
    );
  });

  test('tells which endpoints had been tried before', async () => {
    const a = await instance('a');
    const sidecar = await start({
      list: `{ id: a, address: "${a}" }, { id: gone, address: "127.0.0.1:1", weight: 50 }`,
    });
    const { status, explains, instance: at } = await ask(sidecar, ['x-user-id: alice']);
    expect([status, at]).toEqual([200, 'a']);
    expect(explains).toEqual([expect.stringMatching(/skipped=\("gone: already tried"\), endpoint="a"/)]);
  });

  test('tells why the answer is our own', async () => {
    const sidecar = await start({ list: '{ id: off, address: "127.0.0.1:1", weight: 0 }' });
    const none = await ask(sidecar, ['x-user-id: alice']);
    expect(none.status).toBe(503);
    expect(none.explains).toEqual([
      expect.stringMatching(/skipped=\("off: draining, because its weight is 0"\), by="its key"$/),
    ]);
    const lost = await ask(sidecar, [], '/nowhere');
    expect(lost).toMatchObject({ status: 404, explains: ['listener="web", tried=("users")'] });
    expect((await ask(sidecar, ['bad name: 1'])).explains).toEqual([]);
  });

  test('is on an upgrade too', async () => {
    const a = await instance('a');
    const sidecar = await start({ list: `{ id: a, address: "${a}" }` });
    const text = 'GET /users HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: x\r\nx-user-id: alice\r\n\r\n';
    const answer = await exchange(parseHostPort(sidecar.address())!, text);
    expect(answer).toMatch(/^HTTP\/1\.1 101 (?:.*\r\n)*x-outrigger-explain: listener="web".* endpoint="a"/);
  });

  test.each<[string, Partial<Options>]>([
    ['a caller that is not trusted', { trusted: '10.0.0.0/8' }],
    ['anybody where it is off', { debug: false }],
  ])('is not for %s, and what a balancer further up says is never passed on', async (_what, options) => {
    const a = await instance('a');
    const sidecar = await start({ list: `{ id: a, address: "${a}" }`, ...options });
    expect(await ask(sidecar, ['x-user-id: alice'])).toEqual({ status: 200, explains: [], instance: 'a' });
    expect((await ask(sidecar, [], '/nowhere')).explains).toEqual([]);
  });

  test('names the split and what decided, the cookie, and the route that answers by itself', async () => {
    const a = await instance('a');
    const [yaml, reloaded] = [true, false].map(
      (debug) => `
log: { access: off }
trusted_proxies: [ 127.0.0.1 ]
listeners:
  - name: web
    listen: "127.0.0.1:0"
    protocol: http
    debug_header: ${debug}
    routes:
      - { name: gone, match: { path: /gone }, respond: { status: 410 } }
      - name: canary
        split: [ { to: one, weight: 1 }, { to: two, weight: 0 } ]
        split_key: [ { header: x-user-id } ]
        split_override: { header: x-arm }
        sticky_cookie: { name: srv }
clusters:
  one: { discover: { static: [ { id: a, address: "${a}" } ] } }
  two: { discover: { static: [ { id: b, address: "${a}" } ] } }
`,
    ) as [string, string];
    const sidecar = open(await startTestSidecar(yaml));
    const said = async (lines: readonly string[], target = '/') => (await ask(sidecar, lines, target)).explains;
    const START = 'listener="web", route="canary"';
    expect(await said(['x-user-id: u'])).toEqual([
      expect.stringMatching(`^${START}, split="key", split_key="u", cluster="one"`),
    ]);
    expect(await said(['x-arm: two'])).toEqual([expect.stringMatching(`^${START}, split="override", cluster="two"`)]);
    expect(await said([])).toEqual([expect.stringMatching(`^${START}, split="chance", cluster="one"`)]);
    expect(await said([], '/gone')).toEqual(['listener="web", route="gone", by="the route itself"']);

    const text = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    const cookie = /set-cookie: (srv=[^;]*)/.exec(await exchange(parseHostPort(sidecar.address())!, text))?.[1];
    expect(await said([`cookie: ${cookie}`])).toEqual([
      expect.stringMatching(/pinned="a", endpoint="a", address="[^"]*", by="its cookie srv"$/),
    ]);

    await sidecar.house.reload(async () => parseConfig(reloaded, { file: 'f', env: {} }));
    expect(await said([])).toEqual([]);
    expect(await said([], '/gone')).toEqual([]);
  });
});
