/** Fields that are not for the endpoint, or not for everybody to send. */
import { describe, expect, test } from 'vitest';
import { HOST, passed, read, readGet } from '../../support/request-heads.ts';

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
    expect(readGet(fields).head).toMatchObject(expected);
  });

  test.each([
    ['TE: trailers\r\n', true],
    ['TE: gzip;q=1, Trailers\r\nConnection: te\r\n', true],
    ['TE: gzip\r\nTE: trailers\r\n', true],
    ['TE: xtrailers, trailersx\r\n', false],
    ['TE: trailers;q=0\r\n', false],
    ['', false],
  ])('%j says whether trailers are accepted', (fields, expected) => {
    expect(readGet(fields).head.acceptsTrailers).toBe(expected);
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
      const { head } = readGet(fields, { trusted });
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
    expect(readGet(fields).head.requestId).toBe(id);
    expect(passed(fields)).toBe(expected);
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
