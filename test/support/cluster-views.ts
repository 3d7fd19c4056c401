/** Cluster views made by hand: the real snapshots of the core under a discovery status that the test chooses. */

import type { Policy } from '../../src/balance/policy.ts';
import { roundRobin } from '../../src/balance/round-robin.ts';
import { Cluster } from '../../src/cluster.ts';
import type { ClusterView, DiscoveryStatus } from '../../src/cluster-view.ts';
import { type DiscoveredEndpoint, endpointId } from '../../src/endpoint.ts';

export const CURRENT: DiscoveryStatus = {
  source: 'consul',
  state: 'current',
  ageSeconds: 0.25,
  index: '42',
  error: undefined,
  held: undefined,
  fromSaved: false,
  skipped: [],
  updates: { applied: 1, unchanged: 0, held: 0, failed: 0 },
};

export interface ViewParts {
  readonly discovery?: Partial<DiscoveryStatus>;
  readonly started?: boolean;
  readonly policy?: Policy;
}

export function discovered(id: string, parts: Partial<DiscoveredEndpoint> = {}): DiscoveredEndpoint {
  return { id: endpointId(id), host: '10.0.0.1', port: 80, weight: 1, health: 'up', healthReason: '', ...parts };
}

export function clusterView(
  name: string,
  endpoints: readonly DiscoveredEndpoint[],
  parts: ViewParts = {},
): ClusterView {
  const policy = parts.policy ?? roundRobin;
  const cluster = new Cluster({ policy, probe: undefined, random: () => 0.5, loadOf: () => 0 });
  cluster.replaceEndpoints(endpoints);
  return {
    name,
    snapshot: cluster.snapshot,
    started: parts.started ?? true,
    discovery: { ...CURRENT, ...parts.discovery },
    onChange: () => () => undefined,
  };
}
