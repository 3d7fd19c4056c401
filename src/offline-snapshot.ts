/** The snapshot of a cluster that does not run: what a sidecar would hold if these were its endpoints. */
import type { Policy } from './balance/policy.ts';
import { Cluster } from './cluster.ts';
import type { DiscoveredEndpoint } from './endpoint.ts';
import type { Snapshot } from './snapshot.ts';

/** Nothing is in flight, chance always says 0, and what discovery says of health is all there is. */
export function offlineSnapshot(endpoints: readonly DiscoveredEndpoint[], policy: Policy): Snapshot {
  const cluster = new Cluster({ policy, probe: undefined, random: () => 0, loadOf: () => 0 });
  cluster.replaceEndpoints(endpoints);
  return cluster.snapshot;
}
