import { describe, expect, test } from 'vitest';
import { compileInterests } from '../../../sidecar/http1/interests.ts';
import { RequestHead, readRequestHead } from '../../../sidecar/http1/request-head.ts';

interface Options {
  readonly trusted?: boolean;
  readonly interests?: readonly string[];
  readonly maxHeaders?: number;
}

/** `wire` without its blank line. */
function read(wire: string, { trusted = false, interests = [], maxHeaders = 200 }: Options = {}) {
  const head = new RequestHead();
  const verdict = readRequestHead(`${wire}\r\n`, head, compileInterests(interests), trusted, { maxHeaders });
  return { verdict, head };
}

const HOST = 'Host: example.org\r\n';
const get = (fields: string, options?: Options) => read(`GET / HTTP/1.1\r\n${HOST}${fields}`, options);

/** What of the given fields goes upstream. */
function passed(fields: string, options?: Options): string {
  const { verdict, head } = get(fields, options);
  expect(verdict).toBe('ok');
  const start = `GET / HTTP/1.1\r\n${HOST}`;
  expect(head.forwarded.startsWith(start)).toBe(true);
  return head.forwarded.slice(start.length);
}

describe('a request line', () => {
  test.each([
    ['GET / HTTP/1.1', { method: 'GET', target: '/', path: '/', query: '', minor: 1 }],
    [
      'GET /a/../%2e%2E%2fb?x=1?y HTTP/1.1',
      { target: '/a/../%2e%2E%2fb?x=1?y', path: '/a/../%2e%2E%2fb', query: 'x=1?y' },
    ],
    ['GET //evil.example/a HTTP/1.1', { target: '//evil.example/a', path: '//evil.example/a' }],
    ['get /<"\\^`{|}> HTTP/1.0', { method: 'get', target: '/<"\\^`{|}>', minor: 0 }],
    ["PURGE!#$%&'*+-.^_`|~9 /? HTTP/1.1", { method: "PURGE!#$%&'*+-.^_`|~9", target: '/?', path: '/', query: '' }],
    ['OPTIONS * HTTP/1.1', { target: '*', path: '*', query: '' }],
  ])('%s is read and passed on as it is', (line, expected) => {
    const { verdict, head } = read(`${line}\r\n${HOST}`);
    expect(verdict).toBe('ok');
    expect(head).toMatchObject(expected);
    expect(head.forwarded).toBe(`${line.replace('HTTP/1.0', 'HTTP/1.1')}\r\n${HOST}`);
  });

  test.each([
    ['GET http://example.org HTTP/1.1', 'example.org', '/'],
    ['GET http://example.org?a=b HTTP/1.1', 'example.org', '/?a=b'],
    ['GET HTTP://EXAMPLE.org/A HTTP/1.1', 'Example.ORG', '/A'],
    ['GET http://example.org:80/ HTTP/1.1', 'example.org', '/'],
    ['GET http://example.org/ HTTP/1.1', 'example.org:80', '/'],
    ['GET http://example.org:8080/ HTTP/1.1', 'example.org:8080', '/'],
    ['GET http://[::1]/ HTTP/1.1', '[::1]:80', '/'],
    ['OPTIONS http://example.org HTTP/1.1', 'example.org', '*'],
    ['OPTIONS http://example.org? HTTP/1.1', 'example.org', '/?'],
    ['OPTIONS http://example.org/ HTTP/1.0', 'example.org', '/'],
  ])('in absolute form becomes origin form where Host agrees: %s, %s', (line, host, target) => {
    const { verdict, head } = read(`${line}\r\nHost: ${host}\r\n`);
    expect(verdict).toBe('ok');
    expect(head.target).toBe(target);
    expect(head.path + (target.includes('?') ? `?${head.query}` : '')).toBe(target);
    expect(head.forwarded).toBe(`${head.method} ${target} HTTP/1.1\r\nHost: ${host}\r\n`);
  });

  test('in absolute form of https is believed from trusted peers only', () => {
    const wire = `GET https://example.org:443/a HTTP/1.1\r\n${HOST}`;
    expect(read(wire)).toMatchObject({
      verdict: 'bad_request',
      head: { problem: 'https target on a plain connection' },
    });
    expect(read(wire, { trusted: true })).toMatchObject({ verdict: 'ok', head: { target: '/a' } });
  });

  test.each([
    'GET http://other.example/ HTTP/1.1',
    'GET http://user@example.org/ HTTP/1.1',
    'GET http://example.org:8080/ HTTP/1.1',
    'GET http://example.org:443/ HTTP/1.1',
    'GET http://example.org\\@evil.example/ HTTP/1.1',
    'GET http:///a HTTP/1.1',
    'GET http:/example.org/ HTTP/1.1',
    'GET ftp://example.org/ HTTP/1.1',
    'GET example.org HTTP/1.1',
    'GET * HTTP/1.1',
    'GET *a HTTP/1.1',
    'OPTIONS *a HTTP/1.1',
    'GET ?a HTTP/1.1',
    'CONNECT example.org:443 HTTP/1.1',
    'CONNECT /a HTTP/1.1',
    'GET /a#b HTTP/1.1',
    'GET /a\x00 HTTP/1.1',
    'GET /a\x7f HTTP/1.1',
    'GET /caf\xe9 HTTP/1.1',
    'GET /a\tb HTTP/1.1',
    'GET /a b HTTP/1.1',
    'GET  / HTTP/1.1',
    'GET /  HTTP/1.1',
    'GET\t/ HTTP/1.1',
    'GET / HTTP/1.1 ',
    ' GET / HTTP/1.1',
    'GET HTTP/1.1',
    'GET  HTTP/1.1',
    'GET /',
    'GET',
    '/ HTTP/1.1',
    '',
    'G\x00T / HTTP/1.1',
    'G(T / HTTP/1.1',
    'GET / HTTP/1.2',
    'GET / HTTP/2.0',
    'GET / HTTP/0.9',
    'GET / HTTP/1.',
    'GET / HTTP/1.10',
    'GET / http/1.1',
    'GET / HTTPS/1.1',
    'PRI * HTTP/2.0',
    '\r\nGET / HTTP/1.1',
  ])('is refused: %j', (line) => {
    const { verdict, head } = read(`${line}\r\n${HOST}`);
    expect(verdict).toBe('bad_request');
    expect(head.problem).not.toBe('');
    expect(head.forwarded).toBe('');
  });
});

describe('a header field', () => {
  test.each([
    ['X-A:b\r\n', 'X-A:b\r\n'],
    ['X-A:\t b \t\r\n', 'X-A:\t b \t\r\n'],
    ['X-A:\r\nX-A: caf\xc3\xa9\r\n', 'X-A:\r\nX-A: caf\xc3\xa9\r\n'],
    ['!#$%&\'*+-.^_`|~9aZ: "(),/:;<=>?@[\\]{}\r\n', '!#$%&\'*+-.^_`|~9aZ: "(),/:;<=>?@[\\]{}\r\n'],
    ['B: 1\r\na: 2\r\nB: 3\r\n', 'B: 1\r\na: 2\r\nB: 3\r\n'],
    [
      'Traceparent: 00-1-2-01\r\nVia: 1.0 old\r\nTrailer: X-T\r\n',
      'Traceparent: 00-1-2-01\r\nVia: 1.0 old\r\nTrailer: X-T\r\n',
    ],
  ])('passes byte for byte and in order: %j', (fields, expected) => {
    expect(passed(fields)).toBe(expected);
  });

  test.each([
    'nocolon\r\n',
    ': y\r\n',
    'X : y\r\n',
    ' X: y\r\n',
    '\tX: y\r\n',
    'X: a\r\n b\r\n',
    'X: a\r\n\tb\r\n',
    'X\x00: y\r\n',
    'Transfer-Encoding\x0b: chunked\r\n',
    'B[: y\r\n',
    'X\xe9: y\r\n',
    'X: a\x00b\r\n',
    'X: a\x01b\r\n',
    'X: a\x7fb\r\n',
    'X: a\rb\r\n',
    'X: a\nb: c\r\n',
    'X: a\n',
    'X: a\r\r\n',
    'X: a\r\n\nY: b\r\n',
    'X: a\r\n\r\nY: b\r\n',
  ])('is refused: %j', (fields) => {
    expect(get(fields)).toMatchObject({
      verdict: 'bad_request',
      head: { problem: 'malformed header field', forwarded: '' },
    });
  });

  test('too many are another mistake than a malformed one', () => {
    expect(get('a: 1\r\nb: 2\r\n', { maxHeaders: 3 }).verdict).toBe('ok');
    expect(get('a: 1\r\nb: 2\r\nc: 3\r\n', { maxHeaders: 3 })).toMatchObject({
      verdict: 'head_too_large',
      head: { problem: 'more than 3 header fields' },
    });
  });
});

describe('Host', () => {
  test.each([
    '',
    'Host:\r\n',
    'Host: a, b\r\n',
    'Host: a@b\r\n',
    `${HOST}${HOST}`,
    `${HOST}host: b\r\n`,
    'H_ost: a\r\n',
  ])('is refused unless there is one and it is valid: %j', (fields) => {
    for (const version of ['HTTP/1.1', 'HTTP/1.0']) {
      expect(read(`GET / ${version}\r\n${fields}`).verdict).toBe('bad_request');
    }
  });
});

describe('framing', () => {
  const post = (fields: string, version = 'HTTP/1.1') => read(`POST / ${version}\r\n${HOST}${fields}`);

  test.each([
    ['', { contentLength: -1, chunked: false }],
    ['Content-Length: 0\r\n', { contentLength: 0, chunked: false }],
    ['content-length:\t005 \r\n', { contentLength: 5, chunked: false }],
    ['Content-Length: 999999999999999\r\n', { contentLength: 999_999_999_999_999 }],
    ['Transfer-Encoding: chunked\r\n', { contentLength: -1, chunked: true }],
    ['transfer-encoding:ChUnKeD \r\n', { contentLength: -1, chunked: true }],
  ])('of %j is read, and is not among what passes', (fields, expected) => {
    const { verdict, head } = post(fields);
    expect(verdict).toBe('ok');
    expect(head).toMatchObject(expected);
    expect(head.forwarded).toBe(`POST / HTTP/1.1\r\n${HOST}`);
  });

  test.each([
    '+5',
    '-1',
    '5 5',
    '5,5',
    '5, 5',
    '',
    '0x5',
    '1e1',
    '5.0',
    'abc',
    '5\xa0',
    '1000000000000000',
    '18446744073709551621',
  ])('by Content-Length: %s is refused', (value) => {
    expect(post(`Content-Length: ${value}\r\n`)).toMatchObject({
      verdict: 'bad_request',
      head: { problem: 'invalid Content-Length' },
    });
  });

  test.each([
    'xchunked',
    'identity',
    'chunked, chunked',
    'chunked, gzip',
    'gzip, chunked',
    ', chunked',
    'chunked,',
    'chunk',
    'chunked\x85',
    'chunked\xa0',
    '\xa0chunked',
    'chunked chunked',
    'chunked;a=b',
    '"chunked"',
    '',
    'chun\xadked',
  ])('by Transfer-Encoding: %s is refused', (value) => {
    expect(post(`Transfer-Encoding: ${value}\r\n`)).toMatchObject({
      verdict: 'bad_request',
      head: { problem: 'Transfer-Encoding is not chunked' },
    });
  });

  test.each([
    'Content-Length: 5\r\nContent-Length: 5\r\n',
    'Content-Length: 5\r\ncontent-length: 6\r\n',
    'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n',
    'Transfer-Encoding: chunked\r\nContent-Length: 0\r\n',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n',
    'Transfer-Encoding: identity\r\nContent-Length: 5\r\n',
  ])('that is said twice is refused: %j', (fields) => {
    expect(post(fields).verdict).toBe('bad_request');
  });

  test('in chunks is not for HTTP/1.0', () => {
    expect(post('Transfer-Encoding: chunked\r\n', 'HTTP/1.0').verdict).toBe('bad_request');
    expect(post('Content-Length: 5\r\n', 'HTTP/1.0')).toMatchObject({ verdict: 'ok', head: { contentLength: 5 } });
  });

  test('cannot be nominated away', () => {
    expect(post('Connection: Content-Length, host\r\nContent-Length: 5\r\n')).toMatchObject({
      verdict: 'ok',
      head: { contentLength: 5, forwarded: `POST / HTTP/1.1\r\n${HOST}` },
    });
    expect(post('Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n').head.chunked).toBe(true);
  });
});

describe('fields for one hop', () => {
  test.each([
    ['Connection: x-a, X-B ,, close\r\nX-A: 1\r\nx-b: 2\r\nX-C: 3\r\n', 'X-C: 3\r\n'],
    ['X-A: 1\r\nConnection: x-a\r\nx-a: 2\r\nConnection: x-b\r\nx-b: 1\r\n', ''],
    ['Connection: cookie, authorization, cache-control\r\nCookie: a=b\r\n', 'Cookie: a=b\r\n'],
    ['Keep-Alive: timeout=5\r\nX: 1\r\nProxy-Connection: close\r\n', 'X: 1\r\n'],
    ['Proxy: a\r\nProxy-: a\r\nProxy-A: a\r\nproxy-ab: b\r\nProxy-Ab1: b\r\nProxy-Auth: a\r\nProxy-Status: a\r\n', ''],
    ['Proxy-Authorization: a\r\nproxy-features: a\r\nProxy-Instruct1: a\r\nproxy-something-x: a\r\n', ''],
    ['TE: gzip\r\nUpgrade: foo\r\nHTTP2-Settings: AAM\r\nExpect: 100-continue\r\n', ''],
    [
      'Proxyfoo: a\r\nTEA: b\r\nKeep-Alives: c\r\nX-Keep-Alive: d\r\n',
      'Proxyfoo: a\r\nTEA: b\r\nKeep-Alives: c\r\nX-Keep-Alive: d\r\n',
    ],
  ])('do not pass: %j', (fields, expected) => {
    expect(passed(fields)).toBe(expected);
  });

  test.each([
    ['Connection: close\r\n', { close: true, keepAlive: false }],
    ['Connection: Keep-Alive\r\n', { close: false, keepAlive: true }],
    ['Connection: foo\r\nConnection: CLOSE, keep-alive\r\n', { close: true, keepAlive: true }],
    ['Connection: close\xa0\r\n', { close: false, keepAlive: false }],
    ['', { close: false, keepAlive: false }],
  ])('%j says what becomes of the connection', (fields, expected) => {
    expect(get(fields).head).toMatchObject(expected);
  });

  test.each([
    ['TE: trailers\r\n', true],
    ['TE: gzip;q=1, Trailers\r\nConnection: te\r\n', true],
    ['TE: gzip\r\nTE: trailers\r\n', true],
    ['TE: xtrailers, trailersx\r\n', false],
    ['TE: trailers;q=0\r\n', false],
    ['', false],
  ])('%j says whether trailers are accepted', (fields, expected) => {
    expect(get(fields).head.acceptsTrailers).toBe(expected);
  });

  test('a long list of nominations takes no long time', () => {
    const many = Array.from({ length: 12_000 }, (_, i) => i.toString(36)).join();
    const fields = Array.from({ length: 180 }, (_, i) => `x-${i}: 1\r\n`).join('');
    const begin = performance.now();
    expect(passed(`Connection: ${many}\r\n${fields}`)).toBe(fields);
    expect(performance.now() - begin).toBeLessThan(200);
  });
});

describe('what clients claim', () => {
  const CLAIMS = [
    'X-Forwarded-Proto: https\r\n',
    'X-Forwarded-Host: evil.example\r\n',
    'X-Forwarded-Port: 1\r\n',
    'X-Forwarded-By: a\r\n',
    'x-forwarded-: a\r\n',
    'X-Forwarded-Ssl: on\r\n',
    'X-Real-IP: 192.0.2.9\r\n',
    'Forwarded: for=192.0.2.9\r\n',
  ];

  test('passes from trusted peers only', () => {
    expect(passed(CLAIMS.join(''))).toBe('');
    expect(passed(CLAIMS.join(''), { trusted: true })).toBe(CLAIMS.join(''));
  });

  test('of the addresses before it is kept apart, for whoever may believe it', () => {
    const fields = 'X-Forwarded-For: 192.0.2.1\r\nx-forwarded-for: 192.0.2.2, 192.0.2.3\r\n';
    for (const trusted of [true, false]) {
      const { head } = get(fields, { trusted });
      expect(head.forwardedFor).toBe('192.0.2.1, 192.0.2.2, 192.0.2.3');
      expect(head.forwarded).toBe(`GET / HTTP/1.1\r\n${HOST}`);
    }
  });

  test.each([
    'X_Forwarded_For',
    'X-Forwarded_For',
    'x_forwarded_proto',
    'X_Real_IP',
    'X_Request_Id',
    'Content_Length',
    'Transfer_Encoding',
    'Proxy_Connection',
    'Keep_Alive',
    'X_Outrigger_Reason',
    'X-Outrigger_Reason',
    'HTTP2_Settings',
    'Max_Forwards',
  ])('in a spelling that CGI takes for the other never passes: %s', (name) => {
    for (const trusted of [true, false]) expect(passed(`${name}: 1\r\n`, { trusted })).toBe('');
  });

  test('in a name with _ that looks like nothing of ours passes', () => {
    expect(passed('x_user_id: 1\r\n_: 2\r\nte_: 3\r\n')).toBe('x_user_id: 1\r\n_: 2\r\nte_: 3\r\n');
  });

  test.each(['X-Outrigger-Explain', 'x-outrigger-', 'x-outrigger-id', 'x-outrigger-why', 'x-outrigger-reason'])(
    '%s is ours alone',
    (name) => {
      for (const trusted of [true, false]) expect(passed(`${name}: 1\r\n`, { trusted })).toBe('');
    },
  );

  test.each([
    ['X-Request-Id: abc-1\r\n', 'abc-1', 'X-Request-Id: abc-1\r\n'],
    ['X-Request-Id: a\r\nx-request-id: b\r\n', 'a', 'X-Request-Id: a\r\n'],
    ['X-Request-Id: a b\r\nx-request-id: b\r\n', 'b', 'x-request-id: b\r\n'],
    ['X-Request-Id: caf\xe9\r\n', '', ''],
    ['X-Request-Id:\r\n', '', ''],
    [`X-Request-Id: ${'a'.repeat(128)}\r\n`, 'a'.repeat(128), `X-Request-Id: ${'a'.repeat(128)}\r\n`],
    [`X-Request-Id: ${'a'.repeat(129)}\r\n`, '', ''],
  ])('about its request id is kept when it is one: %j', (fields, id, expected) => {
    expect(get(fields).head.requestId).toBe(id);
    expect(passed(fields)).toBe(expected);
  });
});

describe('an expectation', () => {
  const post = (fields: string, version = 'HTTP/1.1') => read(`POST / ${version}\r\n${HOST}${fields}`);

  test.each([
    ['Expect: 100-continue\r\nContent-Length: 5\r\n', true],
    ['Expect: 100-Continue\r\nTransfer-Encoding: chunked\r\n', true],
    ['Expect: 100-continue\r\nContent-Length: 0\r\n', false],
    ['Expect: 100-continue\r\n', false],
  ])('%j waits for us only with a body', (fields, expected) => {
    expect(post(fields)).toMatchObject({ verdict: 'ok', head: { expectsContinue: expected } });
  });

  test.each([
    'Expect: y 100-continue\r\n',
    'Expect: 100-continue, x\r\n',
    'Expect: a\r\n',
    'Expect: 100-continue\r\nExpect: 100-continue\r\n',
  ])('that we do not know fails, and in HTTP/1.0 is none: %j', (fields) => {
    expect(post(`${fields}Content-Length: 5\r\n`).verdict).toBe('expectation_failed');
    expect(post(`${fields}Content-Length: 5\r\n`, 'HTTP/1.0')).toMatchObject({
      verdict: 'ok',
      head: { expectsContinue: false },
    });
  });
});

describe('an upgrade', () => {
  test.each([
    ['Connection: Upgrade\r\nUpgrade: websocket\r\n', 'websocket'],
    ['Connection: keep-alive, upgrade\r\nUpgrade: Foo/1.0\r\n', 'Foo/1.0'],
    ['Upgrade: websocket\r\n', ''],
    ['Connection: upgrade\r\n', ''],
    ['Connection: upgrade\r\nUpgrade: h2c\r\n', ''],
    ['Connection: upgrade\r\nUpgrade: H2C-14\r\n', ''],
    ['Connection: upgrade\r\nUpgrade: HTTP/2.0\r\n', ''],
    ['Connection: upgrade\r\nUpgrade: websocket, h2c\r\n', ''],
    ['Connection: upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n', ''],
    ['Connection: upgrade\r\nUpgrade: a/b/c\r\n', ''],
    ['Connection: upgrade\r\nUpgrade: /b\r\n', ''],
    ['Connection: upgrade\r\nUpgrade: a b\r\n', ''],
    ['Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 1\r\n', ''],
    ['Connection: upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\n', ''],
    ['Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n', 'websocket'],
  ])('%j asks for %j', (fields, expected) => {
    expect(get(fields)).toMatchObject({ verdict: 'ok', head: { upgrade: expected } });
    expect(passed(fields)).toBe('');
  });

  test('is not for HTTP/1.0', () => {
    const { head } = read(`GET / HTTP/1.0\r\n${HOST}Connection: upgrade\r\nUpgrade: websocket\r\n`);
    expect(head.upgrade).toBe('');
  });
});

describe('Max-Forwards', () => {
  test.each([
    ['OPTIONS', 'Max-Forwards: 3\r\n', 3, ''],
    ['TRACE', 'Max-Forwards: 0\r\n', 0, ''],
    ['TRACE', 'Max-Forwards: 5\r\nmax-forwards: 2\r\nMax-Forwards: x\r\n', 2, ''],
    ['OPTIONS', 'Max-Forwards: -1\r\n', -1, ''],
    ['GET', 'Max-Forwards: 0\r\n', -1, 'Max-Forwards: 0\r\n'],
    ['options', 'Max-Forwards: 0\r\n', -1, 'Max-Forwards: 0\r\n'],
  ])('of %s %j counts %i', (method, fields, expected, kept) => {
    const { verdict, head } = read(`${method} / HTTP/1.1\r\n${HOST}${fields}`);
    expect(verdict).toBe('ok');
    expect(head.maxForwards).toBe(expected);
    expect(head.forwarded).toBe(`${method} / HTTP/1.1\r\n${HOST}${kept}`);
  });
});

describe('noted values', () => {
  const INTERESTS = [
    'cookie',
    'x-user-id',
    'x_user',
    'upgrade',
    'x-forwarded-for',
    'x-real-ip',
    'a^',
    'x-outrigger-id',
  ];
  const noted = (fields: string, trusted = false) =>
    Object.fromEntries(
      get(fields, { interests: INTERESTS, trusted })
        .head.values.map((value, i) => [INTERESTS[i], value] as const)
        .filter(([, value]) => value !== undefined),
    );

  test.each([
    ['', {}],
    ['X-USER-ID:  42\t\r\n', { 'x-user-id': '42' }],
    ['x-user-id:\r\n', { 'x-user-id': '' }],
    ['x-user-id: a\r\nX-User-Id: b\r\n', { 'x-user-id': 'a, b' }],
    ['Cookie: a=b\r\nX: 1\r\nCookie: c=d\r\n', { cookie: 'a=b; c=d' }],
    ['X_User: 1\r\nX-User: 2\r\n', { x_user: '1' }],
    ['A^: 1\r\na~: 2\r\n', { 'a^': '1' }],
    ['Upgrade: websocket\r\n', { upgrade: 'websocket' }],
    ['xx-user-i: 1\r\nx-user-idx: 2\r\n', {}],
  ])('of %j are %j', (fields, expected) => {
    expect(noted(fields)).toEqual(expected);
  });

  test('hold what a peer may not claim only when it is trusted', () => {
    const fields = 'X-Forwarded-For: 192.0.2.9\r\nX-Real-IP: 192.0.2.9\r\nX-Outrigger-Id: 1\r\n';
    expect(noted(fields)).toEqual({});
    expect(noted(fields, true)).toEqual({ 'x-forwarded-for': '192.0.2.9', 'x-real-ip': '192.0.2.9' });
  });
});

describe('a head that is used again', () => {
  test('keeps nothing of the request before', () => {
    const interests = compileInterests(['x-user-id']);
    const limits = { maxHeaders: 200 };
    const used = new RequestHead();
    const rich =
      `OPTIONS /a?b HTTP/1.0\r\n${HOST}X-User-Id: 1\r\nX-Request-Id: 2\r\nX-Forwarded-For: 192.0.2.1\r\nTE: trailers\r\n` +
      'Connection: close, keep-alive, upgrade\r\nUpgrade: websocket\r\nMax-Forwards: 1\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n';
    for (const plain of [
      'GET / HTTP/1.1\r\nHost: b\r\n\r\n',
      'G',
      'GET / HTTP/1.1\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: b\r\nx\r\n\r\n',
    ]) {
      const fresh = new RequestHead();
      expect(readRequestHead(rich, used, interests, true, limits)).toBe('ok');
      expect(readRequestHead(plain, used, interests, false, limits)).toBe(
        readRequestHead(plain, fresh, interests, false, limits),
      );
      used.minor = 1;
      expect(used).toEqual(fresh);
    }
  });
});
