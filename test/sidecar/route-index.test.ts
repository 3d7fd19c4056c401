import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { compileInterests } from '../../sidecar/http1/interests.ts';
import type { RequestHead } from '../../sidecar/http1/request-head.ts';
import { compileRoute, type Route, routeHeaderNames, routeHolds } from '../../sidecar/route.ts';
import { RouteIndex } from '../../sidecar/route-index.ts';
import { match } from '../../src/config/match.ts';
import { bytes, receiveRequest } from '../support/http-codec.ts';

function compile(matches: readonly unknown[]) {
  const configs = matches.map((it, i) => ({ match: v.parse(match, it), to: `to-${i}` }));
  const names = routeHeaderNames(configs);
  const interests = compileInterests(names);
  const routes = configs.map((config, i) => compileRoute(config, i, interests));
  return { routes, names, index: new RouteIndex(routes, interests) };
}

function request(path: string, host: string, fields: string, interests: readonly string[]): RequestHead {
  const { head } = receiveRequest([bytes(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${fields}\r\n`)], { interests });
  if (head === undefined) throw new Error(`not a request: ${path} ${host}`);
  return head;
}

const segments = fc.array(fc.constantFrom('a', 'b', 'ab', ''), { maxLength: 4 }).map((parts) => `/${parts.join('/')}`);
const hosts = fc.constantFrom('a.test', 'b.test', 'x.a.test', 'y.x.a.test', 'test', 'A.test:80', '[::1]');
const hostConditions = fc.constantFrom('a.test', 'b.test', '*.a.test', '*.x.a.test', '*.test', '[::1]');
const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 });

const matches = fc
  .record({
    path: some(segments),
    path_prefix: some(segments),
    path_regex: some(fc.constantFrom('^/a', '^/a/', '^/a/b', 'b$', '^/(a|b)/', '^/ab?/')),
    host: some(fc.oneof(hostConditions, fc.constantFrom({ regex: '^[ax]' }, { prefix: 'x.' }))),
    headers: some(fc.constantFrom({ 'x-a': '1' }, { 'x-a': '2' }, { 'x-b': '1' }, { 'x-a': { prefix: '1' } })),
  })
  .map((record) => Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)));

const requests = fc.record({
  path: segments,
  host: hosts,
  fields: fc.constantFrom('', 'x-a: 1\r\n', 'x-a: 2\r\n', 'x-b: 1\r\nx-a: 12\r\n'),
});

describe('an index of routes', () => {
  test('gives the same route as asking all of them in turn', () => {
    fc.assert(
      fc.property(
        fc.array(matches, { minLength: 9, maxLength: 40 }),
        fc.array(requests, { minLength: 8, maxLength: 8 }),
        (list, asked) => {
          const { routes, names, index } = compile(list);
          for (const { path, host, fields } of asked) {
            const head = request(path, host, fields, names);
            const expected = routes.find((route) => routeHolds(route, head));
            expect(index.find(head)?.name).toBe(expected?.name);
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  /** How many routes are asked about a request. */
  function asked(list: readonly unknown[], path: string, host = 'a.test', fields = ''): number {
    const configs = list.map((it, i) => ({ match: v.parse(match, it), to: `to-${i}` }));
    const names = routeHeaderNames(configs);
    const interests = compileInterests(names);
    let count = 0;
    const routes = configs.map((config, i): Route => {
      const route = compileRoute(config, i, interests);
      const holds = (): boolean => {
        count += 1;
        return true;
      };
      const counting = { path: '', wants: '', actual: () => undefined, holds };
      return { ...route, conditions: [counting, ...route.conditions] };
    });
    new RouteIndex(routes, interests).find(request(path, host, fields, names));
    return count;
  }

  const thousand = <T>(one: (i: number) => T): readonly T[] => Array.from({ length: 1_000 }, (_, i) => one(i));

  test.each<[string, readonly unknown[], string, string, string]>([
    ['paths', thousand((i) => ({ path: `/p/${i}` })), '/p/999', 'a.test', ''],
    ['prefixes', thousand((i) => ({ path_prefix: `/p/${i}` })), '/p/999/x', 'a.test', ''],
    ['prefixes with a slash', thousand((i) => ({ path_prefix: `/p/${i}/` })), '/p/999/x', 'a.test', ''],
    ['patterns', thousand((i) => ({ path_regex: `^/p/${i}/[0-9]+$` })), '/p/999/1', 'a.test', ''],
    ['hosts', thousand((i) => ({ host: `h${i}.test`, path_prefix: '/' })), '/', 'h999.test', ''],
    ['domains', thousand((i) => ({ host: `*.h${i}.test`, path_prefix: '/' })), '/', 'a.b.h999.test', ''],
    ['headers', thousand((i) => ({ headers: { 'x-tenant': `t${i}` } })), '/', 'a.test', 'x-tenant: t999\r\n'],
  ])('of a thousand %s asks one', (_what, list, path, host, fields) => {
    expect(asked(list, path, host, fields)).toBe(1);
  });

  test('asks nobody about a path that none is filed under, however many segments it has', () => {
    const list = thousand((i) => ({ path_prefix: `/p/${i}` }));
    expect(asked(list, '/a'.repeat(10_000))).toBe(0);
  });

  test('is asked anew when the host changes', () => {
    const { names, index } = compile(thousand((i) => ({ host: `h${i}.test` })));
    const found = ['h1.test', 'h2.test', 'H1.test:80', 'x.test', 'h1.test.'].map(
      (host) => index.find(request('/', host, '', names))?.name,
    );
    expect(found).toEqual(['routes[1]', 'routes[2]', 'routes[1]', undefined, 'routes[1]']);
  });

  test('knows OPTIONS *', () => {
    const { names, index } = compile([...thousand((i) => ({ path_prefix: `/p/${i}` })), {}]);
    const { head } = receiveRequest([bytes('OPTIONS * HTTP/1.1\r\nHost: a.test\r\n\r\n')], { interests: names });
    expect(index.find(head!)?.name).toBe('routes[1000]');
  });
});
