/** What a listener reads of each request: the fields and the places in bodies that its routes and their keys ask for. */
import { type ClusterConfig, keyPartsOf } from '../src/config/cluster.ts';
import type { HttpListenerConfig } from '../src/config/listener.ts';
import { compileInterests, type Interests } from './http1/interests.ts';
import { compileJsonInterests } from './json/json-interests.ts';
import { keyHeaderNames, keyPointers } from './request-key.ts';
import { routeHeaderNames, routePointers } from './route.ts';
import { splitHeaderNames } from './split-choice.ts';
import { countedClusters } from './worker-counts.ts';

/** `balanceOf` is asked for clusters that requests or their copies go to. */
export function listenerInterests(
  { routes, limits }: Pick<HttpListenerConfig, 'routes' | 'limits'>,
  balanceOf: (cluster: string) => ClusterConfig['balance'],
): Interests {
  const mirrors = routes.flatMap(({ mirror }) => mirror?.to ?? []);
  const clusters = new Set([...routes.flatMap(countedClusters), ...mirrors]);
  const keys = [...clusters].flatMap((cluster) => keyPartsOf(balanceOf(cluster)));
  const names = [
    ...routeHeaderNames(routes),
    ...routes.flatMap(splitHeaderNames),
    ...(routes.some((route) => route.sticky_cookie !== undefined) ? ['cookie'] : []),
    ...keyHeaderNames(keys),
  ];
  const pointers = [
    ...routePointers(routes),
    ...keyPointers(routes.flatMap(({ split_key = [] }) => split_key)),
    ...keyPointers(keys),
  ];
  return compileInterests(names, compileJsonInterests(pointers, limits.max_json_body));
}
