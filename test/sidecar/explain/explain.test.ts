import { describe, expect, test } from 'vitest';
import type { ClusterState } from '../../../sidecar/explain/cluster-state.ts';
import { explain } from '../../../sidecar/explain/explain.ts';
import type { ExplainedWorld } from '../../../sidecar/explain/explained-world.ts';
import type { Explanation } from '../../../sidecar/explain/explanation.ts';
import type { Question } from '../../../sidecar/explain/question.ts';
import { POLICIES } from '../../../src/balance/policies.ts';
import type { DiscoveredEndpoint } from '../../../src/endpoint.ts';
import { murmur3 } from '../../../src/hash.ts';
import { offlineSnapshot } from '../../../src/offline-snapshot.ts';
import { configOf } from '../../support/dns-zone.ts';
import { discovered } from '../../support/endpoints.ts';

const YAML = `
trusted_proxies: [ 10.0.0.0/8 ]
listeners:
  - name: web
    listen: 127.0.0.1:8080
    protocol: http
    limits: { max_head: 1KiB, max_headers: 5 }
    routes:
      - { name: orders, match: { path: /orders, methods: [ POST, PUT ] }, to: plain }
      - { name: beta, match: { headers: { x-beta: "on" }, cookies: { beta: { prefix: t } }, query: { b: { present: true } } }, to: plain }
      - { match: { host: "*.example.org", path_prefix: /api }, to: plain }
      - { name: no-bots, match: { headers: { x-bot: { present: false } }, path_prefix: /users }, to: users }
  - { name: other, listen: "0.0.0.0:8081", protocol: http, routes: [ { to: users } ] }
  - { name: db, listen: "127.0.0.1:5432", protocol: tcp, to: users }
  - { name: socket, listen: "unix:/run/x.sock", protocol: http, routes: [ { to: lost } ] }
clusters:
  users: { discover: { static: [] }, balance: { policy: ring_hash, hash_key: [ { header: x-user-id }, { path_segment: 2 }, { source_ip: true } ] } }
  lost: { discover: { static: [] }, balance: { policy: ring_hash, hash_key: [ { header: x-user-id }, { cookie: uid } ] } }
  plain: { discover: { static: [] } }
`;
const config = configOf(YAML);

function world(users: readonly DiscoveredEndpoint[], more: Partial<ClusterState> = {}): ExplainedWorld {
  const policyOf = (cluster: string) => POLICIES[config.clusters[cluster]!.balance.policy];
  return {
    config,
    addresses: new Map([['socket', 'unix:/run/y.sock']]),
    policyOf,
    pinnedBy: () => undefined,
    weights: new Map(),
    stateOf: (cluster) => {
      if (cluster === 'lost') return 'it is in Consul';
      const endpoints = cluster === 'users' ? users : [discovered('p1'), discovered('p2')];
      return { snapshot: offlineSnapshot(endpoints, policyOf(cluster)), source: 'consul', ...more };
    },
  };
}

const THREE = [discovered('a'), discovered('b'), discovered('c')];

function ask(url: string, parts: Partial<Question> = {}, users: readonly DiscoveredEndpoint[] = THREE): Explanation {
  const question = {
    method: 'GET',
    url,
    headers: [],
    body: undefined,
    listener: undefined,
    client: '192.0.2.7',
    ...parts,
  };
  const explained = explain(question, world(users));
  if ('problem' in explained) throw new Error(explained.problem);
  return explained;
}

describe('the listener', () => {
  test.each([
    ['http://127.0.0.1:8080/', 'web'],
    ['http://localhost:8080/', 'web'],
    ['http://192.0.2.1:8081/', 'other'],
    ['tcp://127.0.0.1:5432', 'db'],
    ['http://shop.example.org/', 'web'],
    ['http://192.0.2.1:8080/', 'web'],
    ['/users', 'web'],
  ])('of %s is %s', (url, listener) => {
    expect(ask(url).listener).toBe(listener);
  });

  test('can be named, and is where it was really bound', () => {
    expect(ask('/', { listener: 'socket' })).toMatchObject({ listener: 'socket', address: 'unix:/run/y.sock' });
  });

  test('is the first where nothing tells, and the others are named', () => {
    expect(ask('/users').notes).toEqual([
      'the URL names no listener, so it is the first; the others are other, socket',
    ]);
    expect(ask('http://127.0.0.1:8080/').notes).toEqual([]);
  });

  test.each([
    [{ listener: 'wbe' }, 'there is no listener wbe (did you mean "web"?)'],
    [{ listener: '__proto__' }, 'there is no listener __proto__; there are web, other, db, socket'],
    [{ client: 'localhost' }, 'client localhost: must be an IP address'],
    [{ headers: ['a: b\r\nc: d'] }, 'a line break is no part of a method, a URL or a header'],
  ])('%j makes no sense: %s', (parts, problem) => {
    const question = {
      method: 'GET',
      url: '/',
      headers: [],
      body: undefined,
      listener: undefined,
      client: '::1',
      ...parts,
    };
    expect(explain(question, world(THREE))).toEqual({ problem });
  });
});

describe('routes are tried in order', () => {
  const NO_ORDERS = 'path is "/api"; wanted: one that is "/orders"';
  const whys = (explanation: Explanation) => explanation.routes.map(({ why }) => why);

  test('up to the first that matches', () => {
    const explanation = ask('http://127.0.0.1:8080/orders', { method: 'PUT' });
    expect(explanation.routes).toEqual([{ name: 'orders', matches: true, condition: null, why: '' }]);
    expect(explanation).toMatchObject({ route: 'orders', cluster: 'plain', outcome: 'forwarded', status: null });
  });

  test.each<[string, Partial<Question>, readonly string[]]>([
    [
      '/',
      {},
      [
        'path is "/"; wanted: one that is "/orders"',
        'no header x-beta; wanted: one that is "on"',
        'path is "/"; wanted: one that begins with the segments "/api"',
        'path is "/"; wanted: one that begins with the segments "/users"',
      ],
    ],
    [
      '/orders',
      { headers: ['x-beta: off'] },
      ['method is "GET"; wanted: one that is "POST" or "PUT"', 'header x-beta is "off"; wanted: one that is "on"'],
    ],
    [
      '/api',
      { headers: ['x-beta: on'] },
      [NO_ORDERS, 'no query parameter b', 'host is "127.0.0.1"; wanted: one that is a name below example.org'],
    ],
    [
      '/api?b',
      { headers: ['x-beta: on', 'cookie: a=1'] },
      [NO_ORDERS, 'no cookie beta; wanted: one that begins with "t"'],
    ],
    [
      '/api?b',
      { headers: ['x-beta: on', 'cookie: beta=é'] },
      [NO_ORDERS, 'cookie beta is "é"; wanted: one that begins with "t"'],
    ],
    [
      '/users',
      { headers: ['x-bot: 1'] },
      [
        'path is "/users"; wanted: one that is "/orders"',
        'no header x-beta; wanted: one that is "on"',
        'path is "/users"; wanted: one that begins with the segments "/api"',
        'header x-bot is "1"; wanted: none',
      ],
    ],
  ])('%s %j', (url, parts, expected) => {
    expect(whys(ask(`http://127.0.0.1:8080${url}`, parts)).slice(0, expected.length)).toEqual(expected);
  });

  test('and where none matches the answer is 404', () => {
    expect(ask('http://127.0.0.1:8080/nowhere')).toMatchObject({
      route: null,
      cluster: null,
      candidates: null,
      outcome: 'no_route',
      status: 404,
    });
  });
});

describe('a request that is none', () => {
  test.each<[Partial<Question>, string, number, string]>([
    [{ headers: ['host: a b'] }, 'bad_request', 400, 'invalid Host'],
    [{ method: 'GE T' }, 'bad_request', 400, 'malformed'],
    [{ url: '/a b' }, 'bad_request', 400, 'malformed'],
    [{ method: 'CONNECT' }, 'bad_request', 400, 'CONNECT is not supported'],
    [{ headers: ['content-length: 1', 'transfer-encoding: chunked'] }, 'bad_request', 400, 'both Content-Length'],
    [{ headers: ['expect: miracles', 'content-length: 1'] }, 'bad_request', 417, 'unknown expectation'],
    [{ headers: Array.from({ length: 5 }, (_, i) => `x-${i}: 1`) }, 'head_too_large', 431, 'more than 5 header fields'],
    [{ headers: [`x: ${'y'.repeat(1_024)}`] }, 'head_too_large', 431, 'more bytes than max_head'],
  ])('%j is refused as %s with %d: %s', (parts, outcome, status, note) => {
    const explanation = ask('/', { listener: 'web', ...parts });
    expect(explanation).toMatchObject({ outcome, status, routes: [], route: null });
    expect(explanation.notes.at(-1)).toContain(note);
  });

  test('with Max-Forwards 0 is answered here', () => {
    expect(ask('*', { method: 'OPTIONS', headers: ['max-forwards: 0'] })).toMatchObject({
      outcome: 'answered',
      status: 200,
    });
  });
});

describe('the key', () => {
  test.each<[string, Partial<Question>, string, string, readonly string[]]>([
    ['/users/42', { headers: ['x-user-id: é'] }, 'é', 'header x-user-id', []],
    ['/users/42', {}, '42', 'path segment 2', ['header x-user-id']],
    ['/users', {}, '192.0.2.7', 'source ip', ['header x-user-id', 'path segment 2']],
    [
      '/users',
      { headers: ['x-forwarded-for: 198.51.100.1'] },
      '192.0.2.7',
      'source ip',
      ['header x-user-id', 'path segment 2'],
    ],
    [
      '/users',
      { client: '10.0.0.1', headers: ['x-forwarded-for: 198.51.100.1'] },
      '198.51.100.1',
      'source ip',
      ['header x-user-id', 'path segment 2'],
    ],
  ])('of %s %j is %s, from %s', (url, parts, value, from, missing) => {
    const explanation = ask(`http://127.0.0.1:8080${url}`, parts);
    expect(explanation).toMatchObject({ route: 'no-bots', cluster: 'users', key: { value, from }, missing });
    expect(explanation.hash).toBe(murmur3(Buffer.from(value).toString('latin1')).toString(16).padStart(8, '0'));
    expect(explanation.positions).toBe(480);
  });

  test('of a tcp connection is the address of the client', () => {
    expect(ask('tcp://127.0.0.1:5432')).toMatchObject({
      protocol: 'tcp',
      route: null,
      cluster: 'users',
      key: { value: '192.0.2.7', from: 'address of the client' },
    });
  });

  test('that is not there leaves it to chance', () => {
    const explanation = ask('/', { listener: 'socket' });
    expect(explanation).toMatchObject({ key: null, hash: null, missing: ['header x-user-id', 'cookie uid'] });
    expect(explanation.by).toBe('chance: the request carries no key');
  });

  test('of a policy that has no use for one is not looked for', () => {
    const explanation = ask('http://127.0.0.1:8080/orders', { method: 'POST' });
    expect(explanation).toMatchObject({ key: null, missing: [], hash: null, endpoint: null, by: 'whose turn it is' });
    expect(explanation.candidates!.map(({ id, accepted }) => [id, accepted])).toEqual([
      ['p1', true],
      ['p2', true],
    ]);
  });
});

test('endpoints that are not known are no outage', () => {
  const explanation = ask('/', { listener: 'socket', headers: ['x-user-id: alice'] });
  expect(explanation).toMatchObject({ outcome: 'unknown', status: null, endpoint: null, candidates: null, up: null });
  expect(explanation.hash).toMatch(/^[0-9a-f]{8}$/);
  expect(explanation.notes).toContain('it is in Consul');
});

test('without anybody who is up the answer is 503', () => {
  const down = THREE.map((endpoint) => ({ ...endpoint, health: 'down' as const, healthReason: 'x' }));
  for (const users of [[], down]) {
    expect(ask('/users', {}, users)).toMatchObject({ outcome: 'no_endpoint', status: 503, endpoint: null });
  }
});
