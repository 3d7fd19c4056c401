/** The names under which a data path counts, and the traffic that is read from counts with these names. */
import type { HttpListenerConfig, ListenerConfig, RouteConfig } from '../src/config/listener.ts';
import type { Endpoint } from '../src/endpoint.ts';
import { LimitCounts } from './limit-counts.ts';
import type { ClusterTraffic, ListenerTraffic, MirrorTraffic, RouteTraffic, SplitTraffic } from './metrics.ts';
import { MirrorCounts } from './mirror.ts';
import { routeName } from './route.ts';
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

export function routePath(route: string): readonly string[] {
  return ['route', route];
}

/** Clusters that a route leads to; none where it answers by itself. */
export function countedClusters({ to, split = [] }: RouteConfig): readonly string[] {
  return to === undefined ? split.map((arm) => arm.to) : [to];
}

/** Where the requests of a route are counted, each arm of a split by itself; `cluster` is one that it leads to, or empty. */
export function countPath(route: RouteConfig, place: number, cluster: string): readonly string[] {
  const path = routePath(routeName(route, place));
  return route.split === undefined ? path : [...path, ...clusterPath(cluster)];
}

export function clusterPath(cluster: string): readonly string[] {
  return ['cluster', cluster];
}

/** A slot alone would not do: it may have had another owner. */
export function endpointPath({ slot, id, address }: Endpoint): readonly string[] {
  return ['endpoint', `${slot} ${id} ${address}`];
}

/** Whether a name belongs to an endpoint of `cluster` that is not among `endpoints`. */
export function countsFormerEndpoint(cluster: string, endpoints: readonly Endpoint[]): (name: string) => boolean {
  const all = [...clusterPath(cluster), 'endpoint', ''].join('/');
  const held = endpoints.map((endpoint) => [...clusterPath(cluster), ...endpointPath(endpoint), ''].join('/'));
  const heldNames = new Set(held);
  return (name) => name.startsWith(all) && !heldNames.has(name.slice(0, name.lastIndexOf('/') + 1));
}

export function listenerTraffic(config: ListenerConfig, find: FindCounts, connections: number): ListenerTraffic {
  const path = listenerPath(config.name);
  const counts = reading(find, ...path);
  const [received = 0, sent = 0] = counts(BYTES, 2);
  const common = { name: config.name, connections, exceeded: new LimitCounts(counts), bytes: { received, sent } };
  if (config.protocol !== 'http') return { ...common, routes: [], splits: [], mirrors: [], durations: [] };
  const durations = [...new Set(config.routes.flatMap(countedClusters))].map((cluster) => {
    return { cluster, histogram: new DurationHistogram(reading(find, ...path, ...clusterPath(cluster))) };
  });
  const unrouted = { route: '', cluster: '', counts: RequestCounts.found(find, ...path, UNROUTED) };
  return {
    ...common,
    routes: [unrouted, ...routeTraffic(config, find)],
    splits: splitTraffic(config, find),
    mirrors: mirrorTraffic(config, find),
    durations,
  };
}

function routeTraffic({ name: listener, routes }: HttpListenerConfig, find: FindCounts): readonly RouteTraffic[] {
  return routes.flatMap((route, place) => {
    const clusters = countedClusters(route);
    return (clusters.length === 0 ? [''] : clusters).map((cluster) => {
      const counts = RequestCounts.found(find, ...listenerPath(listener), ...countPath(route, place, cluster));
      return { route: routeName(route, place), cluster, counts };
    });
  });
}

function splitTraffic({ name: listener, routes }: HttpListenerConfig, find: FindCounts): readonly SplitTraffic[] {
  return routes.flatMap((route, place) => {
    if (route.split === undefined) return [];
    const name = routeName(route, place);
    const { total } = new KeylessCount(reading(find, ...listenerPath(listener), ...routePath(name)));
    return [{ route: name, keyless: total }];
  });
}

function mirrorTraffic({ name: listener, routes }: HttpListenerConfig, find: FindCounts): readonly MirrorTraffic[] {
  return routes.flatMap((config, place) => {
    if (config.mirror === undefined) return [];
    const route = routeName(config, place);
    const counts = new MirrorCounts(reading(find, ...listenerPath(listener), ...routePath(route)));
    return [{ route, cluster: config.mirror.to, counts }];
  });
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
