/** What it costs to find the route of a request among many. */
import * as v from 'valibot';
import { compileInterests } from '../../sidecar/http1/interests.ts';
import { RequestHead, readRequestHead } from '../../sidecar/http1/request-head.ts';
import { compileRoute, routeHeaderNames } from '../../sidecar/route.ts';
import { RouteIndex } from '../../sidecar/route-index.ts';
import { match } from '../../src/config/match.ts';
import { cpuMs } from './cost.ts';
import type { Figure } from './figure.ts';

const COUNT = 1_000;
const BOUND_NS = 2_000;
const LAST = COUNT - 1;

/** All of them have to be asked: nothing is promised. */
const ALIKE = 'patterns that all begin alike';

/** What each of the routes asks for, and the path of a request for the last of them. */
const ROWS: readonly (readonly [name: string, match: (i: number) => unknown, path: string])[] = [
  ['paths', (i) => ({ path: `/api/service-${i}` }), `/api/service-${LAST}`],
  ['path prefixes', (i) => ({ path_prefix: `/api/service-${i}` }), `/api/service-${LAST}/users/42?a=b`],
  ['headers', (i) => ({ headers: { 'x-tenant': `t${i}` } }), '/'],
  ['hosts', (i) => ({ host: `h${i}.example.com` }), '/'],
  [
    'patterns, each with a beginning of its own',
    (i) => ({ path_regex: `^/service-${i}/v[0-9]+/` }),
    `/service-${LAST}/v2/x`,
  ],
  [ALIKE, (i) => ({ path_regex: `^/v[0-9]+/service-${i}/` }), `/v2/service-${LAST}/x`],
];

export function routesFigure(): Figure {
  const broken: string[] = [];
  const rows = ROWS.map(([name, matchOf, path]) => {
    const nanoseconds = cost(matchOf, path, name === ALIKE ? 50 : 20_000);
    if (name !== ALIKE && nanoseconds > BOUND_NS)
      broken.push(`${name}: ${nanoseconds.toFixed(0)} ns are above ${BOUND_NS}`);
    return [name, `${nanoseconds.toLocaleString('en', { maximumFractionDigits: 0 })} ns`];
  });
  return {
    name: 'routes',
    table: [[`${COUNT.toLocaleString('en')} routes by`, 'per request'], ...rows],
    note: 'The request is for the last of them; processor time, the best of 5 rounds. Patterns that begin alike are asked one after the other: a `path_prefix` or `host` beside them spares that.',
    broken,
  };
}

function cost(matchOf: (i: number) => unknown, path: string, calls: number): number {
  const configs = Array.from({ length: COUNT }, (_, i) => ({ match: v.parse(match, matchOf(i)), to: `to-${i}` }));
  const interests = compileInterests(routeHeaderNames(configs));
  const routes = configs.map((config, i) => compileRoute(config, i, interests));
  const index = new RouteIndex(routes, interests);
  const head = new RequestHead();
  const text = `GET ${path} HTTP/1.1\r\nHost: h${LAST}.example.com\r\nX-Tenant: t${LAST}\r\n\r\n`;
  readRequestHead(text, head, interests, false, { maxHeaders: 100 });
  if (index.find(head) !== routes.at(-1)) throw new Error(`${path} is not for the last route`);
  return cpuMs(calls, () => index.find(head)) * 1e6;
}
