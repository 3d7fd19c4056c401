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
import { StickyPins } from '../../../sidecar/io/sticky-pins.ts';
import { parseHostPort } from '../../../src/address.ts';
import { endpoints } from '../../support/endpoints.ts';
import { FakeTerminal } from '../../support/fake-terminal.ts';
import { exchange } from '../../support/raw-http.ts';
import { startTestSidecar, type TestSidecar } from '../../support/sidecar.ts';

const CLUSTERS = {
  by_header: 'ring_hash, hash_key: [ { header: x-user-id }, { cookie: uid } ]',
  by_path: 'ring_hash, hash_key: [ { query: q }, { path_segment: 2 }, { path: true } ]',
  by_client: 'ring_hash, hash_key: [ { source_ip: true } ]',
  alone: 'round_robin',
  down: 'ring_hash, hash_key: [ { path: true } ]',
  by_body: 'maglev, hash_key: [ { json: /user }, { jwt: sub }, { header: x-user-id } ]',
  by_nginx: 'ring_hash, layout: nginx, hash_key: [ { header: x-user-id }, { path: true } ]',
  by_address: 'ip_hash',
  bounded: 'ring_hash, bounded_load: { factor: 1.1, min_slots: 1 }, hash_key: [ { header: x-user-id } ]',
  turns: 'round_robin',
} as const;

const SECRET = 'a secret of the sticky cookies';

let folder: string;
let file: string;
let sidecar: TestSidecar;
const servers: Server[] = [];

/** A server that names itself; its address. */
async function instance(name: string): Promise<string> {
  const server = createServer((request, response) => {
    response
      .setHeader('x-instance', name)
      .setHeader('x-target', request.url ?? '')
      .end();
  }).listen(0, '127.0.0.1');
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
    limits: { max_headers: 8, max_json_body: 1KiB }
    debug_header: true
    routes:
      - { match: { host: "*.example.org", methods: [ GET, PUT ] }, to: by_client }
      - { match: { path: /a/b, query: { q: { present: true } } }, to: alone }
      - { match: { cookies: { beta: { prefix: "1" } }, path_prefix: /a }, to: by_path }
      - { match: { headers: { x-user-id: alice, x-beta: { present: false } } }, to: by_path }
      - { match: { path_prefix: /a }, to: by_header }
      - { match: { path_prefix: /down }, to: down }
      - { match: { path_regex: "^/r/[0-9]+/" }, rewrite: { regex: { pattern: "^/r/([0-9]+)/", replace: "/n/$1?was=r" } }, to: by_nginx }
      - { match: { path_prefix: /json, json: { /kind: { prefix: a }, /user: { present: true } } }, to: by_body }
      - { match: { path_prefix: /json }, rewrite: { prefix: /p }, to: by_body }
      - { match: { path_prefix: /moved }, redirect: { prefix: /a, host: other.example, scheme: https } }
      - { match: { path_prefix: /said }, respond: { status: 410, body: gone } }
      - { match: { path_prefix: /ip }, to: by_address }
      - { match: { path_prefix: /bounded }, to: bounded }
      - { match: { path_prefix: /sticky }, to: turns, sticky_cookie: { name: srv, secret: "${SECRET}" } }
      - name: split
        match: { path_prefix: /split }
        split: [ { to: by_header, weight: 60 }, { to: by_path, weight: 30 }, { to: turns, weight: 10 }, { to: by_client, weight: 0 } ]
        split_key: [ { header: x-user-id }, { json: /user } ]
        split_override: { header: x-arm }
        sticky_cookie: { name: srv, secret: "${SECRET}" }
      - { match: { path_prefix: /chance }, split: [ { to: by_path, weight: 1 }, { to: by_nginx, weight: 1 } ] }
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

/** A cookie of `turns` for one of its endpoints, up or not. */
const pinTo = (i: number): string => {
  const held = endpoints('turns-0', 'turns-1', 'turns-2', 'turns-3');
  return `cookie: srv=${new StickyPins(SECRET, 'turns').valueOf(held[i]!, held)}`;
};

/** Each of them, and now and then one that no listener takes. */
const mostly = (good: readonly string[], bad: string): fc.Arbitrary<string> =>
  fc.oneof({ weight: 24, arbitrary: fc.constantFrom(...good) }, { weight: 1, arbitrary: fc.constant(bad) });

const segment = mostly(['a', 'b', 'down', 'é', '', '7'], 'x y');
const first = fc.constantFrom(
  'a',
  'down',
  'r',
  'json',
  'moved',
  'said',
  'ip',
  'bounded',
  'sticky',
  'split',
  'chance',
  '',
);
const token = (sub: string): string => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `authorization: Bearer ${part({ alg: 'none' })}.${part({ sub })}.`;
};
const request = fc.record({
  method: mostly(['GET', 'GET', 'POST', 'POST', 'PUT', 'OPTIONS'], 'G T'),
  path: fc.tuple(first, fc.array(segment, { maxLength: 3 })).map(([start, rest]) => `/${[start, ...rest].join('/')}`),
  query: fc.constantFrom('', '?q=1', '?q=%41&q=2', '?q=', '?p'),
  host: mostly(['127.0.0.1', '127.0.0.1', 'shop.example.org', 'SHOP.example.org:80', 'example.org'], 'a b'),
  headers: fc.array(
    fc.oneof(
      fc.constantFrom('alice', 'bob', 'é', '').map((user) => `x-user-id: ${user}`),
      fc.integer({ min: 0, max: 50 }).map((user) => `x-user-id: user-${user}`),
      fc.constantFrom('uid=7; beta=12', 'beta=2', 'uid=').map((cookies) => `cookie: ${cookies}`),
      mostly(
        ['x-beta: 1', 'x-forwarded-for: 198.51.100.9, 127.0.0.1', 'max-forwards: 0', 'content-type: text/plain'],
        'bad name: 1',
      ),
      mostly(['x-arm: by_client', 'x-arm: nobody', 'x-arm: turns', 'cookie: srv=not-ours'], 'expect: y'),
      fc.integer({ min: 0, max: 3 }).map(pinTo),
      fc.constantFrom('carol', '').map(token),
    ),
    { maxLength: 6 },
  ),
  body: fc.option(
    fc.oneof(
      fc.integer({ min: 0, max: 50 }).map((user) => JSON.stringify({ kind: 'ab', user })),
      fc.constantFrom('{"kind":"b","user":"é"}', '{"user":', '[]', '', `{"user":"${'y'.repeat(1_100)}"}`),
    ),
    { nil: undefined },
  ),
});
type Asked = typeof request extends fc.Arbitrary<infer T> ? T : never;

const questionOf = ({ method, path, query, host, headers, body }: Asked) => {
  return {
    method,
    url: `${path}${query}`,
    headers: [`Host: ${host}`, ...headers],
    body,
    listener: undefined,
    client: '127.0.0.1',
  };
};

/** Sends it as it is; `connection: close` changes nothing but the end. */
async function send(
  asked: Asked,
): Promise<Record<'reason' | 'instance' | 'said' | 'target' | 'location' | 'cookie', string> & { status: number }> {
  const question = questionOf(asked);
  const text = headText(question, splitUrl(question.url).target, '');
  const answer = await exchange(
    parseHostPort(sidecar.address())!,
    text.replace(/\r\n$/, 'connection: close\r\n\r\n') + latin1Of(question.body),
  );
  const field = (name: string) => new RegExp(`\r\n${name}: ([^\r]*)`, 'i').exec(answer)?.[1] ?? '';
  return {
    status: Number(answer.slice(9, 12)),
    reason: field('x-outrigger-reason'),
    instance: field('x-instance'),
    said: field('x-outrigger-explain'),
    target: field('x-target'),
    location: field('location'),
    cookie: field('set-cookie'),
  };
}

const latin1Of = (body = ''): string => Buffer.from(body).toString('latin1');

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
    const kinds = new Set<string>();
    await fc.assert(
      fc.asyncProperty(request, async (asked) => {
        const explanation = await explained(asked);
        const answer = await send(asked);
        outcomes.set(explanation.outcome, (outcomes.get(explanation.outcome) ?? 0) + 1);
        if (explanation.outcome === 'forwarded') {
          expect(answer).toMatchObject({ status: 200, reason: '' });
          expect(answer.target).toBe(latin1Of(explanation.changes?.target ?? explanation.request.target));
          if (explanation.split !== null && explanation.split.arm === null) {
            expect(explanation.split).toMatchObject({ by: 'chance', key: null });
            const arms = explanation.split.arms.filter(({ share }) => share > 0).map(({ name }) => name);
            expect(arms).toContain(answer.instance.replace(/-\d$/, ''));
            return;
          }
          expect(answer.cookie === '').toBe(explanation.sticky?.honoured ?? true);
          if (explanation.endpoint === null) {
            const accepted = explanation.candidates!.filter((it) => it.accepted).map(({ id }) => id);
            expect(accepted).toContain(answer.instance);
            expect(explanation.hash).toBeNull();
          } else expect(answer.instance).toBe(explanation.endpoint.id);
          expect(answer.said).toContain(`route="${explanation.route}", `);
          expect(answer.said).toContain(`, cluster="${explanation.cluster}"`);
          if (explanation.split !== null) expect(answer.said).toContain(`split="${explanation.split.by}"`);
          if (explanation.sticky?.honoured === true) expect(answer.said).toContain('by="its cookie srv"');
          kinds.add(`${explanation.route} ${explanation.split?.by} ${explanation.by} ${explanation.key?.from}`);
          expect(answer.said).toContain(`endpoint="${answer.instance}"`);
          if (explanation.hash !== null) expect(answer.said).toContain(`hash="${explanation.hash}"`);
        } else {
          const reason = explanation.outcome === 'answered' ? '' : explanation.outcome;
          expect(answer).toMatchObject({ status: explanation.status, reason, instance: '' });
          expect(answer.location).toBe(latin1Of(explanation.answer?.location ?? ''));
        }
      }),
      { numRuns: 1_500 },
    );
    // Not all of one kind, or this would say little.
    for (const outcome of ['forwarded', 'bad_request', 'no_route', 'answered', 'no_endpoint']) {
      expect(outcomes.get(outcome), outcome).toBeGreaterThan(10);
    }
    const seen = [...kinds].join('\n');
    expect(seen).toMatch(/^split override /m);
    expect(seen).toMatch(/^split key /m);
    expect(seen).toMatch(/ its cookie srv /);
    expect(seen).toMatch(/ its key json \/user$/m);
    expect(seen).toMatch(/ its key jwt sub$/m);
    expect(seen).toMatch(/ its key source ip$/m);
  });

  test('and a program that only reads the file says the same', async () => {
    await fc.assert(
      fc.asyncProperty(request, async (asked) => {
        const live = await explained(asked);
        const terminal = new FakeTerminal();
        const headers = [...questionOf(asked).headers, 'connection: close'].flatMap((header) => ['-H', header]);
        const body = asked.body === undefined ? [] : ['-d', asked.body];
        const args = ['-c', file, '--json', '-X', asked.method, ...body, ...headers, questionOf(asked).url];
        expect(await runCommandLine(['explain', ...args], terminal)).toBe(0);
        const read = JSON.parse(terminal.printed.join('\n')) as Explanation;
        const { address: _live, ...liveRest } = comparable(live);
        const { address: _read, ...readRest } = comparable(read);
        expect(readRest).toEqual(liveRest);
      }),
      { numRuns: 40 },
    );
  });
});

/** Without what only a running process can count. */
function comparable(explanation: Explanation): Explanation {
  const { candidates, sticky } = explanation;
  const timeless = (why: string): string => why.replace(/ for \d+[sm]/, '');
  return {
    ...explanation,
    candidates: candidates?.map((it) => ({ ...it, in_flight: null, why: timeless(it.why) })) ?? null,
    sticky: sticky && { ...sticky, why: timeless(sticky.why) },
  };
}

describe('the admin address', () => {
  test('refuses a question that makes no sense, in one sentence', async () => {
    const answer = await fetch(`http://${sidecar.address('admin')}/explain?uri=/`);
    expect([answer.status, await answer.json()]).toEqual([
      400,
      { error: 'bad_question', message: expect.stringContaining('unknown parameter uri') as string },
    ]);
  });

  test('takes a body in the query, whatever it is as long as it is short', async () => {
    const of = async (body: string) => {
      const query = new URLSearchParams({ url: '/json/x', body });
      const answer = await fetch(`http://${sidecar.address('admin')}/explain?${query.toString()}`);
      return (await answer.json()) as Explanation;
    };
    expect((await of('{"user":"%é%\\"&=+"}')).key).toEqual({ value: '%é%"&=+', from: 'json /user' });
    expect(await of('%'.repeat(2_048))).toMatchObject({ key: null, outcome: 'forwarded' });
    expect(await of('%'.repeat(2_049))).toMatchObject({ error: 'bad_question' });
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
