import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { compileInterests } from '../../sidecar/http1/interests.ts';
import type { RequestHead } from '../../sidecar/http1/request-head.ts';
import { compileRoute, findRoute, routeHeaderNames } from '../../sidecar/route.ts';
import { match } from '../../src/config/match.ts';
import { bytes, receiveRequest } from '../support/http-codec.ts';

/** `match` as the file has it → cluster, in the order of the list. */
function routesOf(...matches: readonly unknown[]) {
  const configs = matches.map((it, i) => ({
    name: undefined,
    match: v.parse(match, it),
    to: `to-${i}`,
    timeout: undefined,
  }));
  const names = routeHeaderNames(configs);
  const interests = compileInterests(names);
  return { routes: configs.map((config, i) => compileRoute(config, i, interests)), names };
}

/** Text as it arrives: UTF-8, one character an octet. */
const arrives = (text: string): string => Buffer.from(text).toString('latin1');

function request(line: string, fields: string, interests: readonly string[]): RequestHead {
  const host = /^host:/im.test(fields) ? '' : 'Host: example.org\r\n';
  const { head } = receiveRequest([bytes(arrives(`${line} HTTP/1.1\r\n${host}${fields}\r\n`))], { interests });
  if (head === undefined) throw new Error(`not a request: ${line}`);
  return head;
}

function holds(condition: unknown, line: string, fields = ''): boolean {
  const { routes, names } = routesOf(condition);
  return findRoute(routes, request(line, fields, names)) !== undefined;
}

describe('a condition on the host', () => {
  test.each([
    ['shop.example.com', 'shop.example.com', true],
    ['Shop.Example.com', 'SHOP.example.COM:8080', true],
    ['shop.example.com', 'shop.example.com.', true],
    ['shop.example.com', 'shop.example.org', false],
    ['shop.example.com', 'a.shop.example.com', false],
    ['*.example.com', 'shop.example.com', true],
    ['*.example.com', 'A.b.example.com:80', true],
    ['*.example.com', 'example.com', false],
    ['*.example.com', '.example.com', false],
    ['*.example.com', 'shopexample.com', false],
    ['*.example.com', 'shop.example.com.evil.example', false],
    ['[::1]', '[::1]:8080', true],
    ['[::1]', '[::2]', false],
  ])('%s holds for %s: %s', (host, asked, expected) => {
    expect(holds({ host }, 'GET /', `Host: ${asked}\r\n`)).toBe(expected);
  });

  test('is asked anew when the host changes', () => {
    const { routes, names } = routesOf({ host: 'a.example' });
    const answers = ['a.example', 'b.example', 'a.example', 'b.example', 'b.example', 'A.example'].map(
      (host) => findRoute(routes, request('GET /', `Host: ${host}\r\n`, names)) !== undefined,
    );
    expect(answers).toEqual([true, false, true, false, false, true]);
  });
});

describe('a condition on the path', () => {
  test.each([
    [{ path: '/a' }, '/a', true],
    [{ path: '/a' }, '/a?b=c', true],
    [{ path: '/a' }, '/a/', false],
    [{ path: '/a' }, '/A', false],
    [{ path: '/%61' }, '/a', false],
    [{ path_prefix: '/api' }, '/api', true],
    [{ path_prefix: '/api' }, '/api?x', true],
    [{ path_prefix: '/api' }, '/api/', true],
    [{ path_prefix: '/api' }, '/api/x', true],
    [{ path_prefix: '/api' }, '/apiary', false],
    [{ path_prefix: '/api' }, '/API/x', false],
    [{ path_prefix: '/api' }, '/x/api', false],
    [{ path_prefix: '/api' }, '/ap', false],
    [{ path_prefix: '/api/' }, '/api/x', true],
    [{ path_prefix: '/api/' }, '/api/', true],
    [{ path_prefix: '/api/' }, '/api', false],
    [{ path_prefix: '/' }, '/', true],
    [{ path_prefix: '/' }, '/anything', true],
    [{ path_prefix: '/api' }, 'http://example.org/api/x', true],
    [{ path_prefix: '/example.org' }, 'http://example.org/api', false],
  ])('%j holds for %s: %s', (condition, target, expected) => {
    expect(holds(condition, `GET ${target}`)).toBe(expected);
  });

  test('never holds for OPTIONS *, which has no path', () => {
    expect(holds({ path_prefix: '/' }, 'OPTIONS *')).toBe(false);
    expect(holds({}, 'OPTIONS *')).toBe(true);
  });
});

describe('a condition on', () => {
  test.each([
    [['GET', 'POST'], 'POST', true],
    [['GET'], 'POST', false],
    [['GET'], 'get', false],
    [['GET'], 'HEAD', false],
  ])('the methods %j holds for %s: %s', (methods, method, expected) => {
    expect(holds({ methods }, `${method} /`)).toBe(expected);
  });

  test.each([
    ['mobile', 'X-Client: mobile\r\n', true],
    ['mobile', 'x-client:\t mobile \r\n', true],
    ['mobile', 'X-Client: mobile-1\r\n', false],
    ['mobile', 'X-Client: Mobile\r\n', false],
    ['mobile', '', false],
    ['a, b', 'X-Client: a\r\nX-Client: b\r\n', true],
    ['', 'X-Client:\r\n', true],
    ['é', 'X-Client: é\r\n', true],
    [{ prefix: 'mob' }, 'X-Client: mobile\r\n', true],
    [{ prefix: 'é' }, 'X-Client: été\r\n', true],
    [{ prefix: 'mob' }, 'X-Client: a mob\r\n', false],
    [{ prefix: 'mob' }, '', false],
    [{ present: true }, 'X-Client:\r\n', true],
    [{ present: true }, 'X-Clients: 1\r\n', false],
    [{ present: false }, '', true],
    [{ present: false }, 'X-Client: 1\r\n', false],
  ])('a header %j holds for %j: %s', (condition, fields, expected) => {
    expect(holds({ headers: { 'X-Client': condition } }, 'GET /', fields)).toBe(expected);
  });

  test('a header that only trusted peers may send does not hold for the claims of others', () => {
    expect(holds({ headers: { 'x-forwarded-proto': 'https' } }, 'GET /', 'X-Forwarded-Proto: https\r\n')).toBe(false);
  });

  test.each([
    ['b', 'Cookie: a=b\r\n', true],
    ['b', 'Cookie: x=1; a=b; y=2\r\n', true],
    ['b', 'Cookie: x=1\r\ncookie: a=b\r\n', true],
    ['b', 'Cookie: a=c; a=b\r\n', false],
    ['b', 'Cookie: aa=b\r\n', false],
    ['b', 'Cookie: A=b\r\n', false],
    ['', 'Cookie: a=\r\n', true],
    ['', 'Cookie: a\r\n', false],
    ['"b"', 'Cookie: a="b"\r\n', true],
    ['b=c', 'Cookie: a=b=c\r\n', true],
    ['à', 'Cookie: a=à\r\n', true],
    [{ prefix: 'b' }, 'Cookie: a=bc\r\n', true],
    [{ present: true }, 'Cookie: a=\r\n', true],
    [{ present: false }, 'Cookie: b=a\r\n', true],
    [{ present: false }, '', true],
  ])('a cookie %j holds for %j: %s', (condition, fields, expected) => {
    expect(holds({ cookies: { a: condition } }, 'GET /', fields)).toBe(expected);
  });

  test.each([
    ['1', '/?a=1', true],
    ['1', '/?b=2&a=1', true],
    ['1', '/?a=2&a=1', false],
    ['1', '/?aa=1', false],
    ['1', '/?A=1', false],
    ['1', '/a=1', false],
    ['', '/?a', true],
    ['', '/?a=', true],
    ['x y', '/?a=x+y', true],
    ['x y', '/?a=x%20y', true],
    ['+', '/?a=%2b', true],
    ['é', '/?a=%C3%A9', true],
    ['%', '/?a=%', true],
    ['%zz', '/?a=%zz', true],
    ['%41', '/?a=%2541', true],
    ['1=2', '/?a=1=2', true],
    ['1?b', '/?a=1?b', true],
    ['1', '/?%61=1', true],
    [{ prefix: 'x' }, '/?a=xyz', true],
    [{ present: true }, '/?&&a&', true],
    [{ present: false }, '/?b=a', true],
    [{ present: false }, '/', true],
    [{ present: true }, '/', false],
  ])('a parameter %j holds for %s: %s', (condition, target, expected) => {
    expect(holds({ query: { a: condition } }, `GET ${target}`)).toBe(expected);
  });
});

describe('routes', () => {
  test('end at the first that holds in all its conditions', () => {
    const { routes, names } = routesOf(
      { path_prefix: '/a', methods: ['POST'], headers: { 'x-a': '1' } },
      { path_prefix: '/a', cookies: { c: '1' } },
      { path_prefix: '/a' },
      { host: 'other.example' },
    );
    expect(names).toEqual(['x-a', 'cookie']);
    const to = (line: string, fields = ''): string | undefined =>
      findRoute(routes, request(line, fields, names))?.cluster;
    expect(to('POST /a', 'X-A: 1\r\nCookie: c=1\r\n')).toBe('to-0');
    expect(to('POST /a', 'X-A: 2\r\nCookie: c=1\r\n')).toBe('to-1');
    expect(to('GET /a/b', 'X-A: 1\r\n')).toBe('to-2');
    expect(to('GET /b', 'Host: other.example\r\n')).toBe('to-3');
    expect(to('GET /b')).toBeUndefined();
    expect(findRoute([], request('GET /', '', []))).toBeUndefined();
  });

  test('without conditions hold for everything, and are named by their place', () => {
    const { routes } = routesOf({}, {});
    expect(routes.map(({ name }) => name)).toEqual(['routes[0]', 'routes[1]']);
    expect(findRoute(routes, request('PURGE /x', '', []))).toBe(routes[0]);
  });

  test('have the name and the time limit of their configuration', () => {
    const interests = compileInterests([]);
    const config = { name: 'users', match: v.parse(match, {}), to: 'users', timeout: 2_000 };
    expect(compileRoute(config, 0, interests)).toMatchObject({ name: 'users', cluster: 'users', timeoutMs: 2_000 });
  });
});
