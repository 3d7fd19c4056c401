import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommandLine } from '../../cli/program.ts';
import { formatShares } from '../../cli/ring-table.ts';
import { ringHash } from '../../src/balance/ring-hash.ts';
import { reportShares } from '../../src/key-shares.ts';
import { offlineSnapshot } from '../../src/offline-snapshot.ts';
import { cleanups } from '../support/cleanups.ts';
import { discovered } from '../support/endpoints.ts';
import { FakeTerminal } from '../support/fake-terminal.ts';
import { startTestSidecar } from '../support/sidecar.ts';

const open = cleanups();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'outrigger-ring-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const USERS =
  '[ { address: "10.0.0.7:80", id: users-1 }, "10.0.0.8:80", { address: "10.0.0.9:80", id: u=3, weight: 2 } ]';
const RING = 'balance: { policy: ring_hash, hash_key: [ { header: x-user-id } ] }';
const ONE = `clusters: { users: { discover: { static: ${USERS} }, ${RING} }, db: { discover: { static: [] } } }`;

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function run(...args: string[]) {
  const terminal = new FakeTerminal();
  const code = await runCommandLine(['ring', ...args], terminal);
  return { code, out: terminal.printed.join('\n'), err: terminal.complained.join('\n') };
}

const shown = (out: string) =>
  JSON.parse(out) as {
    fingerprint: string;
    endpoints: { id: string; actual: number; share_before: number; share_after: number }[];
  };

describe('ring show', () => {
  test('shows shares of a file, as bars and as JSON', async () => {
    const path = file('one.yaml', ONE);
    const { code, out, err } = await run('show', '-c', path);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const report = reportShares(
      offlineSnapshot([discovered('users-1'), discovered('10.0.0.8:80'), discovered('u=3*2')], ringHash),
      100_000,
    );
    const [head, , first] = out.split('\n');
    expect(head).toBe(`users: ring_hash, 3 endpoints, ring ${report.fingerprint}, 100,000 keys sampled`);
    expect(first).toMatch(/^ {2}10\.0\.0\.8:80 +10\.0\.0\.8:80 +1 +25\.0 % +\d\d\.\d % +█+ *│/);
    const json = await run('show', '-c', path, '--cluster', 'users', '--keys', '1000', '--json');
    expect(shown(json.out)).toMatchObject({ cluster: 'users', policy: 'ring_hash', keys: 1000 });
    expect(shown(json.out).endpoints.map(({ id }) => id)).toEqual(['10.0.0.8:80', 'u=3', 'users-1']);
  });

  test('reads the list of a file discovery from where the sidecar would, and says what it leaves out', async () => {
    file('users.json', '["10.0.0.7:80", "169.254.0.1:80", { "address": "10.0.0.8:80", "health": "down" }]');
    const path = file('watched.yaml', `clusters: { users: { discover: { file: users.json }, ${RING} } }`);
    const { code, out, err } = await run('show', '-c', path);
    expect(code).toBe(0);
    expect(err).toBe('left out: "169.254.0.1:80" at 169.254.0.1:80: a link-local address');
    expect(out).toMatch(/10\.0\.0\.7:80 .* 100\.0 % +up\n/);
    expect(out).toMatch(/10\.0\.0\.8:80 .* 0\.0 % +down\n/);
  });

  test('asks a running sidecar, whose ring it finds to be the same', async () => {
    const sidecar = open(await startTestSidecar(`admin: { listen: "127.0.0.1:0" }\n${ONE}\nlisteners: []`));
    const admin = `http://${sidecar.address('admin')}`;
    const live = await run('show', '--admin', admin, '--json');
    expect({ code: live.code, err: live.err }).toEqual({ code: 0, err: '' });
    expect(live.out).toBe((await run('show', '-c', file('one.yaml', ONE), '--json')).out);
    const { clusters } = await sidecar.clusters();
    expect(shown(live.out).fingerprint).toBe(clusters.find(({ name }) => name === 'users')?.fingerprint);
  });

  test('lets nothing from elsewhere move the cursor', () => {
    const snapshot = offlineSnapshot([discovered('n/\u001b[2J')], ringHash);
    const text = formatShares({ cluster: 'users', policy: 'ring_hash' }, reportShares(snapshot, 10)).join('\n');
    expect(text).toContain('n/\ufffd[2J');
    expect(text).not.toMatch(/[^\P{Cc}\n]/u);
  });

  test('of a cluster without endpoints says so', async () => {
    const path = file('none.yaml', `clusters: { users: { discover: { static: [] }, ${RING} } }`);
    expect(await run('show', '-c', path)).toMatchObject({ code: 0, out: expect.stringMatching(/\n {2}no endpoints$/) });
  });
});

describe('ring diff', () => {
  test('shows what would move, without collateral', async () => {
    const path = file('one.yaml', ONE);
    const args = ['diff', '-c', path, '--add', 'users-4=[::1]:80@2', '--weight', 'u=3=1', '--remove', 'users-1'];
    const { code, out } = await run(...args, '--max-moved', '90%');
    expect(code).toBe(0);
    expect(out).toMatch(/^users: ring_hash, ring [0-9a-f]{8} → [0-9a-f]{8}, 100,000 keys sampled\n {2}would move {2}/);
    expect(out).toContain('collateral  0 (0.0 %)');
    expect(out).toMatch(/users-4 +\[::1\]:80 +new, 2 +0\.0 % +\d\d\.\d % +\+[\d,]+\n?/);
    expect(out).toMatch(/u=3 +10\.0\.0\.9:80 +2 → 1 /);
    expect(out).toMatch(/users-1 +10\.0\.0\.7:80 +1, gone +\d\d\.\d % +0\.0 % +-[\d,]+/);
  });

  test('ends with 75 where more would move than is allowed, and shows it all the same', async () => {
    const path = file('one.yaml', ONE);
    const { code, out, err } = await run('diff', '-c', path, '--remove', 'u=3', '--max-moved', '15%', '--json');
    expect(code).toBe(75);
    expect(err).toMatch(/^outrigger: \d\d\.\d % of the keys would move, more than 15%$/);
    expect(JSON.parse(out)).toMatchObject({ exceeded: true, max_moved: 0.15, collateral: 0, needed_share: 0.5 });
  });

  test('begins with the shares that show shows', async () => {
    const path = file('one.yaml', ONE);
    const [diff, show] = await Promise.all([
      run('diff', '-c', path, '--remove', 'u=3', '--json'),
      run('show', '-c', path, '--json'),
    ]);
    const actual = shown(show.out).endpoints.map(({ actual: share }) => share);
    expect(shown(diff.out).endpoints.map(({ share_before }) => share_before)).toEqual(actual);
  });

  test('names an endpoint by its address where it is given no id', async () => {
    const { out } = await run('diff', '-c', file('one.yaml', ONE), '--add', '10.0.0.10:80', '--json');
    expect(JSON.parse(out)).toMatchObject({ endpoints: expect.arrayContaining([{ id: '10.0.0.10:80' }].map(part)) });
  });
});

const part = (object: object): unknown => expect.objectContaining(object);

describe('what cannot be answered ends with 64', () => {
  const two = `clusters: { a: { discover: { static: [] }, ${RING} }, b: { discover: { static: [] }, ${RING} } }`;
  const dns = `clusters: { users: { discover: { dns: { name: users.internal., port: 80, resolvers: [ 10.0.0.2 ] } }, ${RING} } }`;
  const consul = `clusters: { users: { discover: { consul: { service: users } }, ${RING} } }`;
  const plain = 'clusters: { db: { discover: { static: [] } } }';
  const cases: readonly (readonly [what: string, yaml: string, args: readonly string[], message: string])[] = [
    ['which of two rings', two, ['show'], 'which cluster? --cluster takes one of a, b'],
    ['no ring at all', plain, ['show'], '{file} has no cluster that is balanced by a key'],
    ['no ring of that name', plain, ['show', '--cluster', 'db'], 'cluster db is balanced by round_robin: no key'],
    ['a mistyped cluster', ONE, ['show', '--cluster', 'user'], 'no cluster user (did you mean "users"?)'],
    ['an unknown cluster', ONE, ['show', '--cluster', '__proto__'], 'no cluster __proto__; it has users, db'],
    [
      'endpoints in Consul',
      consul,
      ['show'],
      'its endpoints are in consul users, not in {file}; ask a running sidecar',
    ],
    [
      'endpoints in DNS',
      dns,
      ['show'],
      'its endpoints are in dns users.internal port 80 at 10.0.0.2:53, not in {file}; ask a running sidecar',
    ],
    ['no keys', ONE, ['show', '--keys', '0'], '--keys 0: must be a whole number from 1 to 10000000'],
    ['too many keys', ONE, ['show', '--keys', '10000001'], 'must be a whole number from 1'],
    ['nothing to change', ONE, ['diff'], 'nothing would change: give --add, --remove or --weight'],
    ['a bare ratio', ONE, ['diff', '--remove', 'u=3', '--max-moved', '0.15'], '--max-moved 0.15: must be a ratio'],
    ['an added one without a port', ONE, ['diff', '--add', 'x=10.0.0.1'], '--add x=10.0.0.1: must be id=host:port'],
    ['an added one at port 0', ONE, ['diff', '--add', 'x=10.0.0.1:0'], 'must be id=host:port'],
    ['an added one without an id', ONE, ['diff', '--add', '=10.0.0.1:80'], 'must be id=host:port'],
    ['an added one too heavy', ONE, ['diff', '--add', 'x=10.0.0.1:80@65536'], 'must be id=host:port'],
    ['a weight without an id', ONE, ['diff', '--weight', '=3'], '--weight =3: must be id=weight'],
    [
      'a weight that is none',
      ONE,
      ['diff', '--weight', 'users-1=x'],
      'must be id=weight with a weight from 0 to 65535',
    ],
    ['two mistakes', ONE, ['diff', '--remove', 'x', '--remove', 'y'], 'no endpoint x: there are'],
    ['a broken configuration', 'clusters: 5', ['show'], '{file}:1:11: clusters: must be a mapping'],
  ];
  test.each(cases)('%s', async (_what, yaml, args, message) => {
    const path = file('case.yaml', yaml);
    const { code, out, err } = await run(...args, '-c', path);
    expect({ code, out }).toEqual({ code: 64, out: '' });
    expect(err).toContain(message.replace('{file}', path));
  });

  test('an unreadable list is a failure at run time, with its path', async () => {
    const path = file('lost.yaml', `clusters: { users: { discover: { file: nowhere.yaml }, ${RING} } }`);
    expect(await run('show', '-c', path)).toEqual({
      code: 1,
      out: '',
      err: `outrigger: ${join(folder, 'nowhere.yaml')}: no such file`,
    });
  });

  test('a process that is not there is a failure at run time, with its address', async () => {
    expect(await run('show', '--admin', 'http://127.0.0.1:1')).toMatchObject({
      code: 1,
      err: expect.stringContaining('cannot ask http://127.0.0.1:1: connect ECONNREFUSED') as string,
    });
  });
});
