import { describe, expect, test } from 'vitest';
import { compileInterests } from '../../../sidecar/http1/interests.ts';
import { RequestHead, readRequestHead } from '../../../sidecar/http1/request-head.ts';
import { HOST, passed, read, readGet } from '../../support/request-heads.ts';

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
    expect(readGet(fields)).toMatchObject({
      verdict: 'bad_request',
      head: { problem: 'malformed header field', forwarded: '' },
    });
  });

  test('too many are another mistake than a malformed one', () => {
    expect(readGet('a: 1\r\nb: 2\r\n', { maxHeaders: 3 }).verdict).toBe('ok');
    expect(readGet('a: 1\r\nb: 2\r\nc: 3\r\n', { maxHeaders: 3 })).toMatchObject({
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
      readGet(fields, { interests: INTERESTS, trusted })
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
