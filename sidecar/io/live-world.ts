/** What explanations see of a running sidecar: its configuration, and its clusters as they are at this moment. */
import { policyFor } from '../../src/balance/policies.ts';
import type { ClusterView } from '../../src/cluster-view.ts';
import type { Config } from '../../src/config/root.ts';
import type { ClusterState } from '../explain/cluster-state.ts';
import type { ExplainedWorld } from '../explain/explained-world.ts';
import type { SplitWeights } from '../split-weights.ts';
import type { Serving } from './serving.ts';
import { findPinned } from './sticky-pins.ts';

export interface LiveParts {
  readonly config: Config;
  readonly views: readonly ClusterView[];
  readonly serving: Pick<Serving, 'endpointTraffic'>;
  readonly weights: SplitWeights;
}

/** `addresses`: where listeners are really bound, by name. With workers the snapshots are those of the main thread. */
export function liveWorld(
  { config, views, serving, weights }: LiveParts,
  addresses: ReadonlyMap<string, string>,
): ExplainedWorld {
  return {
    config,
    addresses,
    policyOf: (cluster) => policyFor(config.clusters[cluster]?.balance ?? { policy: 'round_robin' }),
    stateOf: (cluster) => {
      const view = views.find(({ name }) => name === cluster);
      return view === undefined ? `cluster ${cluster} is not there` : stateOf(view, serving);
    },
    pinnedBy: findPinned,
    weights,
  };
}

function stateOf(view: ClusterView, serving: LiveParts['serving']): ClusterState {
  return {
    snapshot: view.snapshot,
    source: view.discovery.source,
    inFlightOf: (endpoint) => serving.endpointTraffic(view.name, endpoint)?.inFlight ?? 0,
    secondsInStatus: (id) => view.secondsInStatus?.(id),
  };
}
