/** The metric families that both roles have of their clusters, from what anyone may see of a cluster. */
import type { ClusterView } from './cluster-view.ts';
import type { MetricsText } from './metrics.ts';
import { type Snapshot, statusOf, UP } from './snapshot.ts';

/** Writes one family after the other, each over all clusters: the text format wants the samples of a family together. */
export function collectClusterMetrics(clusters: readonly ClusterView[], writer: MetricsText): void {
  writer.family('outrigger_endpoint_up', 'gauge', 'Whether an endpoint gets new work (1) or not (0).');
  for (const { name, snapshot } of clusters) {
    for (const [endpoint, up] of upByAddress(snapshot)) writer.sample({ cluster: name, endpoint }, up);
  }
  writer.family('outrigger_ring_info', 'gauge', 'Fingerprint of the hash ring; equal wherever the ring is equal.');
  for (const { name, snapshot } of clusters) {
    if (snapshot.fingerprint !== '') writer.sample({ cluster: name, fingerprint: snapshot.fingerprint }, 1);
  }
  writer.family(
    'outrigger_discovery_age_seconds',
    'gauge',
    'Seconds since discovery last answered; +Inf before its first answer.',
  );
  for (const { name, discovery } of clusters) {
    // A static list never grows old, and an alarm on age should not have to know which clusters have one.
    if (discovery.source === 'static') continue;
    writer.sample({ cluster: name }, discovery.ageSeconds ?? Number.POSITIVE_INFINITY);
  }
  writer.family('outrigger_discovery_updates_total', 'counter', 'Answers and failures of discovery, by result.');
  for (const { name, discovery } of clusters) {
    for (const [result, count] of Object.entries(discovery.updates)) writer.sample({ cluster: name, result }, count);
  }
  writer.family('outrigger_probes_not_asked_total', 'counter', 'Probes that were not made: too many were under way.');
  for (const { name, probesNotAsked } of clusters) {
    if (probesNotAsked !== undefined) writer.sample({ cluster: name }, probesNotAsked);
  }
}

/** Two ids may share an address; their series is one, and it is up when either is. */
function upByAddress(snapshot: Snapshot): ReadonlyMap<string, 0 | 1> {
  const up = new Map<string, 0 | 1>();
  for (const endpoint of snapshot.endpoints) {
    if (statusOf(snapshot, endpoint) === UP) up.set(endpoint.address, 1);
    else if (!up.has(endpoint.address)) up.set(endpoint.address, 0);
  }
  return up;
}
