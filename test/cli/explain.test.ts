import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommandLine } from '../../cli/program.ts';
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
  - { name: tcp, listen: "127.0.0.1:15432", protocol: tcp, to: db }
clusters:
  users:
    discover: { static: [ { address: "10.0.0.7:80", id: users-1 }, { address: "10.0.0.8:80", id: users-2 } ] }
    balance: { policy: ring_hash, hash_key: [ { header: x-user-id }, { cookie: uid } ] }
  db: { discover: { static: [ "10.0.0.9:5432" ] } }
  lost: { discover: { consul: { service: lost, tags: [ v2 ] } }, balance: { policy: ring_hash, hash_key: [ { path: true } ] } }
  gone: { discover: { file: gone.yaml } }
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
