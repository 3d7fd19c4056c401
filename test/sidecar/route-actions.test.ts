import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { answerFields, formatAnswerHead } from '../../sidecar/downstream-head.ts';
import { compileHeaderEdits } from '../../sidecar/header-edits.ts';
import type { RequestHead } from '../../sidecar/http1/request-head.ts';
import { ResponseHead, readResponseHead } from '../../sidecar/http1/response-head.ts';
import { compileOwnAnswer, formatOwnAnswer } from '../../sidecar/own-answer.ts';
import { compileRedirect } from '../../sidecar/redirect.ts';
import { compileRequestEdit } from '../../sidecar/request-edit.ts';
import { longestPath } from '../../sidecar/rewrite.ts';
import { responseHeaders } from '../../src/config/header-edits.ts';
import type { RouteConfig } from '../../src/config/listener.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { bytes, receiveRequest } from '../support/http-codec.ts';

/** A route as a file has it, in JSON. */
function routeOf(route: object): RouteConfig {
  const text = JSON.stringify({
    clusters: { app: { discover: { static: [] } } },
    listeners: [{ name: 'web', listen: '127.0.0.1:1', protocol: 'http', routes: [route] }],
  });
  const parsed = parseConfig(text, { file: 'f', env: {} });
  if (!parsed.ok) throw new Error(parsed.problems.map((it) => `${it.path}: ${it.message}`).join('\n'));
  const [listener] = parsed.config.listeners;
  if (listener?.protocol !== 'http') throw new Error('no http listener');
  return listener.routes[0]!;
}

function request(line: string, fields = '', host = 'shop.example.com'): RequestHead {
  const { head } = receiveRequest([bytes(`${line} HTTP/1.1\r\nHost: ${host}\r\n${fields}\r\n`)]);
  if (head === undefined) throw new Error(`not a request: ${line}`);
  return head;
}

const textOf = (route: object, line: string, fields = ''): string | undefined =>
  compileRequestEdit(routeOf({ to: 'app', ...route }))?.(request(line, fields));

const lines = (...all: string[]): string => `${all.join('\r\n')}\r\n`;

describe('a rewrite', () => {
  const targetOf = (route: object, target: string): string =>
    /^GET (\S+) HTTP\/1\.1\r\nHost: shop\.example\.com\r\n$/.exec(textOf(route, `GET ${target}`) ?? '')?.[1] ?? '';

  test.each([
    ['/api', '/v2', '/api', '/v2'],
    ['/api', '/v2', '/api/', '/v2/'],
    ['/api', '/v2', '/api/x/y?a=b', '/v2/x/y?a=b'],
    ['/api', '/', '/api', '/'],
    ['/api', '/', '/api/', '/'],
    ['/api', '/', '/api/x', '/x'],
    ['/api', '/v2/', '/api/x', '/v2/x'],
    ['/api', '/v2/', '/api', '/v2/'],
    ['/api/', '/v2', '/api/x', '/v2/x'],
    ['/api/', '/v2/', '/api/', '/v2/'],
    ['/', '/v2', '/x', '/v2/x'],
    ['/', '/v2', '/', '/v2/'],
    ['/api', '/v2', '/api/../x', '/v2/../x'],
    ['/api', '/v2', '/api//x', '/v2//x'],
    ['/api', '/v2', '/api/%2e%2e/%41?', '/v2/%2e%2e/%41?'],
  ])('of the prefix %s to %s makes of %s %s', (path_prefix, prefix, target, expected) => {
    expect(targetOf({ match: { path_prefix }, rewrite: { prefix } }, target)).toBe(expected);
  });

  test.each([
    ['^/v(\\d+)/(.*)$', '/api/$2/v$1', '/v2/users?x=1', '/api/users/v2?x=1'],
    ['^/v(\\d+)/', '/', '/users', '/users'],
    ['b', '[$0]', '/abab', '/a[b]ab'],
    ['^/item/(\\d+)$', '/item?id=$1', '/item/7', '/item?id=7'],
    ['^/item/(\\d+)$', '/item?id=$1', '/item/7?a=b', '/item?id=7&a=b'],
    ['^/item/(\\d+)$', '/item?id=$1', '/item/7?', '/item?id=7&'],
    ['^/old/(.*)$', '$1', '/old/x', '/x'],
    ['^/old/(.*)$', '$1', '/old//x/../y', '/x/../y'],
    ['^.*$', '', '/old', '/'],
    ['^/(a)?(b)?$', '/$1-$2', '/b', '/-b'],
    ['/cost', '/$$0', '/cost', '/$0'],
    ['(?i)^/API', '/api', '/Api/x', '/api/x'],
    ['$', '/end', '/a?b', '/a/end?b'],
  ])('of %s to %s makes of %s %s', (pattern, replace, target, expected) => {
    expect(targetOf({ rewrite: { regex: { pattern, replace } } }, target)).toBe(expected);
  });

  test('of the whole path keeps the query', () => {
    expect(targetOf({ rewrite: { path: '/all' } }, '/x/y?a')).toBe('/all?a');
  });

  test('leaves OPTIONS * alone', () => {
    expect(textOf({ rewrite: { path: '/all' } }, 'OPTIONS *')).toContain('OPTIONS * HTTP/1.1\r\n');
  });

  test('of the host puts another into its place', () => {
    expect(textOf({ rewrite: { host: 'app.internal:81' } }, 'GET /', 'X-A: 1\r\n')).toBe(
      'GET / HTTP/1.1\r\nhost: app.internal:81\r\nX-A: 1\r\n',
    );
  });

  test('through a pattern takes paths of a bounded length', () => {
    const { rewrite } = routeOf({ to: 'app', rewrite: { regex: { pattern: '^/(a*)*b', replace: '/' } } });
    expect(longestPath(rewrite)).toBe(8_192);
    expect(longestPath(routeOf({ to: 'app', rewrite: { path: '/a' } }).rewrite)).toBe(Number.POSITIVE_INFINITY);
    expect(longestPath(undefined)).toBe(Number.POSITIVE_INFINITY);
  });

  test('makes a request line out of whatever path a client sends', () => {
    const edit = compileRequestEdit(
      routeOf({ to: 'app', rewrite: { regex: { pattern: '([a-z]*)/?(.)$', replace: '$2?$1' } } }),
    )!;
    const targets = fc.string({
      unit: fc.integer({ min: 0x21, max: 0x7e }).map((c) => String.fromCharCode(c)),
      maxLength: 30,
    });
    fc.assert(
      fc.property(targets, (rest) => {
        const target = `/${rest.replaceAll('#', '')}`;
        expect(edit(request(`GET ${target}`))).toMatch(
          /^GET \/[\x21-\x7e]* HTTP\/1\.1\r\nHost: shop\.example\.com\r\n$/,
        );
      }),
    );
  });
});

describe('edits of fields', () => {
  test.each<[string, object, string, readonly string[]]>([
    [
      'set one that is there',
      { set: { 'X-A': 'new' } },
      'x-a: old\r\nX-A: older\r\nX-B: b\r\n',
      ['X-B: b', 'x-a: new'],
    ],
    ['set one that is not', { set: { 'x-a': 'new' } }, '', ['x-a: new']],
    ['add one beside another', { add: { 'x-a': 'new' } }, 'X-A: old\r\n', ['X-A: old', 'x-a: new']],
    ['remove one', { remove: ['X-A'] }, 'x-a: 1\r\nX-AB: 2\r\nx-A: 3\r\n', ['X-AB: 2']],
    ['remove, set and add', { remove: ['a'], set: { b: '1' }, add: { c: '2' } }, 'A: 0\r\n', ['b: 1', 'c: 2']],
    ['write UTF-8', { set: { a: 'é' } }, '', ['a: \u00c3\u00a9']],
    ['write an empty one', { set: { a: '' } }, '', ['a: ']],
  ])('can %s', (_what, request_headers, fields, expected) => {
    expect(textOf({ request_headers }, 'GET /a:b?c', fields)).toBe(
      lines('GET /a:b?c HTTP/1.1', 'Host: shop.example.com', ...expected),
    );
  });

  test('are none for a route without any', () => {
    expect(compileRequestEdit(routeOf({ to: 'app' }))).toBeUndefined();
  });

  test('hold for answers too, and leave their framing alone', () => {
    const head = new ResponseHead();
    const text = lines('HTTP/1.1 200 OK', 'Server: x', 'Set-Cookie: a', 'set-cookie: b', 'content-length: 3', '');
    expect(readResponseHead(text, head, 10)).toBe(true);
    const edits = compileHeaderEdits(v.parse(responseHeaders, { set: { 'set-cookie': 'c' }, remove: ['server'] }));
    expect(answerFields(head, edits, '')).toBe(lines('HTTP/1.1 200 OK', 'set-cookie: c'));
    expect(answerFields(head, undefined, '')).toBe(
      lines('HTTP/1.1 200 OK', 'Server: x', 'Set-Cookie: a', 'set-cookie: b'),
    );
    expect(formatAnswerHead(head, edits, '', false)).toBe(
      lines('HTTP/1.1 200 OK', 'set-cookie: c', 'content-length: 3'),
    );
  });
});

describe('the Date of an answer that came', () => {
  const NOW = 'date: Thu, 01 Jan 1970 00:00:01 GMT\r\n';

  test.each<[string, readonly string[], object | undefined, readonly string[]]>([
    ['without one is added', ['a: 1'], undefined, ['a: 1', NOW.trim()]],
    ['with one is the endpoint’s', ['DATE: then', 'a: 1'], undefined, ['DATE: then', 'a: 1']],
    ['without one is the route’s, where it sets one', ['a: 1'], { set: { date: 'x' } }, ['a: 1', 'date: x']],
    ['without one is none, where the route removes it', ['a: 1'], { remove: ['date'] }, ['a: 1']],
    ['with one for this hop alone is added', ['date: then', 'connection: date'], undefined, [NOW.trim()]],
  ])('%s', (_what, fields, edits, expected) => {
    const head = new ResponseHead();
    expect(readResponseHead(lines('HTTP/1.1 200 OK', ...fields, ''), head, 10)).toBe(true);
    const compiled = edits && compileHeaderEdits(v.parse(responseHeaders, edits));
    expect(answerFields(head, compiled, NOW)).toBe(lines('HTTP/1.1 200 OK', ...expected));
  });

  test('is not kept from the answer before', () => {
    const head = new ResponseHead();
    readResponseHead(lines('HTTP/1.1 200 OK', 'date: then', ''), head, 10);
    readResponseHead(lines('HTTP/1.1 200 OK', 'a: 1', ''), head, 10);
    expect(answerFields(head, undefined, NOW)).toBe(`${lines('HTTP/1.1 200 OK', 'a: 1')}${NOW}`);
  });
});

describe('a redirect', () => {
  const locationOf = (route: object, target: string, host = 'shop.example.com'): string => {
    const { redirect, match } = routeOf(route);
    return compileRedirect(redirect!, match)(request(`GET ${target}`, '', host));
  };

  test.each<[object, string, string]>([
    [{ redirect: { path: '/login' } }, '/x?a=b', '/login?a=b'],
    [{ redirect: { path: '/login', strip_query: true } }, '/x?a=b', '/login'],
    [{ match: { path_prefix: '/old' }, redirect: { prefix: '/new' } }, '/old/x?a', '/new/x?a'],
    [{ redirect: { host: 'www.example.com' } }, '/x', '//www.example.com/x'],
    [{ redirect: { scheme: 'https', host: 'www.example.com' } }, '/x?y', 'https://www.example.com/x?y'],
    [{ redirect: { scheme: 'https', host: 'www.example.com', port: 443 } }, '/', 'https://www.example.com/'],
    [{ redirect: { scheme: 'https', host: 'www.example.com', port: 8443 } }, '/', 'https://www.example.com:8443/'],
    [{ redirect: { host: 'www.example.com', port: 81 } }, '/', '//www.example.com:81/'],
    [{ redirect: { scheme: 'http', host: '::1', port: 80 } }, '/', 'http://[::1]/'],
    [{ match: { host: 'shop.example.com' }, redirect: { scheme: 'https' } }, '/x', 'https://shop.example.com/x'],
    [{ match: { host: '*.example.com' }, redirect: { port: 81 } }, '/x', '//shop.example.com:81/x'],
  ])('%j of %s leads to %s', (route, target, expected) => {
    expect(locationOf(route, target)).toBe(expected);
  });

  test('takes a host that a condition has found good, without the port and the case of the client', () => {
    const route = { match: { host: '*.example.com' }, redirect: { scheme: 'https' } };
    expect(locationOf(route, '/x', 'SHOP.Example.com.:8080')).toBe('https://shop.example.com/x');
  });

  test.each([
    ['//evil.example/x', '/evil.example/x'],
    ['///evil.example', '/evil.example'],
    ['/\\evil.example', '/evil.example'],
    ['/\\/evil.example', '/evil.example'],
    ['//', '/'],
  ])('within its host never leads away from it: %s', (path, expected) => {
    expect(locationOf({ match: { path_prefix: '/a' }, redirect: { prefix: '/' } }, `/a${path}`)).toBe(expected);
  });

  test('of any path stays on the host that it was asked on', () => {
    const units = fc.constantFrom('/', '\\', '.', 'a', '@', ':', '%2f', '?');
    fc.assert(
      fc.property(fc.string({ unit: units, maxLength: 12 }), (rest) => {
        const location = locationOf({ match: { path_prefix: '/' }, redirect: { prefix: '/' } }, `/${rest}`);
        expect(new URL(location, 'http://shop.example.com/').host).toBe('shop.example.com');
      }),
    );
  });
});

describe('an answer of our own', () => {
  const answerOf = (route: object, method = 'GET'): string =>
    formatOwnAnswer(compileOwnAnswer(routeOf(route))!, request(`${method} /`), 'connection: close\r\n', 'id-1');

  const END = 'connection: close\r\nx-request-id: id-1\r\n\r\n';

  test.each<[object, string]>([
    [
      { redirect: { path: '/b', status: 308 } },
      `HTTP/1.1 308 Permanent Redirect\r\ncontent-length: 0\r\nlocation: /b\r\n${END}`,
    ],
    [
      { redirect: { path: '/b' }, response_headers: { set: { location: '/c', 'cache-control': 'no-store' } } },
      `HTTP/1.1 302 Found\r\ncontent-length: 0\r\ncache-control: no-store\r\nlocation: /b\r\n${END}`,
    ],
    [
      { respond: { status: 200, body: 'é\n' } },
      `HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 3\r\n${END}\u00c3\u00a9\n`,
    ],
    [
      { respond: { status: 503, body: '{}', headers: { 'Content-Type': 'application/json', 'retry-after': '5' } } },
      `HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 5\r\ncontent-length: 2\r\n${END}{}`,
    ],
    [{ respond: { status: 299 } }, `HTTP/1.1 299 \r\ncontent-length: 0\r\n${END}`],
    [{ respond: { status: 204 } }, `HTTP/1.1 204 No Content\r\n${END}`],
    [{ respond: { status: 304, headers: { etag: '"a"' } } }, `HTTP/1.1 304 Not Modified\r\netag: "a"\r\n${END}`],
    [
      { respond: { status: 200, headers: { a: '1' } }, response_headers: { add: { a: '2' } } },
      `HTTP/1.1 200 OK\r\na: 1\r\na: 2\r\ncontent-length: 0\r\n${END}`,
    ],
  ])('%j is %j', (route, expected) => {
    expect(answerOf(route)).toBe(expected);
  });

  test.each<[object, boolean]>([
    [{ respond: { status: 200 } }, false],
    [{ redirect: { path: '/b' } }, false],
    [{ respond: { status: 200, headers: { Date: 'x' } } }, true],
    [{ respond: { status: 200 }, response_headers: { remove: ['date'] } }, true],
    [{ redirect: { path: '/b' }, response_headers: { set: { date: 'x' } } }, true],
  ])('%j has its own word on Date: %j', (route, expected) => {
    expect(compileOwnAnswer(routeOf(route))?.hasDate).toBe(expected);
  });

  test('to HEAD is its head alone', () => {
    expect(answerOf({ respond: { status: 200, body: 'abc', content_type: 'text/html' } }, 'HEAD')).toBe(
      `HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 3\r\n${END}`,
    );
  });

  test('is none for a route that leads to a cluster', () => {
    expect(compileOwnAnswer(routeOf({ to: 'app' }))).toBeUndefined();
  });
});
