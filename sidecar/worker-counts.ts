/** The names under which a data path counts, and the traffic that is read from counts with these names. */
import type { ListenerConfig } from '../src/config/listener.ts';
import type { Endpoint } from '../src/endpoint.ts';
import { LimitCounts } from './limit-counts.ts';
import type { ClusterTraffic, ListenerTraffic } from './metrics.ts';
import { routeName } from './route.ts';
import {
  ClusterCounts,
  DurationHistogram,
  EndpointCounts,
  type FindCounts,
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
  if (config.protocol !== 'http') return { ...common, routes: [], durations: [] };
  const routes = config.routes.map((route, index) => {
    const name = routeName(route, index);
    return { route: name, cluster: route.to, counts: RequestCounts.found(find, ...path, ...routePath(name)) };
  });
  const durations = [...new Set(config.routes.map((route) => route.to))].map((cluster) => {
    return { cluster, histogram: new DurationHistogram(reading(find, ...path, ...clusterPath(cluster))) };
  });
  const unrouted = { route: '', cluster: '', counts: RequestCounts.found(find, ...path, UNROUTED) };
  return { ...common, routes: [unrouted, ...routes], durations };
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
