import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommandLine } from '../../cli/program.ts';
import { StickyPins } from '../../sidecar/io/sticky-pins.ts';
import type { Endpoint } from '../../src/endpoint.ts';
import { startAdminServers } from '../../src/io/admin.ts';
import { silentLog } from '../../src/io/log.ts';
import type { AdminView } from '../../src/io/running-house.ts';
import { cleanups } from '../support/cleanups.ts';
import { FakeHouse } from '../support/fake-house.ts';
import { FakeTerminal } from '../support/fake-terminal.ts';

const open = cleanups();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'outrigger-explain-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const YAML = `
listeners:
  - name: outbound
    listen: 127.0.0.1:15001
    protocol: http
    routes:
      - { name: posts, match: { methods: [ POST ] }, to: db }
      - { match: { path_prefix: /users }, to: users }
      - { match: { path_prefix: /lost }, to: lost }
      - { match: { path_prefix: /gone }, to: gone }
      - name: canary
        match: { path_prefix: /canary }
        split: [ { to: users, weight: 75 }, { to: db, weight: 25 } ]
        split_key: [ { header: x-user-id } ]
        split_override: { header: x-arm }
        rewrite: { prefix: /v2, host: inner }
        request_headers: { set: { x-a: b }, remove: [ x-c ] }
        sticky_cookie: { name: srv, secret: a-secret-of-sixteen }
        mirror: { to: body, share: 5% }
      - { match: { path_prefix: /old }, redirect: { host: new.example } }
      - { match: { path_prefix: /body }, to: body }
      - { match: { path_prefix: /filed }, to: users, sticky_cookie: { name: srv, secret_file: secret } }
  - { name: tcp, listen: "127.0.0.1:15432", protocol: tcp, to: db }
clusters:
  users:
    discover: { static: [ { address: "10.0.0.7:80", id: users-1 }, { address: "10.0.0.8:80", id: users-2 } ] }
    balance: { policy: ring_hash, hash_key: [ { header: x-user-id }, { cookie: uid } ] }
  db: { discover: { static: [ "10.0.0.9:5432" ] } }
  lost: { discover: { consul: { service: lost, tags: [ v2 ] } }, balance: { policy: ring_hash, hash_key: [ { path: true } ] } }
  gone: { discover: { file: gone.yaml } }
  body: { discover: { static: [ { address: "10.0.1.7:80", id: body-1 } ] }, balance: { policy: maglev, hash_key: [ { json: /user } ] } }
`;

async function run(args: readonly string[], yaml = YAML) {
  const file = join(folder, 'outrigger.yaml');
  writeFileSync(file, yaml);
  const terminal = new FakeTerminal();
  const source = args.includes('--admin') ? [] : ['-c', file];
  const code = await runCommandLine(['explain', ...source, ...args], terminal);
  return { code, out: terminal.printed.join('\n'), err: terminal.complained.join('\n') };
}

describe('the text', () => {
  test('tells the whole way of a request', async () => {
    const { code, out, err } = await run(['-H', 'cookie: uid=alice', 'http://127.0.0.1:15001/users/1?x#y']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toBe(`\
GET /users/1?x for 127.0.0.1:15001, from 127.0.0.1

listener  outbound (http, 127.0.0.1:15001)
route     posts      no: method is "GET"; wanted: one that is "POST"
          routes[1]  matches
cluster   users (ring_hash, ring 178b4bcb), 2 of 2 up
key       no header x-user-id
          "alice", from cookie uid
hash      4c518edd, at 98 of 320
order     1.  users-2  10.0.0.8:80  accepted  ←
          2.  users-1  10.0.0.7:80  accepted
result    users-2 at 10.0.0.8:80, by its key`);
  });

  test('of a request without a key says that chance decides', async () => {
    const { out } = await run(['/users']);
    expect(out).toMatch(
      /\nkey +no header x-user-id\n +no cookie uid\namong +1\. {2}users-1 {2}10\.0\.0\.7:80 {2}accepted\n/,
    );
    expect(out).toMatch(/\nresult +one of those accepted, by chance: the request carries no key$/);
  });

  test('tells what a route does beside choosing', async () => {
    const { out } = await run(['-H', 'x-user-id: alice', '-H', 'x-arm: nobody', '-H', 'cookie: srv=x', '/canary/1']);
    const rows = out.split('\n').slice(out.split('\n').findIndex((line) => line.startsWith('split')));
    expect(rows.join('\n')).toMatch(
      /^split {5}"nobody", which the request names, is not heard: no arm has that name\n {10}"alice", from header x-user-id\n {10}users {2}75 % {2}has the key from [0-9.]+ % on {2}←\n {10}db {5}25 % {2}would from [0-9.]+ % on\ncluster {3}users \(ring_hash, ring 178b4bcb\), 2 of 2 up\nsticky {4}srv: its value stands for no endpoint of this cluster; the answer sets another\nkey {7}"alice", from header x-user-id\nhash {6}4c518edd, at 98 of 320\norder {5}1\. {2}users-2 {2}10\.0\.0\.8:80 {2}accepted {2}←\n {10}2\. {2}users-1 {2}10\.0\.0\.7:80 {2}accepted\nchanges {3}\/canary\/1 becomes \/v2\/1\n {10}host becomes inner\n {10}headers of the request: set x-a; remove x-c\ncopy {6}perhaps one to body-1 at 10\.0\.1\.7:80 of body: 5% of the requests are, by chance\nresult {4}users-2 at 10\.0\.0\.8:80, by its key$/,
    );
    expect((await run(['/canary'])).out).toMatch(/\nresult +one of the arms of its split, by chance$/);
    expect((await run(['/old/x'])).out).toMatch(/\nresult +answered here with 302, to \/\/new\.example\/old\/x$/);
  });

  test('goes by a body that is given', async () => {
    const file = join(folder, 'body.json');
    writeFileSync(file, '{"user":"é"}');
    for (const args of [
      ['-d', '{"user":"é"}'],
      ['--data-file', file],
    ]) {
      const { code, out } = await run([...args, '-X', 'PUT', '/body']);
      expect({ code, first: out.split('\n')[0] }).toEqual({
        code: 0,
        first: expect.stringContaining('PUT /body') as string,
      });
      expect(out).toMatch(/\nkey +"é", from json \/user\nhash +[0-9a-f]{8}, at \d+ of 65537\n/);
    }
    expect((await run(['-d', '{}', '/nowhere'])).out).toMatch(/^POST \/nowhere /);
  });

  test('knows whom a cookie means where it has the secret, and says where it has not', async () => {
    const of = async (cookie: string) => (await run(['-H', `cookie: srv=${cookie}`, '/filed'])).out;
    expect(await of('x')).toMatch(/\nsticky +srv: the secret of a sticky_cookie cannot be read from .*secret/);
    writeFileSync(join(folder, 'secret'), 'a-secret-of-sixteen');
    const ids = ['users-1', 'users-2'].map((id) => ({ id }) as Endpoint);
    const value = new StickyPins('a-secret-of-sixteen', 'users').valueOf(ids[0] as Endpoint, ids);
    expect(await of(value)).toMatch(/\nsticky +srv stands for users-1 at 10\.0\.0\.7:80\n/);
    expect(await of(value)).toMatch(/\nresult +users-1 at 10\.0\.0\.7:80, by its cookie srv$/);
  });

  test('of a connection names no route', async () => {
    const { out } = await run(['tcp://127.0.0.1:15432']);
    expect(out).toBe(`\
a connection, from 127.0.0.1

listener  tcp (tcp, 127.0.0.1:15432)
cluster   db (round_robin), 1 of 1 up
among     1.  10.0.0.9:5432  10.0.0.9:5432  accepted  ←
result    10.0.0.9:5432, by whose turn it is`);
  });

  test.each([
    ['/nowhere', /\nresult +refused with 404 no_route$/],
    ['/a b', /\nresult +refused with 400 bad_request\nnote +the request is malformed or ambiguous: /],
    [
      '/lost',
      /\nresult +depends on what is not known here\nnote +the endpoints of lost come from consul lost tag=v2: ask a running/,
    ],
    ['/gone', /\nnote +the endpoints of gone are not known: .*gone\.yaml: no such file$/],
  ])('of %s', async (url, expected) => {
    const { code, out } = await run([url]);
    expect(code).toBe(0);
    expect(out).toMatch(expected);
  });

  test('lets nothing from elsewhere move the cursor', async () => {
    const { out } = await run(['-H', 'x-user-id: \u009b31m', '/users']);
    expect(out).toContain('key');
    expect(out).not.toMatch(/[^\P{Cc}\n]/u);
  });
});

describe('what cannot be explained', () => {
  test.each([
    [['--listener', 'outbuond', '/'], YAML, 'there is no listener outbuond (did you mean "outbound"?)'],
    [['--client', 'me', '/'], YAML, 'client me: must be an IP address'],
    [['-d', 'x', '--data-file', 'y', '/'], YAML, '--data and --data-file exclude each other'],
    [['--data-file', '/nowhere', '/'], YAML, '/nowhere cannot be read: '],
    [['--data-file', '/dev/zero', '/'], YAML, '/dev/zero has more than 1 MiB'],
    [['--data-file', process.execPath, '/'], YAML, 'has more than 1 MiB'],
    [
      ['-d', 'x'.repeat(3_000), '--admin', 'http://127.0.0.1:1', '/'],
      YAML,
      'body has more than 2048 bytes: explain from',
    ],
    [[], YAML, "missing required argument 'url'"],
    [['/'], 'clusters: {}', 'listeners: is required for outrigger sidecar'],
    [['/'], 'listeners: 5', 'listeners: must be a list'],
  ])('ends with 64: %j', async (args, yaml, message) => {
    const { code, out, err } = await run(args, yaml);
    expect({ code, out }).toEqual({ code: 64, out: '' });
    expect(err).toContain(message);
  });

  const serve = async (view: AdminView): Promise<string> => {
    const config = { admin: { listen: { host: '127.0.0.1', port: 0 } } };
    const servers = open(await startAdminServers({ config, view, log: silentLog }));
    return `http://${servers.addresses.get('admin')}`;
  };

  test('by a process that finds the question wrong, ends with 64 too', async () => {
    const admin = await serve({ ...new FakeHouse().admin, explain: () => ({ problem: 'what?' }) });
    expect(await run(['--admin', admin, '/'])).toEqual({ code: 64, out: '', err: 'outrigger: what?' });
  });

  test('by a process that routes nothing, or that is not there, ends with 1', async () => {
    const admin = await serve({ ...new FakeHouse().admin, role: 'dns' });
    expect(await run(['--admin', admin, '/'])).toMatchObject({
      code: 1,
      err: `outrigger: ${admin} does not explain: 404 a dns process routes nothing`,
    });
    expect(await run(['--admin', 'http://127.0.0.1:1', '/'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('cannot ask http://127.0.0.1:1: connect ECONNREFUSED') as string,
    });
  });
});
