/** What explain says is what the data path does: random requests through both, and the answers side by side. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommandLine } from '../../../cli/program.ts';
import type { Explanation } from '../../../sidecar/explain/explanation.ts';
import { formatQuestion, headText, splitUrl } from '../../../sidecar/explain/question.ts';
import { parseHostPort } from '../../../src/address.ts';
import { FakeTerminal } from '../../support/fake-terminal.ts';
import { exchange } from '../../support/raw-http.ts';
import { startTestSidecar, type TestSidecar } from '../../support/sidecar.ts';

const CLUSTERS = {
  by_header: 'ring_hash, hash_key: [ { header: x-user-id }, { cookie: uid } ]',
  by_path: 'ring_hash, hash_key: [ { query: q }, { path_segment: 2 }, { path: true } ]',
  by_client: 'ring_hash, hash_key: [ { source_ip: true } ]',
  alone: 'round_robin',
  down: 'ring_hash, hash_key: [ { path: true } ]',
} as const;

let folder: string;
let file: string;
let sidecar: TestSidecar;
const servers: Server[] = [];

/** A server that names itself; its address. */
async function instance(name: string): Promise<string> {
  const server = createServer((_request, response) => response.setHeader('x-instance', name).end()).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  servers.push(server);
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'outrigger-explain-'));
  const clusters: string[] = [];
  for (const [name, balance] of Object.entries(CLUSTERS)) {
    const list: object[] = [];
    for (let i = 0; i < 4; i += 1) {
      const isUp = name === 'alone' ? i === 2 : name !== 'down' && i !== 1;
      const id = `${name}-${i}`;
      list.push({ id, address: await instance(id), weight: 1 + (i % 2), health: isUp ? 'up' : 'down' });
    }
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(list));
    clusters.push(`  ${name}: { discover: { file: "${join(folder, name)}.json" }, balance: { policy: ${balance} } }`);
  }
  const yaml = `
admin: { listen: "127.0.0.1:0" }
log: { access: off }
trusted_proxies: [ 127.0.0.0/8 ]
listeners:
  - name: web
    listen: "127.0.0.1:0"
    protocol: http
    limits: { max_headers: 6 }
    debug_header: true
    routes:
      - { match: { host: "*.example.org", methods: [ GET, PUT ] }, to: by_client }
      - { match: { path: /a/b, query: { q: { present: true } } }, to: alone }
      - { match: { cookies: { beta: { prefix: "1" } }, path_prefix: /a }, to: by_path }
      - { match: { headers: { x-user-id: alice, x-beta: { present: false } } }, to: by_path }
      - { match: { path_prefix: /a }, to: by_header }
      - { match: { path_prefix: /down }, to: down }
clusters:
${clusters.join('\n')}
`;
  file = join(folder, 'outrigger.yaml');
  writeFileSync(file, yaml);
  sidecar = await startTestSidecar(yaml);
});

afterAll(async () => {
  await sidecar?.close();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(folder, { recursive: true, force: true });
});

const segment = fc.constantFrom('a', 'b', 'down', 'é', 'x y', '');
const request = fc.record({
  method: fc.constantFrom('GET', 'GET', 'POST', 'PUT', 'OPTIONS', 'G T'),
  path: fc.array(segment, { maxLength: 3 }).map((segments) => `/${segments.join('/')}`),
  query: fc.constantFrom('', '?q=1', '?q=%41&q=2', '?q=', '?p'),
  host: fc.constantFrom('127.0.0.1', 'shop.example.org', 'SHOP.example.org:80', 'example.org', 'a b'),
  headers: fc.array(
    fc.oneof(
      fc.constantFrom('alice', 'bob', 'é', '').map((user) => `x-user-id: ${user}`),
      fc.integer({ min: 0, max: 50 }).map((user) => `x-user-id: user-${user}`),
      fc.constantFrom('uid=7; beta=12', 'beta=2', 'uid=').map((cookies) => `cookie: ${cookies}`),
      fc.constantFrom(
        'x-beta: 1',
        'x-forwarded-for: 198.51.100.9, 127.0.0.1',
        'max-forwards: 0',
        'expect: y',
        'bad name: 1',
      ),
    ),
    { maxLength: 6 },
  ),
});
type Asked = typeof request extends fc.Arbitrary<infer T> ? T : never;

const questionOf = ({ method, path, query, host, headers }: Asked) => {
  return {
    method,
    url: `${path}${query}`,
    headers: [`Host: ${host}`, ...headers],
    body: undefined,
    listener: undefined,
    client: '127.0.0.1',
  };
};

/** Sends it as it is; `connection: close` changes nothing but the end. */
async function send(asked: Asked): Promise<{ status: number; reason: string; instance: string; said: string }> {
  const question = questionOf(asked);
  const text = headText(question, splitUrl(question.url).target, '');
  const answer = await exchange(parseHostPort(sidecar.address())!, text.replace(/\r\n$/, 'connection: close\r\n\r\n'));
  const field = (name: string) => new RegExp(`\r\n${name}: ([^\r]*)`, 'i').exec(answer)?.[1] ?? '';
  return {
    status: Number(answer.slice(9, 12)),
    reason: field('x-outrigger-reason'),
    instance: field('x-instance'),
    said: field('x-outrigger-explain'),
  };
}

async function explained(asked: Asked): Promise<Explanation> {
  // One field more, as the request has.
  const question = questionOf(asked);
  const query = formatQuestion({ ...question, headers: [...question.headers, 'connection: close'] });
  const answer = await fetch(`http://${sidecar.address('admin')}/explain?${query}`);
  expect(answer.status).toBe(200);
  return (await answer.json()) as Explanation;
}

describe('explain and the data path agree', () => {
  test('on every request, whether it is forwarded or refused', async () => {
    const outcomes = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(request, async (asked) => {
        const explanation = await explained(asked);
        const answer = await send(asked);
        outcomes.set(explanation.outcome, (outcomes.get(explanation.outcome) ?? 0) + 1);
        if (explanation.outcome === 'forwarded') {
          expect(answer).toMatchObject({ status: 200, reason: '' });
          if (explanation.endpoint === null) {
            const accepted = explanation.candidates!.filter((it) => it.accepted).map(({ id }) => id);
            expect(accepted).toContain(answer.instance);
            expect(explanation.hash).toBeNull();
          } else expect(answer.instance).toBe(explanation.endpoint.id);
          expect(answer.said).toContain(`route="${explanation.route}", cluster="${explanation.cluster}"`);
          expect(answer.said).toContain(`endpoint="${answer.instance}"`);
          if (explanation.hash !== null) expect(answer.said).toContain(`hash="${explanation.hash}"`);
        } else {
          const reason = explanation.outcome === 'answered' ? '' : explanation.outcome;
          expect(answer).toMatchObject({ status: explanation.status, reason, instance: '' });
        }
      }),
      { numRuns: 400 },
    );
    // Not all of one kind, or this would say little.
    for (const outcome of ['forwarded', 'bad_request', 'no_route']) expect(outcomes.get(outcome)).toBeGreaterThan(10);
  });

  test('and a program that only reads the file says the same', async () => {
    await fc.assert(
      fc.asyncProperty(request, async (asked) => {
        const live = await explained(asked);
        const terminal = new FakeTerminal();
        const headers = [...questionOf(asked).headers, 'connection: close'].flatMap((header) => ['-H', header]);
        const args = ['-c', file, '--json', '-X', asked.method, ...headers, questionOf(asked).url];
        expect(await runCommandLine(['explain', ...args], terminal)).toBe(0);
        const read = JSON.parse(terminal.printed.join('\n')) as Explanation;
        const { address: _live, ...liveRest } = comparable(live);
        const { address: _read, ...readRest } = comparable(read);
        expect(readRest).toEqual(liveRest);
      }),
      { numRuns: 25 },
    );
  });
});

/** Without what only a running process can count. */
function comparable(explanation: Explanation): Explanation {
  const candidates = explanation.candidates?.map((it) => {
    return { ...it, in_flight: null, why: it.why.replace(/ for \d+s/, '') };
  });
  return { ...explanation, candidates: candidates ?? null };
}

describe('the admin address', () => {
  test('refuses a question that makes no sense, in one sentence', async () => {
    const answer = await fetch(`http://${sidecar.address('admin')}/explain?uri=/`);
    expect([answer.status, await answer.json()]).toEqual([
      400,
      { error: 'bad_question', message: expect.stringContaining('unknown parameter uri') as string },
    ]);
  });

  test('answers the command with what it knows of this moment', async () => {
    const terminal = new FakeTerminal();
    const admin = `http://${sidecar.address('admin')}`;
    const url = `http://${sidecar.address()}/a`;
    expect(await runCommandLine(['explain', '--admin', admin, '-H', 'x-user-id: bob', url], terminal)).toBe(0);
    const text = terminal.printed.join('\n');
    expect(text).toMatch(
      /^GET \/a for 127\.0\.0\.1:\d+, from 127\.0\.0\.1\n\nlistener {2}web \(http, 127\.0\.0\.1:\d+\)\n/,
    );
    expect(text).toMatch(
      /\nroute +routes\[0\] +no: host is "127\.0\.0\.1"; wanted: one that is a name below example\.org\n/,
    );
    expect(text).toMatch(/\nkey +"bob", from header x-user-id\n/);
    expect(text).toMatch(/by_header-1 +127\.0\.0\.1:\d+ +down for \d+s, by file: listed as down\n/);
    expect(text).toMatch(/accepted {2}←\n/);
    expect(text).toMatch(/\nresult +by_header-[023] at 127\.0\.0\.1:\d+, by its key$/);
  });
});
