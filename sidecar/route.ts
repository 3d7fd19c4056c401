/** Routes: from a request head to the first rule whose conditions all hold. */
import type { RouteConfig } from '../src/config/listener.ts';
import type { MatchConfig, ValueMatch } from '../src/config/match.ts';
import { bytesOf } from '../src/hash.ts';
import { hostName } from './http1/host.ts';
import type { Interests } from './http1/interests.ts';
import type { RequestHead } from './http1/request-head.ts';
import { cookieValue, queryValue } from './query.ts';

type Condition = (head: RequestHead) => boolean;

export interface Route {
  /** `name` of the configuration, or its place in the list: `routes[0]`. */
  readonly name: string;
  readonly cluster: string;
  /** Instead of the cluster's own limit; undefined where that one holds. */
  readonly timeoutMs: number | undefined;
  /** In the order in which they are checked: the cheap ones first. */
  readonly conditions: readonly Condition[];
}

/** Lower-cased names of the header fields that these routes read. */
export function routeHeaderNames(routes: readonly RouteConfig[]): readonly string[] {
  return routes.flatMap(({ match }) => [
    ...match.headers.map((header) => header.name),
    ...(match.cookies.length > 0 ? ['cookie'] : []),
  ]);
}

export function routeName({ name }: RouteConfig, index: number): string {
  return name ?? `routes[${index}]`;
}

export function compileRoute(config: RouteConfig, index: number, interests: Interests): Route {
  return {
    name: routeName(config, index),
    cluster: config.to,
    timeoutMs: config.timeout,
    conditions: compileMatch(config.match, interests),
  };
}

/** The first route whose conditions all hold; undefined when none does. */
export function findRoute<R extends Pick<Route, 'conditions'>>(routes: readonly R[], head: RequestHead): R | undefined {
  for (const route of routes) if (holds(route, head)) return route;
  return undefined;
}

function holds(route: Pick<Route, 'conditions'>, head: RequestHead): boolean {
  const { conditions } = route;
  for (let i = 0; i < conditions.length; i += 1) if (!(conditions[i] as Condition)(head)) return false;
  return true;
}

function compileMatch(match: MatchConfig, interests: Interests): readonly Condition[] {
  const conditions: Condition[] = [];
  const { path, path_prefix: prefix, methods, host } = match;
  if (path !== undefined) conditions.push((head) => head.path === path);
  if (prefix !== undefined) conditions.push(pathPrefix(prefix));
  if (methods !== undefined) conditions.push((head) => methods.includes(head.method));
  if (host !== undefined) conditions.push(hostCondition(host));
  for (const { name, condition } of match.headers) {
    const slot = interests.slotOf(name) ?? -1;
    const test = compileValue(condition);
    conditions.push((head) => test(head.values[slot]));
  }
  for (const { name, condition } of match.query) {
    const test = compileValue(condition);
    const wanted = bytesOf(name);
    conditions.push((head) => test(queryValue(head.query, wanted)));
  }
  const cookies = interests.slotOf('cookie') ?? -1;
  for (const { name, condition } of match.cookies) {
    const test = compileValue(condition);
    const wanted = bytesOf(name);
    conditions.push((head) => test(cookieValue(head.values[cookies] ?? '', wanted)));
  }
  return conditions;
}

/** Whole segments: `/api` holds for `/api` and `/api/x`, not for `/apiary`; `/api/` only for what is below it. */
function pathPrefix(prefix: string): Condition {
  if (prefix.endsWith('/')) return (head) => head.path.startsWith(prefix);
  const below = `${prefix}/`;
  return (head) => head.path.startsWith(prefix) && (head.path.length === prefix.length || head.path.startsWith(below));
}

/** `*.example.com` holds for any name below example.com, at any depth; case and port do not matter. */
function hostCondition(wanted: string): Condition {
  const test = wanted.startsWith('*.')
    ? (host: string) => host.length > wanted.length - 1 && host.endsWith(wanted.slice(1))
    : (host: string) => host === wanted;
  // Nearly all requests of a listener name one of very few hosts.
  let lastHost = '';
  let lastHolds = false;
  return (head) => {
    if (head.host === lastHost) return lastHolds;
    lastHost = head.host;
    lastHolds = test(hostName(head.host));
    return lastHolds;
  };
}

function compileValue(condition: ValueMatch): (value: string | undefined) => boolean {
  if ('equals' in condition) {
    const equals = bytesOf(condition.equals);
    return (value) => value === equals;
  }
  if ('prefix' in condition) {
    const prefix = bytesOf(condition.prefix);
    return (value) => value?.startsWith(prefix) === true;
  }
  return (value) => (value !== undefined) === condition.present;
}
