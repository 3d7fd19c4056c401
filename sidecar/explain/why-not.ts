/** Why a route does not match: its conditions one by one, each judged by the very code that judges requests. */
import type { RouteConfig } from '../../src/config/listener.ts';
import type { MatchConfig, ValueMatch } from '../../src/config/match.ts';
import { bytesOf, textOf } from '../../src/hash.ts';
import { hostName } from '../http1/host.ts';
import type { Interests } from '../http1/interests.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { cookieValue, queryValue } from '../query.ts';
import { compileRoute, findRoute } from '../route.ts';

/** One condition alone, and why it does not hold where it does not. */
interface Condition {
  readonly match: MatchConfig;
  readonly why: () => string;
}

/** The first condition of `route` that does not hold for `head`, in one sentence; empty where all of them do. */
export function whyNot(route: RouteConfig, interests: Interests, head: RequestHead): string {
  for (const { match, why } of conditionsOf(route.match, interests, head)) {
    const alone = compileRoute({ ...route, match }, 0, interests);
    if (findRoute([alone], head) === undefined) return why();
  }
  return '';
}

function conditionsOf(match: MatchConfig, interests: Interests, head: RequestHead): readonly Condition[] {
  const { path, path_prefix: prefix, methods, host } = match;
  const none: MatchConfig = { headers: [], cookies: [], query: [] };
  const conditions: Condition[] = [];
  const add = (part: Partial<MatchConfig>, why: () => string): void => {
    conditions.push({ match: { ...none, ...part }, why });
  };
  if (path !== undefined) add({ path }, () => `the path is not ${path}`);
  if (prefix !== undefined) add({ path_prefix: prefix }, () => `the path is not below ${prefix}`);
  if (methods !== undefined) add({ methods }, () => `the method is not ${methods.join(' or ')}`);
  if (host !== undefined) add({ host }, () => `the host ${hostName(head.host)} is not ${host}`);
  for (const it of match.headers) {
    const value = () => head.values[interests.slotOf(it.name) ?? -1];
    add({ headers: [it] }, () => whyValue(`header ${it.name}`, it.condition, value()));
  }
  for (const it of match.query) {
    const value = () => queryValue(head.query, bytesOf(it.name));
    add({ query: [it] }, () => whyValue(`query parameter ${it.name}`, it.condition, value()));
  }
  for (const it of match.cookies) {
    const value = () => cookieValue(head.values[interests.slotOf('cookie') ?? -1] ?? '', bytesOf(it.name));
    add({ cookies: [it] }, () => whyValue(`cookie ${it.name}`, it.condition, value()));
  }
  return conditions;
}

function whyValue(what: string, condition: ValueMatch, value: string | undefined): string {
  if (value === undefined) return `there is no ${what}`;
  const shown = JSON.stringify(textOf(value));
  if ('equals' in condition) return `${what} is ${shown}, not ${JSON.stringify(condition.equals)}`;
  if ('prefix' in condition) return `${what} is ${shown} and does not begin with ${JSON.stringify(condition.prefix)}`;
  return `there is a ${what}`;
}
