import { expect, test } from 'vitest';
import { ringHash } from '../../src/balance/ring-hash.ts';
import { reportClusters } from '../../src/clusters-report.ts';
import { clusterView, discovered } from '../support/cluster-views.ts';

const plain = { requiredClusters: new Set<string>(), endpointDetails: () => ({}) };

test('a report holds all there is to know of a cluster, in words that JSON keeps', () => {
  const endpoints = [
    discovered('node-a/users-1', { host: '10.0.0.7', port: 8080, weight: 2, locality: 'dc1' }),
    discovered('node-b/users-2', { host: '::1', health: 'down', healthReason: 'check "alive" is critical' }),
    discovered('node-c/users-3', { health: 'draining', healthReason: 'maintenance' }),
  ];
  const discovery = { state: 'stale', error: 'status 500', ageSeconds: 12.34567, held: 'would lose 2 of 3' } as const;
  const view = clusterView('users', endpoints, { discovery });
  const report = reportClusters([view], {
    requiredClusters: new Set(['users']),
    endpointDetails: (cluster, endpoint) => ({ in_flight: cluster === 'users' ? endpoint.slot : -1 }),
  });
  expect(JSON.parse(JSON.stringify(report))).toEqual({
    clusters: [
      {
        name: 'users',
        required: true,
        started: true,
        up: 1,
        fingerprint: null,
        snapshot_version: 2,
        discovery: {
          source: 'consul',
          state: 'stale',
          age_seconds: 12.346,
          index: '42',
          error: 'status 500',
          held: 'would lose 2 of 3',
          from_saved: false,
          skipped: [],
          updates: { applied: 1, unchanged: 0, held: 0, failed: 0 },
        },
        endpoints: [
          {
            id: 'node-a/users-1',
            address: '10.0.0.7:8080',
            weight: 2,
            locality: 'dc1',
            status: 'up',
            reason: '',
            status_seconds: null,
            in_flight: 0,
          },
          {
            id: 'node-b/users-2',
            address: '[::1]:80',
            weight: 1,
            locality: null,
            status: 'down',
            reason: 'check "alive" is critical',
            status_seconds: null,
            in_flight: 1,
          },
          {
            id: 'node-c/users-3',
            address: '10.0.0.1:80',
            weight: 1,
            locality: null,
            status: 'draining',
            reason: 'maintenance',
            status_seconds: null,
            in_flight: 2,
          },
        ],
      },
    ],
  });
});

test('what is not known is null, never left out', () => {
  const discovery = { state: 'waiting', ageSeconds: undefined, index: undefined } as const;
  const [cluster] = reportClusters([clusterView('users', [], { started: false, discovery })], plain).clusters;
  expect(cluster).toMatchObject({
    started: false,
    discovery: { age_seconds: null, index: null, error: null, held: null },
  });
});

test('clusters come by name, and a ring shows its fingerprint', () => {
  const views = ['b', 'a'].map((name) => clusterView(name, [discovered('n/1')], { policy: ringHash }));
  const { clusters } = reportClusters(views, plain);
  expect(clusters.map(({ name }) => name)).toEqual(['a', 'b']);
  expect(clusters[0]!.fingerprint).toBe(views[0]!.snapshot.fingerprint);
  expect(clusters[0]!.fingerprint).not.toBe('');
});

test('a detail of the house cannot hide what every endpoint has', () => {
  const lying = { requiredClusters: new Set<string>(), endpointDetails: () => ({ status: 'splendid', id: 'x' }) };
  const [cluster] = reportClusters([clusterView('users', [discovered('n/1')])], lying).clusters;
  expect(cluster!.endpoints[0]).toMatchObject({ id: 'n/1', status: 'up' });
});

test('how long an endpoint has had its status is told where somebody counts it', () => {
  const view = { ...clusterView('users', [discovered('n/1')]), secondsInStatus: () => 12.345_678 };
  expect(reportClusters([view], plain).clusters[0]!.endpoints[0]).toMatchObject({ status_seconds: 12.346 });
});
