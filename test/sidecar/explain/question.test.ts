import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatQuestion, headText, parseQuestion, type Question, splitUrl } from '../../../sidecar/explain/question.ts';

const question = (parts: Partial<Question> = {}): Question => {
  return { method: 'GET', url: '/', headers: [], body: undefined, listener: undefined, client: '127.0.0.1', ...parts };
};

describe('a query', () => {
  test('has a url and defaults for the rest', () => {
    expect(parseQuestion('url=/users')).toEqual(question({ url: '/users' }));
  });

  test('has as many headers as needed', () => {
    const query = 'url=http://a.example/x%3Fy=1&method=POST&header=a:+1&header=b:%20%C3%A9&listener=web&client=::1';
    expect(parseQuestion(query)).toEqual({
      method: 'POST',
      url: 'http://a.example/x?y=1',
      headers: ['a: 1', 'b: é'],
      body: undefined,
      listener: 'web',
      client: '::1',
    });
  });

  test.each([
    ['', 'url is missing'],
    ['url=', 'url is missing'],
    ['url=/&headers=a:1', 'unknown parameter headers; there are url, method, header, body, listener, client'],
    [`url=/&body=${'x'.repeat(2_049)}`, 'body has more than 2048 bytes'],
    ['url=/&body=a&body=b', 'body is given more than once'],
    ['url=/&__proto__=1', 'unknown parameter __proto__'],
    ['url=/&url=/x', 'url is given more than once'],
  ])('%j is refused: %s', (query, problem) => {
    expect(parseQuestion(query)).toEqual({ problem: expect.stringContaining(problem) as string });
  });

  test('that was formatted reads back as it was', () => {
    const text = fc.string({ unit: 'grapheme' }).filter((it) => it.isWellFormed());
    const any = fc.record({
      method: text,
      url: text.filter((it) => it !== ''),
      headers: fc.array(text),
      body: fc.option(text, { nil: undefined }),
      listener: fc.option(text, { nil: undefined }),
      client: text,
    });
    fc.assert(
      fc.property(any, (it) => {
        expect(parseQuestion(formatQuestion(it))).toEqual(it);
      }),
    );
  });
});

test.each([
  ['/users?x=1#top', '', '/users?x=1'],
  ['http://a.example:81/users', 'a.example:81', '/users'],
  ['HTTPS://a.example', 'a.example', '/'],
  ['a.example?x', 'a.example', '/?x'],
  ['http://[::1]:80/a//b/../c', '[::1]:80', '/a//b/../c'],
  ['tcp://127.0.0.1:5432', '127.0.0.1:5432', '/'],
  ['*', '', '*'],
])('%s is asked of %j for %s', (url, authority, target) => {
  expect(splitUrl(url)).toEqual({ authority, target });
});

test('a body is announced as it is, unless somebody else has', () => {
  const linesOf = (headers: readonly string[]) =>
    headText(question({ headers, body: '"é"' }), '/', 'h')
      .split('\r\n')
      .slice(2, -2);
  expect(linesOf([])).toEqual(['content-type: application/json', 'content-length: 4']);
  expect(linesOf(['Content-Type: a/b', 'Content-Length : 4'])).toEqual(['Content-Type: a/b', 'Content-Length : 4']);
  expect(linesOf(['transfer-encoding: chunked'])).toEqual([
    'transfer-encoding: chunked',
    'content-type: application/json',
  ]);
  expect(parseQuestion('url=/&body=')).toMatchObject({ method: 'POST', body: '' });
});

test('the head is bytes, and has one Host', () => {
  expect(headText(question({ headers: ['x: é'] }), '/a', 'h')).toBe('GET /a HTTP/1.1\r\nhost: h\r\nx: Ã©\r\n\r\n');
  expect(headText(question({ headers: ['HOST: b'] }), '/', 'h')).toBe('GET / HTTP/1.1\r\nHOST: b\r\n\r\n');
});
