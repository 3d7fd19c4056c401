/** Routes: from a request head to the first rule whose conditions all hold, and why another one does not. */
import type { RouteConfig } from '../src/config/listener.ts';
import { type Condition, compileMatch, matchHeaderNames } from './condition.ts';
import type { Interests } from './http1/interests.ts';
import type { RequestHead } from './http1/request-head.ts';

export interface Route {
  /** `name` of the configuration, or its place in the list: `routes[0]`. */
  readonly name: string;
  readonly config: RouteConfig;
  /** In the order in which they are checked: the cheap ones first. */
  readonly conditions: readonly Condition[];
}

/** Lower-cased names of the header fields that the conditions of these routes read. */
export function routeHeaderNames(routes: readonly RouteConfig[]): readonly string[] {
  return routes.flatMap(({ match }) => matchHeaderNames(match));
}

/** JSON pointers that the conditions of these routes read in bodies. */
export function routePointers(routes: readonly RouteConfig[]): readonly string[] {
  return routes.flatMap(({ match }) => match.json.map(({ name }) => name));
}

export function routeName({ name }: Pick<RouteConfig, 'name'>, index: number): string {
  return name ?? `routes[${index}]`;
}

export function compileRoute(config: RouteConfig, index: number, interests: Interests): Route {
  return { name: routeName(config, index), config, conditions: compileMatch(config.match, interests) };
}

/** Whether all conditions hold. On the hot path. */
export function routeHolds({ conditions }: Pick<Route, 'conditions'>, head: RequestHead): boolean {
  for (let i = 0; i < conditions.length; i += 1) if (!(conditions[i] as Condition).holds(head)) return false;
  return true;
}

/** The condition that keeps a request from a route. */
export interface Mismatch {
  /** `match.headers.x-client`. */
  readonly condition: string;
  /** `begins with "mobile"`. */
  readonly wants: string;
  /** What the request has there; undefined where it has nothing. */
  readonly actual: string | undefined;
}

/** The first condition that does not hold; undefined where the route holds. */
export function whyNot({ conditions }: Pick<Route, 'conditions'>, head: RequestHead): Mismatch | undefined {
  const failed = conditions.find((condition) => !condition.holds(head));
  if (failed === undefined) return undefined;
  return { condition: failed.path, wants: failed.wants, actual: failed.actual(head) };
}
