/** What a request head says of what follows it. */
import { describe, expect, test } from 'vitest';
import { HOST, passed, read, readGet, readPost } from '../../support/request-heads.ts';

describe('framing', () => {
  test.each([
    ['', { contentLength: -1, chunked: false }],
    ['Content-Length: 0\r\n', { contentLength: 0, chunked: false }],
    ['content-length:\t005 \r\n', { contentLength: 5, chunked: false }],
    ['Content-Length: 999999999999999\r\n', { contentLength: 999_999_999_999_999 }],
    ['Transfer-Encoding: chunked\r\n', { contentLength: -1, chunked: true }],
    ['transfer-encoding:ChUnKeD \r\n', { contentLength: -1, chunked: true }],
  ])('of %j is read, and is not among what passes', (fields, expected) => {
    const { verdict, head } = readPost(fields);
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
    expect(readPost(`Content-Length: ${value}\r\n`)).toMatchObject({
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
    expect(readPost(`Transfer-Encoding: ${value}\r\n`)).toMatchObject({
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
    expect(readPost(fields).verdict).toBe('bad_request');
  });

  test('in chunks is not for HTTP/1.0', () => {
    expect(readPost('Transfer-Encoding: chunked\r\n', 'HTTP/1.0').verdict).toBe('bad_request');
    expect(readPost('Content-Length: 5\r\n', 'HTTP/1.0')).toMatchObject({ verdict: 'ok', head: { contentLength: 5 } });
  });

  test('cannot be nominated away', () => {
    expect(readPost('Connection: Content-Length, host\r\nContent-Length: 5\r\n')).toMatchObject({
      verdict: 'ok',
      head: { contentLength: 5, forwarded: `POST / HTTP/1.1\r\n${HOST}` },
    });
    expect(readPost('Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n').head.chunked).toBe(true);
  });
});

describe('an expectation', () => {
  test.each([
    ['Expect: 100-continue\r\nContent-Length: 5\r\n', true],
    ['Expect: 100-Continue\r\nTransfer-Encoding: chunked\r\n', true],
    ['Expect: 100-continue\r\nContent-Length: 0\r\n', false],
    ['Expect: 100-continue\r\n', false],
  ])('%j waits for us only with a body', (fields, expected) => {
    expect(readPost(fields)).toMatchObject({ verdict: 'ok', head: { expectsContinue: expected } });
  });

  test.each([
    'Expect: y 100-continue\r\n',
    'Expect: 100-continue, x\r\n',
    'Expect: a\r\n',
    'Expect: 100-continue\r\nExpect: 100-continue\r\n',
  ])('that we do not know fails, and in HTTP/1.0 is none: %j', (fields) => {
    expect(readPost(`${fields}Content-Length: 5\r\n`).verdict).toBe('expectation_failed');
    expect(readPost(`${fields}Content-Length: 5\r\n`, 'HTTP/1.0')).toMatchObject({
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
    expect(readGet(fields)).toMatchObject({ verdict: 'ok', head: { upgrade: expected } });
    expect(passed(fields)).toBe('');
  });

  test('is not for HTTP/1.0', () => {
    const { head } = read(`GET / HTTP/1.0\r\n${HOST}Connection: upgrade\r\nUpgrade: websocket\r\n`);
    expect(head.upgrade).toBe('');
  });
});
