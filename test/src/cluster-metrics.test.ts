import { expect, test } from 'vitest';
import { ringHash } from '../../src/balance/ring-hash.ts';
import { collectClusterMetrics } from '../../src/cluster-metrics.ts';
import type { ClusterView } from '../../src/cluster-view.ts';
import { MetricsText } from '../../src/metrics.ts';
import { clusterView, discovered } from '../support/cluster-views.ts';
import { parsePrometheusText, seriesValue } from '../support/prometheus-text.ts';

function collect(...views: ClusterView[]) {
  const text = new MetricsText();
  collectClusterMetrics(views, text);
  return parsePrometheusText(text.toString());
}

test('every family is there with its type, also without clusters', () => {
  expect([...collect()].map(([name, { type }]) => `${name} ${type}`)).toEqual([
    'outrigger_endpoint_up gauge',
    'outrigger_ring_info gauge',
    'outrigger_discovery_age_seconds gauge',
    'outrigger_discovery_updates_total counter',
    'outrigger_probes_not_asked_total counter',
  ]);
});

test('an endpoint is 1 when it gets new work and 0 when it is down or draining', () => {
  const families = collect(
    clusterView('users', [
      discovered('n/1', { port: 1 }),
      discovered('n/2', { port: 2, health: 'down' }),
      discovered('n/3', { port: 3, health: 'draining' }),
    ]),
  );
  const up = [1, 2, 3].map((port) =>
    seriesValue(families, 'outrigger_endpoint_up', { cluster: 'users', endpoint: `10.0.0.1:${port}` }),
  );
  expect(up).toEqual([1, 0, 0]);
});

test('two ids at one address are one series, up when either is', () => {
  const families = collect(clusterView('users', [discovered('n/1', { health: 'down' }), discovered('n/2')]));
  const labels = { cluster: 'users', endpoint: '10.0.0.1:80' };
  expect(seriesValue(families, 'outrigger_endpoint_up', labels)).toBe(1);
});

test('a ring shows its fingerprint, a policy without a ring shows none', () => {
  const ring = clusterView('users', [discovered('n/1')], { policy: ringHash });
  const families = collect(ring, clusterView('orders', [discovered('n/1')]));
  expect(families.get('outrigger_ring_info')!.samples).toEqual([
    { name: 'outrigger_ring_info', labels: { cluster: 'users', fingerprint: ring.snapshot.fingerprint }, value: 1 },
  ]);
});

test('discovery shows its age and its results; before its first answer the age is infinite, so an alarm sees it', () => {
  const updates = { applied: 3, unchanged: 5, held: 1, failed: 2 };
  const families = collect(
    clusterView('users', [], { discovery: { ageSeconds: 1.5, updates } }),
    clusterView('orders', [], { discovery: { state: 'waiting', ageSeconds: undefined } }),
  );
  expect(seriesValue(families, 'outrigger_discovery_age_seconds', { cluster: 'users' })).toBe(1.5);
  expect(seriesValue(families, 'outrigger_discovery_age_seconds', { cluster: 'orders' })).toBe(
    Number.POSITIVE_INFINITY,
  );
  for (const [result, count] of Object.entries(updates)) {
    expect(seriesValue(families, 'outrigger_discovery_updates_total', { cluster: 'users', result })).toBe(count);
  }
});

test('a static list has no age', () => {
  const families = collect(clusterView('users', [], { discovery: { source: 'static', ageSeconds: 86_400 } }));
  expect(families.get('outrigger_discovery_age_seconds')!.samples).toEqual([]);
});

test('probes that got no turn are counted, for clusters that are probed', () => {
  const families = collect({ ...clusterView('users', []), probesNotAsked: 7 }, clusterView('orders', []));
  expect(families.get('outrigger_probes_not_asked_total')!.samples).toEqual([
    { name: 'outrigger_probes_not_asked_total', labels: { cluster: 'users' }, value: 7 },
  ]);
});
