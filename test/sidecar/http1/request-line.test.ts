import { describe, expect, test } from 'vitest';
import { HOST, read } from '../../support/request-heads.ts';

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
