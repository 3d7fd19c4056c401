import { describe, expect, test } from 'vitest';
import { LIMITS, LimitCounts } from '../../sidecar/limit-counts.ts';
import { MirrorCounts } from '../../sidecar/mirror.ts';
import { SeriesCatalog } from '../../sidecar/series-catalog.ts';
import {
  ClusterCounts,
  DurationHistogram,
  EndpointCounts,
  KeylessCount,
  type NewCounts,
  RequestCounts,
  within,
} from '../../sidecar/traffic.ts';
import {
  BYTES,
  clusterPath,
  clusterTraffic,
  countsFormerEndpoint,
  endpointPath,
  listenerPath,
  listenerTraffic,
  mirrorPath,
  routePath,
  splitPath,
  UNROUTED,
} from '../../sidecar/worker-counts.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { CountLedger } from '../../src/count-ledger.ts';
import type { Endpoint } from '../../src/endpoint.ts';
import { clusterView, discovered } from '../support/cluster-views.ts';

const parsed = parseConfig(
  `
listeners:
  - name: web
    listen: 127.0.0.1:0
    protocol: http
    routes:
      - { name: api, match: { path_prefix: /api }, to: users, mirror: { to: next } }
      - { to: users }
  - name: split
    listen: 127.0.0.2:0
    protocol: http
    routes:
      - { name: shop, split: [ { to: users, weight: 9 }, { to: canary, weight: 1 } ], split_key: [ { cookie: uid } ] }
      - redirect: { path: /x }
  - { name: raw, listen: "127.0.0.1:0", protocol: tcp, to: users }
clusters:
  users: { discover: { static: [ "127.0.0.1:9" ] } }
  canary: { discover: { static: [ "127.0.0.1:9" ] } }
  next: { discover: { static: [ "127.0.0.1:10" ] } }
`,
  { file: 'f', env: {} },
);
if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
const catalog = new SeriesCatalog();
catalog.note(parsed.config.listeners);
const [web, split, raw] = catalog.listeners;

/** What a worker does when it asks for counts. */
const announced =
  (ledger: CountLedger, worker: number): NewCounts =>
  (name, length) => {
    const counts = new Float64Array(length);
    ledger.add(worker, name, counts);
    return counts;
  };

describe('traffic read from the counts of workers', () => {
  test('shows each listener and route with the sum of all workers', () => {
    const ledger = new CountLedger();
    for (const worker of [0, 1]) {
      const own = within(announced(ledger, worker), ...listenerPath('web'));
      new RequestCounts(within(own, UNROUTED)).countRefused('no_route', 404);
      const api = new RequestCounts(within(own, ...routePath('api', 'users')));
      api.countForwarded(200);
      new MirrorCounts(within(own, ...mirrorPath('api', 'next'))).count(worker === 1 ? '2xx' : 'timeout');
      if (worker === 1) api.countRefused('timeout', 504);
      new RequestCounts(within(own, ...routePath('routes[1]', 'users'))).countForwarded(201);
      new DurationHistogram(within(own, ...clusterPath('users'))).observe(3);
      own(BYTES, 2).set([100, 200]);
      const exceeded = new LimitCounts(own);
      for (let i = 0; i <= worker; i += 1) exceeded.count('max_head');
    }
    const traffic = listenerTraffic(web!, (name) => ledger.find(name), 5);
    expect(traffic).toMatchObject({ name: 'web', connections: 5 });
    const mirrors = traffic.mirrors.map(({ route, cluster, counts }) => [route, cluster, counts.of('2xx')]);
    expect(mirrors).toEqual([['api', 'next', 1]]);
    expect(LIMITS.map((limit) => traffic.exceeded.of(limit))).toEqual(LIMITS.map((it) => (it === 'max_head' ? 3 : 0)));
    expect(traffic.bytes).toEqual({ received: 200, sent: 400 });
    expect(traffic.routes.map(({ route, counts }) => [route, [...counts.entries()]])).toEqual([
      ['', [{ status: 404, reason: 'no_route', count: 2 }]],
      [
        'api',
        [
          { status: 200, reason: '', count: 2 },
          { status: 504, reason: 'timeout', count: 1 },
        ],
      ],
      ['routes[1]', [{ status: 201, reason: '', count: 2 }]],
    ]);
    const [durations, ...more] = traffic.durations;
    expect(more).toEqual([]);
    expect(durations).toMatchObject({ cluster: 'users', histogram: { sumMs: 6 } });
    expect([...durations!.histogram.counts].reduce((sum, count) => sum + count)).toBe(2);
  });

  test('shows the arms of a split by themselves, and answers of our own without a cluster', () => {
    const ledger = new CountLedger();
    for (const worker of [0, 1]) {
      const own = within(announced(ledger, worker), ...listenerPath('split'));
      new RequestCounts(within(own, ...routePath('shop', 'users'))).countForwarded(200);
      new RequestCounts(within(own, ...routePath('shop', 'canary'))).countForwarded(201);
      new RequestCounts(within(own, ...routePath('routes[1]', ''))).countForwarded(302);
      new KeylessCount(within(own, ...splitPath('shop'))).count();
    }
    const { routes, splits, durations } = listenerTraffic(split!, (name) => ledger.find(name), 0);
    expect(routes.map(({ route, cluster, counts }) => [route, cluster, [...counts.entries()]])).toEqual([
      ['', '', []],
      ['shop', 'users', [{ status: 200, reason: '', count: 2 }]],
      ['shop', 'canary', [{ status: 201, reason: '', count: 2 }]],
      ['routes[1]', '', [{ status: 302, reason: '', count: 2 }]],
    ]);
    expect(splits).toEqual([{ route: 'shop', keyless: 2 }]);
    expect(durations.map(({ cluster }) => cluster)).toEqual(['users', 'canary']);
  });

  test('is all zeros before anyone has counted', () => {
    const traffic = listenerTraffic(raw!, () => undefined, 0);
    expect(LIMITS.every((limit) => traffic.exceeded.of(limit) === 0)).toBe(true);
    expect(traffic).toEqual({
      name: 'raw',
      connections: 0,
      exceeded: expect.any(LimitCounts),
      bytes: { received: 0, sent: 0 },
      routes: [{ route: '', cluster: '', counts: expect.any(RequestCounts) }],
      splits: [],
      mirrors: [],
      durations: [],
    });
    expect(listenerTraffic(web!, () => undefined, 0).routes.flatMap(({ counts }) => [...counts.entries()])).toEqual([]);
  });

  test('shows the endpoints that the cluster holds, also those that no worker has used', () => {
    const ledger = new CountLedger();
    const view = clusterView('users', [discovered('a', { host: '10.0.0.1' }), discovered('b', { host: '10.0.0.2' })]);
    const { endpoints } = view.snapshot;
    for (const worker of [0, 1]) {
      const own = within(announced(ledger, worker), ...clusterPath('users'));
      const cluster = new ClusterCounts(own);
      cluster.countRetries('failure', 2);
      cluster.countKeyless();
      const counts = new EndpointCounts(within(own, ...endpointPath(endpoints[0] as Endpoint)));
      counts.countStatus(200);
      counts.count('timeout');
      counts.activeConnections += 1;
    }
    const traffic = clusterTraffic(
      { name: 'users', endpoints },
      (name) => ledger.find(name),
      (slot) => slot + 1,
    );
    expect(traffic).toMatchObject({ name: 'users', retries: { success: 0, failure: 4 }, keyless: 2 });
    const [a, b] = traffic.endpoints;
    expect([a!.inFlight, b!.inFlight]).toEqual([1, 2]);
    expect([...a!.counts.outcomes]).toEqual([0, 2, 0, 0, 0, 0, 0, 0, 2, 0]);
    expect(a!.counts.activeConnections).toBe(2);
    expect([...b!.counts.outcomes].every((count) => count === 0)).toBe(true);
  });
});

test('counts of an endpoint that has left are told from those of one that stays', () => {
  const view = clusterView('users', [discovered('n/a', { host: '10.0.0.1' }), discovered('n/b', { host: '10.0.0.2' })]);
  const [stays, left] = view.snapshot.endpoints;
  const isGone = countsFormerEndpoint('users', [stays!]);
  const named = (cluster: string, endpoint: Endpoint): string =>
    [...clusterPath(cluster), ...endpointPath(endpoint), 'outcomes'].join('/');
  expect(isGone(named('users', stays!))).toBe(false);
  expect(isGone(named('users', left!))).toBe(true);
  // A cluster that takes the place of another has slots of its own for the same endpoints.
  expect(isGone(named('users', { ...stays!, slot: 9 }))).toBe(false);
  expect(isGone(named('other', left!))).toBe(false);
  expect(isGone('cluster/users/requests')).toBe(false);
});
