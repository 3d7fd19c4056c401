/** The names under which a data path counts, and the traffic that is read from counts with these names. */
import type { RouteConfig } from '../src/config/listener.ts';
import type { Endpoint } from '../src/endpoint.ts';
import { LimitCounts } from './limit-counts.ts';
import type { ClusterTraffic, ListenerTraffic } from './metrics.ts';
import { MirrorCounts } from './mirror.ts';
import type { ListenerSeries } from './series-catalog.ts';
import {
  ClusterCounts,
  DurationHistogram,
  EndpointCounts,
  type FindCounts,
  KeylessCount,
  RequestCounts,
  reading,
} from './traffic.ts';

/** Received, sent. */
export const BYTES = 'bytes';
export const UNROUTED = 'unrouted';
export const DROPPED_LOG_LINES = 'dropped_log_lines';

export function listenerPath(listener: string): readonly string[] {
  return ['listener', listener];
}

/**
 * Requests of a route, each arm of a split by itself; `cluster` is empty where the route answers. With the cluster: a
 * route that leads elsewhere after a reload counts anew.
 */
export function routePath(route: string, cluster: string): readonly string[] {
  return ['route', route, cluster];
}

/** Copies of the requests of a route. */
export function mirrorPath(route: string, cluster: string): readonly string[] {
  return ['mirror', route, cluster];
}

export function splitPath(route: string): readonly string[] {
  return ['split', route];
}

/** Clusters that a route leads to; none where it answers by itself. */
export function countedClusters({ to, split = [] }: RouteConfig): readonly string[] {
  return to === undefined ? split.map((arm) => arm.to) : [to];
}

export function clusterPath(cluster: string): readonly string[] {
  return ['cluster', cluster];
}

/** Whatever its slot: a cluster that was replaced by a reload has others for the same endpoints. */
export function endpointPath({ id, address }: Pick<Endpoint, 'id' | 'address'>): readonly string[] {
  return ['endpoint', `${id} ${address}`];
}

/** Whether a name belongs to an endpoint of `cluster` that is not among `endpoints`. */
export function countsFormerEndpoint(cluster: string, endpoints: readonly Endpoint[]): (name: string) => boolean {
  const all = [...clusterPath(cluster), 'endpoint', ''].join('/');
  const held = endpoints.map((endpoint) => [...clusterPath(cluster), ...endpointPath(endpoint), ''].join('/'));
  const heldNames = new Set(held);
  return (name) => name.startsWith(all) && !heldNames.has(name.slice(0, name.lastIndexOf('/') + 1));
}

/** Whether a name belongs to a cluster that is not among `clusters`. */
export function countsFormerCluster(clusters: readonly string[]): (name: string) => boolean {
  const held = new Set(clusters);
  return (name) => {
    const [kind, cluster = ''] = name.split('/', 2);
    return kind === 'cluster' && !held.has(cluster);
  };
}

export function listenerTraffic(
  { name, routes }: ListenerSeries,
  find: FindCounts,
  connections: number,
): ListenerTraffic {
  const path = listenerPath(name);
  const counts = reading(find, ...path);
  const [received = 0, sent = 0] = counts(BYTES, 2);
  const requests = routes.filter(({ kind }) => kind !== 'mirror');
  const routed = new Set(requests.map(({ cluster }) => cluster).filter((cluster) => cluster !== ''));
  const splits = new Set(routes.filter(({ kind }) => kind === 'arm').map(({ route }) => route));
  return {
    name,
    connections,
    exceeded: new LimitCounts(counts),
    bytes: { received, sent },
    routes: requests.map(({ route, cluster }) => {
      const own = route === '' ? [UNROUTED] : routePath(route, cluster);
      return { route, cluster, counts: RequestCounts.found(find, ...path, ...own) };
    }),
    splits: [...splits].map((route) => {
      return { route, keyless: new KeylessCount(reading(find, ...path, ...splitPath(route))).total };
    }),
    mirrors: routes
      .filter(({ kind }) => kind === 'mirror')
      .map(({ route, cluster }) => {
        return { route, cluster, counts: new MirrorCounts(reading(find, ...path, ...mirrorPath(route, cluster))) };
      }),
    durations: [...routed].map((cluster) => {
      return { cluster, histogram: new DurationHistogram(reading(find, ...path, ...clusterPath(cluster))) };
    }),
  };
}

export function clusterTraffic(
  { name, endpoints }: { readonly name: string; readonly endpoints: readonly Endpoint[] },
  find: FindCounts,
  inFlightOf: (slot: number) => number,
): ClusterTraffic {
  const { retries, keyless } = new ClusterCounts(reading(find, ...clusterPath(name)));
  return {
    name,
    retries,
    keyless,
    endpoints: endpoints.map((endpoint) => {
      return { endpoint, counts: endpointCounts(name, endpoint, find), inFlight: inFlightOf(endpoint.slot) };
    }),
  };
}

export function endpointCounts(cluster: string, endpoint: Endpoint, find: FindCounts): EndpointCounts {
  return new EndpointCounts(reading(find, ...clusterPath(cluster), ...endpointPath(endpoint)));
}
