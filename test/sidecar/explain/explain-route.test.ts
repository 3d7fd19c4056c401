/** What a route does beside choosing an endpoint, as explanations tell it. */
import { describe, expect, test } from 'vitest';
import { explain } from '../../../sidecar/explain/explain.ts';
import type { ExplainedWorld } from '../../../sidecar/explain/explained-world.ts';
import type { Explanation } from '../../../sidecar/explain/explanation.ts';
import type { Question } from '../../../sidecar/explain/question.ts';
import { policyFor } from '../../../src/balance/policies.ts';
import { offlineSnapshot } from '../../../src/offline-snapshot.ts';
import { configOf } from '../../support/dns-zone.ts';
import { discovered } from '../../support/endpoints.ts';

const config = configOf(`
trusted_proxies: [ 10.0.0.0/8 ]
listeners:
  - name: web
    listen: 127.0.0.1:8080
    protocol: http
    limits: { max_json_body: 1KiB }
    routes:
      - { match: { path_prefix: /kind, json: { /kind: a } }, to: plain }
      - name: canary
        match: { path_prefix: /split }
        split: [ { to: plain, weight: 75 }, { to: keyed, weight: 25 } ]
        split_key: [ { header: x-user-id }, { cookie: uid } ]
        split_override: { header: x-arm, trusted_only: true }
        weights_from: { consul_kv: canary/weights }
      - { match: { path_prefix: /alone }, split: [ { to: plain, weight: 1 }, { to: keyed, weight: 0 } ] }
      - { match: { path_prefix: /body }, to: keyed }
      - { match: { path_prefix: /edit }, to: plain, rewrite: { prefix: /v2, host: inner.example }, request_headers: { set: { authorization: secret }, remove: [ x-b ] }, response_headers: { add: { x-c: d } } }
      - { match: { path_prefix: /regex }, to: plain, rewrite: { regex: { pattern: "b+", replace: c } } }
      - { match: { path_prefix: /moved }, redirect: { status: 308, scheme: https, host: new.example } }
      - { match: { path_prefix: /gone }, respond: { status: 410, body: x } }
      - { match: { path_prefix: /sticky }, to: plain, sticky_cookie: { name: srv } }
      - { match: { path_prefix: /copied }, to: plain, mirror: { to: shadow } }
      - { match: { path_prefix: /some }, to: plain, mirror: { to: shadow, share: 5% } }
      - { match: { path_prefix: /self }, to: plain, mirror: { to: same } }
      - { match: { path_prefix: /twice }, to: plain, mirror: { to: plain, allow_same_cluster: true } }
      - { match: { path_prefix: /far }, to: plain, mirror: { to: lost } }
clusters:
  plain: { discover: { static: [] } }
  keyed: { discover: { static: [] }, balance: { policy: maglev, bounded_load: {}, hash_key: [ { json: /user/id }, { jwt: sub }, { path: true } ] } }
  shadow: { discover: { static: [] } }
  lost: { discover: { static: [] } }
  same: { discover: { static: [] } }
`);

const world: ExplainedWorld = {
  config,
  addresses: new Map(),
  policyOf: (cluster) => policyFor(config.clusters[cluster]!.balance),
  stateOf: (cluster) => {
    if (cluster === 'lost') return 'it is in Consul';
    const down = { health: 'down', healthReason: 'x' } as const;
    const endpoints =
      cluster === 'shadow'
        ? [discovered('s', { port: 1 })]
        : [discovered('a', { port: 2 }), discovered('b', { port: 3 }), discovered('c', { port: 4, ...down })];
    return { snapshot: offlineSnapshot(endpoints, world.policyOf(cluster)), source: 'static' };
  },
  pinnedBy: (value, { endpoints }) =>
    value === 'secret' ? 'nobody knows' : endpoints.find(({ id }) => value === `pin-${id}`),
  weights: new Map(),
};

function ask(url: string, parts: Partial<Question> = {}, more: Partial<ExplainedWorld> = {}): Explanation {
  const question = { method: 'GET', headers: [], body: undefined, listener: undefined, client: '192.0.2.7', ...parts };
  const explained = explain({ ...question, url }, { ...world, ...more });
  if ('problem' in explained) throw new Error(explained.problem);
  return explained;
}

describe('a split', () => {
  test('tells the key, where it came from, and how far every arm is from it', () => {
    const { split, cluster, by } = ask('/split', { headers: ['cookie: uid=alice'] });
    expect(split).toMatchObject({
      by: 'key',
      key: { value: 'alice', from: 'cookie uid' },
      missing: ['header x-user-id'],
    });
    expect(split?.arm).toBe(cluster);
    expect(by).not.toBe('');
    expect(split?.arms.map(({ name, weight, share }) => [name, weight, share])).toEqual([
      ['plain', 75, 0.75],
      ['keyed', 25, 0.25],
    ]);
    // It has the key exactly where its share is at least what the key asks for.
    for (const arm of split?.arms ?? []) expect(arm.share >= arm.joins_at!).toBe(arm.name === cluster);
    // Of two arms each gets what the other leaves.
    expect(split!.arms[0]!.joins_at! + split!.arms[1]!.joins_at!).toBeCloseTo(1, 5);
  });

  test('gives the key to another arm exactly at the share it tells', () => {
    const at = (plain: number, keyed: number) =>
      ask(
        '/split',
        { headers: ['x-user-id: bob'] },
        {
          weights: new Map([
            [
              'web/canary',
              new Map([
                ['plain', plain],
                ['keyed', keyed],
              ]),
            ],
          ]),
        },
      );
    const joins = at(75, 25).split!.arms[1]!.joins_at!;
    const weight = Math.round(joins * 10_000);
    expect(at(10_000 - weight - 1, weight + 1).cluster).toBe('keyed');
    expect(at(10_000 - weight + 1, weight - 1).cluster).toBe('plain');
  });

  test('without a key is drawn by chance, so that the cluster is not known', () => {
    expect(ask('/split')).toMatchObject({
      outcome: 'forwarded',
      route: 'canary',
      cluster: null,
      candidates: null,
      split: { arm: null, by: 'chance', key: null, missing: ['header x-user-id', 'cookie uid'] },
      by: 'chance: the request carries no split_key',
    });
  });

  test('of one arm leaves nothing to chance', () => {
    expect(ask('/alone')).toMatchObject({ cluster: 'plain', split: { arm: 'plain', by: 'chance' } });
  });

  test.each([
    ['10.0.0.1', 'keyed', { arm: 'keyed', by: 'override', override: { value: 'keyed', honoured: true, why: '' } }],
    ['10.0.0.1', 'none', { by: 'key', override: { honoured: false, why: 'no arm has that name' } }],
    ['192.0.2.1', 'keyed', { by: 'key', override: { honoured: false, why: 'the peer is not in trusted_proxies' } }],
  ])('hears %s, who names %s, or tells why not', (client, arm, split) => {
    expect(ask('/split', { client, headers: [`x-arm: ${arm}`, 'x-user-id: x'] })).toMatchObject({ split });
  });

  test('goes by the weights in force, and says so where only a running process knows them', () => {
    const note = 'the weights of its split may be others: they come from canary/weights in Consul';
    expect(ask('/split').notes).toContain(note);
    const weights = new Map([
      [
        'web/canary',
        new Map([
          ['plain', 1],
          ['keyed', 3],
        ]),
      ],
    ]);
    const live = ask('/split', {}, { weights });
    expect(live.notes).not.toContain(note);
    expect(live.split?.arms.map(({ share }) => share)).toEqual([0.25, 0.75]);
  });
});

describe('a body', () => {
  const user = '{"user":{"id":42}}';

  test.each<[string, Partial<Question>, string, readonly string[]]>([
    ['is read', { body: user }, 'json /user/id', []],
    ['is read by any type of JSON', { body: user, headers: ['content-type: application/x+json'] }, 'json /user/id', []],
    [
      'of another type is not',
      { body: user, headers: ['content-type: text/plain'] },
      'path',
      ['json /user/id', 'jwt sub'],
    ],
    ['that is no JSON has nothing', { body: '{"user":' }, 'path', ['json /user/id', 'jwt sub']],
    [
      'over the bound is not',
      { body: JSON.stringify({ user: { id: 'x'.repeat(1_024) } }) },
      'path',
      ['json /user/id', 'jwt sub'],
    ],
    ['that is not there neither', {}, 'path', ['json /user/id', 'jwt sub']],
    ['in chunks is read', { body: user, headers: ['transfer-encoding: chunked'] }, 'json /user/id', []],
    [
      'in chunks is bounded too',
      { body: `${user}${' '.repeat(1_024)}`, headers: ['transfer-encoding: chunked'] },
      'path',
      ['json /user/id', 'jwt sub'],
    ],
  ])('%s', (_what, parts, from, missing) => {
    const explanation = ask('/body', { method: 'POST', ...parts });
    expect(explanation).toMatchObject({ key: { from }, missing, positions: 65_537, outcome: 'forwarded' });
  });

  test('decides about the route', () => {
    expect(ask('/kind', { method: 'POST', body: '{"kind":"a"}' })).toMatchObject({ route: 'routes[0]' });
    expect(ask('/kind', { method: 'POST', body: '{"kind":"b"}' }).routes[0]).toEqual({
      name: 'routes[0]',
      matches: false,
      condition: 'match.json./kind',
      why: 'text in the body at /kind is "b"; wanted: one that is "a"',
    });
    expect(ask('/kind').routes[0]?.why).toBe('no text in the body at /kind: the body is not read as JSON');
  });

  test('that is announced and not given leaves it open', () => {
    const headers = ['content-type: application/json', 'content-length: 10'];
    expect(ask('/body', { method: 'POST', headers })).toMatchObject({
      outcome: 'unknown',
      status: null,
      cluster: null,
      notes: expect.arrayContaining(['where it goes depends on its body, which is not given']) as string[],
    });
  });

  test('of another length than was said makes no sense', () => {
    const question = { method: 'POST', url: '/', headers: ['content-length: 3'], body: 'é', listener: undefined };
    expect(explain({ ...question, client: '::1' }, world)).toEqual({
      problem: 'content-length is 3, and the body has 2 bytes',
    });
  });
});

describe('what the route changes', () => {
  test('is told by name, and values are not', () => {
    const explanation = ask('/edit/x?y');
    expect(explanation.changes).toEqual({
      target: '/v2/x?y',
      host: 'inner.example',
      request_headers: { set: ['authorization'], add: [], remove: ['x-b'] },
      response_headers: { set: [], add: ['x-c'], remove: [] },
    });
    expect(JSON.stringify(explanation)).not.toContain('secret');
  });

  test('is nothing where the pattern is not found', () => {
    expect(ask('/regex/bbx').changes).toMatchObject({ target: '/regex/cx', host: null });
    expect(ask('/regex/x').changes).toMatchObject({ target: null });
    expect(ask('/sticky').changes).toBeNull();
  });

  test('cannot be done to a path that is too long', () => {
    const explanation = ask(`/regex/${'x'.repeat(20_000)}`);
    expect(explanation).toMatchObject({ outcome: 'bad_request', status: 414, cluster: null });
    expect(explanation.notes.at(-1)).toMatch(/the path has more than the \d+ bytes that this route can rewrite$/);
  });
});

test.each([
  ['/moved/a?b', { answer: { status: 308, location: 'https://new.example/moved/a?b' }, status: 308 }],
  ['/gone', { answer: { status: 410, location: null }, status: 410 }],
])('%s is answered by its route', (url, expected) => {
  expect(ask(url)).toMatchObject({ outcome: 'answered', cluster: null, candidates: null, ...expected });
});

describe('a sticky cookie', () => {
  test.each([
    ['srv=pin-b', { pinned: { id: 'b' }, honoured: true, why: '' }, { endpoint: { id: 'b' }, by: 'its cookie srv' }],
    ['srv=pin-c', { pinned: { id: 'c' }, honoured: false, why: 'down, by the list: x' }, { endpoint: null }],
    [
      'srv=?',
      {
        pinned: null,
        honoured: false,
        why: 'its value stands for no endpoint of this cluster; the answer sets another',
      },
      {},
    ],
    ['x=pin-b', { pinned: null, honoured: false, why: 'the request has no such cookie; the answer sets it' }, {}],
  ])('%s', (cookie, sticky, rest) => {
    const headers = [`cookie: ${cookie}`];
    expect(ask('/sticky', { headers })).toMatchObject({
      sticky: { cookie: 'srv', ...sticky },
      outcome: 'forwarded',
      ...rest,
    });
  });

  test('whose secret is not known leaves it open', () => {
    expect(ask('/sticky', { headers: ['cookie: srv=secret'] })).toMatchObject({
      sticky: { pinned: null, why: 'nobody knows' },
      outcome: 'unknown',
      endpoint: null,
    });
  });
});

describe('a mirror', () => {
  const s = { id: 's', address: '10.0.0.1:1' };
  test.each<[string, Partial<Question>, object]>([
    ['/copied', {}, { cluster: 'shadow', share: 1, copied: 'yes', why: '', endpoint: s }],
    ['/some', {}, { copied: 'perhaps', why: '5% of the requests are, by chance', endpoint: s }],
    ['/self', {}, { copied: 'no', why: 'the request itself may go to that address', endpoint: null }],
    ['/twice', {}, { copied: 'yes', why: '', endpoint: null }],
    ['/far', {}, { copied: 'unknown', why: 'it is in Consul' }],
    ['/copied', { headers: ['content-length: 70000'] }, { copied: 'no', why: 'its body has more than 65536 bytes' }],
    ['/copied', { headers: ['upgrade: x', 'connection: upgrade'] }, { copied: 'no', why: 'an upgrade is not copied' }],
  ])('%s %j', (url, parts, mirror) => {
    expect(ask(url, parts)).toMatchObject({ mirror, outcome: 'forwarded' });
  });
});
