import { describe, expect, test } from 'vitest';
import { ResponseHead, readResponseHead, responseBodyOf } from '../../../sidecar/http1/response-head.ts';

/** `wire` without its blank line. */
function read(wire: string, maxHeaders = 200) {
  const head = new ResponseHead();
  return { ok: readResponseHead(`${wire}\r\n`, head, maxHeaders), head };
}

const OK = 'HTTP/1.1 200 OK\r\n';
const withFields = (fields: string) => read(OK + fields);

function passed(fields: string): string {
  const { ok, head } = withFields(fields);
  expect(ok).toBe(true);
  expect(head.forwarded.startsWith(OK)).toBe(true);
  return head.forwarded.slice(OK.length);
}

describe('a status line', () => {
  test.each([
    ['HTTP/1.1 200 OK', 200, 1, 'HTTP/1.1 200 OK'],
    ['HTTP/1.1 404 ', 404, 1, 'HTTP/1.1 404 '],
    ['HTTP/1.1 404', 404, 1, 'HTTP/1.1 404 '],
    ['HTTP/1.0 200', 200, 0, 'HTTP/1.1 200 '],
    ['HTTP/1.0 500 Caf\xc3\xa9\tzu', 500, 0, 'HTTP/1.1 500 Caf\xc3\xa9\tzu'],
    ['HTTP/1.1 100 Continue', 100, 1, 'HTTP/1.1 100 Continue'],
    ['HTTP/1.1 599 Odd', 599, 1, 'HTTP/1.1 599 Odd'],
  ])('%j is read', (line, status, minor, expected) => {
    for (const fields of ['', 'X: 1\r\n', 'Keep-Alive: a\r\nX: 1\r\n']) {
      const { ok, head } = read(`${line}\r\n${fields}`);
      expect(ok).toBe(true);
      expect(head).toMatchObject({ status, minor });
      expect(head.forwarded).toBe(`${expected}\r\n${fields.replace('Keep-Alive: a\r\n', '')}`);
    }
  });

  test.each([
    'HTTP/1.1 99 Low',
    'HTTP/1.1 099 Low',
    'HTTP/1.1 600 High',
    'HTTP/1.1 1000 High',
    'HTTP/1.1 abc Bad',
    'HTTP/1.1 2 0 OK',
    'HTTP/1.1  200 OK',
    'HTTP/1.1\t200 OK',
    'HTTP/1.1 200\tOK',
    'HTTP/1.1200 OK',
    'HTTP/1.2 200 OK',
    'HTTP/2 200 OK',
    'HTTP/2.0 200 OK',
    'http/1.1 200 OK',
    'ICY 200 OK',
    'HTTP/1.1 20',
    'HTTP/1.1 ',
    'HTTP/1.1',
    '',
    ' HTTP/1.1 200 OK',
    'HTTP/1.1 200 O\x00K',
    'HTTP/1.1 200 O\rK',
    'HTTP/1.1 200 O\nK',
    'HTTP/1.1 200 O\x7fK',
    'HTTP/1.1 200 OK\r',
  ])('%j is refused', (line) => {
    const { ok, head } = read(`${line}\r\n`);
    expect(ok).toBe(false);
    expect(head.problem).toBe('malformed status line');
  });
});

describe('fields', () => {
  test.each([
    ['X-A:b\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n', 'X-A:b\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n'],
    ['Connection: x-hop, close\r\nX-Hop: 1\r\nX-Hops: 2\r\n', 'X-Hops: 2\r\n'],
    ['Connection: Set-Cookie2, HOST, content-length\r\nContent-Length: 5\r\nX: 1\r\n', 'X: 1\r\n'],
    ['Keep-Alive: timeout=5\r\nUpgrade: foo\r\nTE: gzip\r\nHTTP2-Settings: a\r\nX-Request-Id: 1\r\n', ''],
    [
      'Proxy-: a\r\nProxy-A: a\r\nProxy-Ab1: a\r\nProxy-Status: a\r\nProxy-Features: a\r\nProxy-Authenticate: a\r\n',
      '',
    ],
    ['Proxy-Connection: a\r\nProxy-Something: a\r\nproxy_connection: a\r\nproxy-a_b: a\r\n', ''],
    ['Transfer_Encoding: chunked\r\ncontent_length: 5\r\nKeep_Alive: a\r\nx_y: 1\r\n', 'x_y: 1\r\n'],
    ['Content-Length: 5\r\n', ''],
    ['Transfer-Encoding: Chunked \r\n', ''],
    ['Vary: *\r\nX-U: caf\xc3\xa9\r\nEmpty:\r\n', 'Vary: *\r\nX-U: caf\xc3\xa9\r\nEmpty:\r\n'],
  ])('pass byte for byte, without those for one hop and those that frame: %j', (fields, expected) => {
    expect(passed(fields)).toBe(expected);
  });

  test.each([
    'nocolon\r\n',
    ': y\r\n',
    'X : y\r\n',
    ' X: y\r\n',
    'X: a\r\n b\r\n',
    'X: a\rSet-Cookie: s\r\n',
    'X: a\nb: c\r\n',
    'X: \x00\r\n',
    'X: a\r\n\r\nY: b\r\n',
  ])('that are malformed are refused: %j', (fields) => {
    expect(withFields(fields)).toMatchObject({ ok: false, head: { problem: 'malformed header field' } });
  });

  test('that are too many are refused', () => {
    expect(read(`${OK}a: 1\r\nb: 1\r\n`, 2).ok).toBe(true);
    expect(read(`${OK}a: 1\r\nb: 1\r\nc: 1\r\n`, 2).ok).toBe(false);
  });
});

describe('framing', () => {
  test.each([
    ['', 'GET', 'until_close'],
    ['Content-Length: 5\r\n', 'GET', 'length'],
    ['Content-Length: 0\r\n', 'GET', 'none'],
    ['Transfer-Encoding: chunked\r\n', 'POST', 'chunked'],
    ['Content-Length: 5\r\n', 'HEAD', 'none'],
    ['Transfer-Encoding: chunked\r\n', 'HEAD', 'none'],
    ['', 'HEAD', 'none'],
  ] as const)('of %j to %s is %s', (fields, method, expected) => {
    const { ok, head } = withFields(fields);
    expect(ok).toBe(true);
    expect(responseBodyOf(head, method)).toBe(expected);
    for (const status of ['100 Continue', '101 Switch', '103 Early', '204 No Content', '304 Not Modified']) {
      const without = read(`HTTP/1.1 ${status}\r\n${fields}`);
      expect(responseBodyOf(without.head, 'GET')).toBe('none');
    }
  });

  test.each([
    'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n',
    'Content-Length: 5\r\nContent-Length: 5\r\n',
    'Content-Length: 5\r\nContent-Length: 6\r\n',
    'Content-Length: 5, 5\r\n',
    'Content-Length: -1\r\n',
    'Content-Length:\r\n',
    'Transfer-Encoding: gzip, chunked\r\n',
    'Transfer-Encoding: identity\r\n',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n',
    'Transfer-Encoding:\r\n',
  ])('in doubt is refused: %j', (fields) => {
    expect(withFields(fields).ok).toBe(false);
  });

  test('in chunks is not for HTTP/1.0', () => {
    expect(read('HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n').ok).toBe(false);
  });
});

describe('the connection', () => {
  test.each([
    ['Connection: close\r\n', { close: true, keepAlive: false }],
    ['Connection: keep-alive\r\nKeep-Alive: max=100, timeout=7\r\n', { keepAlive: true, keepAliveSeconds: 7 }],
    ['Keep-Alive: xtimeout=7\r\n', { keepAliveSeconds: -1 }],
    ['Connection: Upgrade\r\nUpgrade: websocket\r\n', { upgrade: 'websocket' }],
    ['Upgrade: websocket\r\n', { upgrade: '' }],
    ['Connection: close\r\nUpgrade: websocket\r\n', { upgrade: '' }],
    ['Connection: upgrade\r\nUpgrade: a\r\nUpgrade: b\r\n', { upgrade: 'a, b' }],
  ])('as %j has it', (fields, expected) => {
    expect(withFields(fields).head).toMatchObject(expected);
  });

  test('of the response before is forgotten', () => {
    const used = new ResponseHead();
    const rich = `HTTP/1.0 101 A\r\nConnection: close, keep-alive, upgrade\r\nUpgrade: a\r\nKeep-Alive: timeout=5\r\nContent-Length: 3\r\n\r\n`;
    expect(readResponseHead(rich, used, 200)).toBe(true);
    expect(readResponseHead(`${OK}\r\n`, used, 200)).toBe(true);
    expect(used).toEqual(withFields('').head);
  });
});
