import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { compileInterests } from '../../sidecar/http1/interests.ts';
import type { RequestHead } from '../../sidecar/http1/request-head.ts';
import { compileRoute, type Route, routeHeaderNames, routeHolds, whyNot } from '../../sidecar/route.ts';
import { match } from '../../src/config/match.ts';
import { bytes, receiveRequest } from '../support/http-codec.ts';

/** `match` as the file has it → cluster, in the order of the list. */
function routesOf(...matches: readonly unknown[]) {
  const configs = matches.map((it, i) => ({
    match: v.parse(match, it),
    to: `to-${i}`,
  }));
  const names = routeHeaderNames(configs);
  const interests = compileInterests(names);
  return { routes: configs.map((config, i) => compileRoute(config, i, interests)), names };
}

function findRoute(routes: readonly Route[], head: RequestHead): Route | undefined {
  return routes.find((route) => routeHolds(route, head));
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
    [{ prefix: 'Shop.' }, 'SHOP.example.org', true],
    [{ prefix: 'shop.' }, 'a.shop.example.org', false],
    [{ regex: '^(www|shop)\\.example\\.(com|org)$' }, 'Shop.example.org:80', true],
    [{ regex: '^(www|shop)\\.example\\.(com|org)$' }, 'shop.example.org.evil.example', false],
  ])('%j holds for %s: %s', (host, asked, expected) => {
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
    [{ path_regex: '^/users/\\d+$' }, '/users/42?x', true],
    [{ path_regex: '^/users/\\d+$' }, '/users/me', false],
    [{ path_regex: 'admin' }, '/x/admin/y', true],
    [{ path_regex: 'x' }, '/a?x', false],
    [{ path_regex: '^/a', path: '/ab' }, '/ab', true],
    [{ path_regex: '^/a$', path: '/ab' }, '/ab', false],
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
    [{ regex: '^mobile|tablet$' }, 'X-Client: a tablet\r\n', true],
    [{ regex: '^mobile' }, 'X-Client: a mobile\r\n', false],
    [{ regex: '(?i)MOBILE' }, 'X-Client: a Mobile\r\n', true],
    [{ regex: '^é+$' }, 'X-Client: éé\r\n', true],
    [{ regex: '^$' }, 'X-Client:\r\n', true],
    [{ regex: '^$' }, '', false],
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
    [{ regex: 'c$' }, 'Cookie: a=bc\r\n', true],
    [{ regex: 'c$' }, 'Cookie: a=b; c=c\r\n', false],
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
    [{ regex: '^[xyz]+$' }, '/?a=%78yz', true],
    [{ regex: '^[xyz]+$' }, '/?a=abc', false],
    [{ present: true }, '/?&&a&', true],
    [{ present: false }, '/?b=a', true],
    [{ present: false }, '/', true],
    [{ present: true }, '/', false],
  ])('a parameter %j holds for %s: %s', (condition, target, expected) => {
    expect(holds({ query: { a: condition } }, `GET ${target}`)).toBe(expected);
  });
});

describe('a mobile client', () => {
  const PHONE = 'User-Agent: Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/130 Mobile Safari/537.36\r\n';
  const DESK = 'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0\r\n';
  test.each([
    ['', false],
    [PHONE, true],
    [DESK, false],
    ['User-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148\r\n', true],
    ['User-Agent: Mozilla/5.0 (Android 15; Mobile; rv:130.0) Firefox/130.0\r\n', true],
    ['User-Agent: Mozilla/5.0 (Linux; Android 15; Tablet) Chrome/130 Safari/537.36\r\n', false],
    ['User-Agent: mobile\r\n', false],
    [`Sec-CH-UA-Mobile: ?1\r\n${DESK}`, true],
    [`Sec-CH-UA-Mobile: ?0\r\n${PHONE}`, false],
    ['Sec-CH-UA-Mobile: ?1;v=2\r\n', true],
    ['Sec-CH-UA-Mobile: ?11\r\n', false],
    ['Sec-CH-UA-Mobile: ?1\r\nSec-CH-UA-Mobile: ?0\r\n', false],
  ])('is told by %j: %s', (fields, expected) => {
    expect(holds({ client: 'mobile' }, 'GET /', fields)).toBe(expected);
  });
});

describe('names that every object has', () => {
  test.each(['__proto__', 'constructor', 'toString'])('%s is a name like any other', (name) => {
    // As the file is read: a computed key, not the prototype of the mapping.
    const named = { [name]: '1' };
    expect(holds({ cookies: named }, 'GET /', `Cookie: ${name}=1\r\n`)).toBe(true);
    expect(holds({ cookies: named }, 'GET /', 'Cookie: a=1\r\n')).toBe(false);
    expect(holds({ query: named }, `GET /?${name}=1`)).toBe(true);
    expect(holds({ query: named }, 'GET /')).toBe(false);
    expect(holds({ headers: named }, 'GET /', `${name}: 1\r\n`)).toBe(true);
    expect(holds({ headers: named }, 'GET /')).toBe(false);
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
      findRoute(routes, request(line, fields, names))?.config.to;
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

  test('have the name of their configuration', () => {
    const config = { name: 'users', match: v.parse(match, {}), to: 'users' };
    expect(compileRoute(config, 0, compileInterests([]))).toMatchObject({ name: 'users', config });
  });
});

describe('why a route does not hold', () => {
  test.each<[object, string, string, object | undefined]>([
    [{ path: '/a' }, 'GET /a', '', undefined],
    [{ path: '/a' }, 'GET /b?c', '', { condition: 'match.path', wants: 'is "/a"', actual: '/b' }],
    [
      { path_prefix: '/a', methods: ['GET', 'PUT'] },
      'POST /a/b',
      '',
      { condition: 'match.methods', wants: 'is "GET" or "PUT"', actual: 'POST' },
    ],
    [
      { path_prefix: '/a' },
      'GET /b',
      '',
      { condition: 'match.path_prefix', wants: 'begins with the segments "/a"', actual: '/b' },
    ],
    [
      { path_regex: '^/\\d' },
      'GET /b',
      '',
      { condition: 'match.path_regex', wants: 'matches "^/\\\\d"', actual: '/b' },
    ],
    [
      { host: '*.example.com' },
      'GET /',
      'Host: Example.COM:80\r\n',
      { condition: 'match.host', wants: 'is a name below example.com', actual: 'example.com' },
    ],
    [
      { headers: { 'x-a': { prefix: 'm' } } },
      'GET /',
      'X-A: n\r\n',
      { condition: 'match.headers.x-a', wants: 'begins with "m"', actual: 'n' },
    ],
    [
      { cookies: { c: { present: true } } },
      'GET /',
      '',
      { condition: 'match.cookies.c', wants: 'is there', actual: undefined },
    ],
    [{ query: { q: '1' } }, 'GET /?q=2', '', { condition: 'match.query.q', wants: 'is "1"', actual: '2' }],
    [
      { client: 'mobile' },
      'GET /',
      'User-Agent: curl/8\r\n',
      { condition: 'match.client', wants: 'is a telephone by Sec-CH-UA-Mobile or User-Agent', actual: 'curl/8' },
    ],
  ])('%j for %s %j', (condition, line, fields, expected) => {
    const { routes, names } = routesOf(condition);
    const head = request(line, fields, names);
    const [route] = routes as [Route];
    expect(whyNot(route, head)).toEqual(expected);
    expect(routeHolds(route, head)).toBe(expected === undefined);
  });
});
