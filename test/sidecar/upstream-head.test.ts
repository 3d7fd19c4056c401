import { describe, expect, it } from 'vitest';
import { compileInterests } from '../../sidecar/http1/interests.ts';
import { RequestHead, readRequestHead } from '../../sidecar/http1/request-head.ts';
import { formatUpstreamHead, isIdempotent, originOf, trustedOrigin } from '../../sidecar/upstream-head.ts';

function headOf(wire: string, trusted = false): RequestHead {
  const head = new RequestHead();
  expect(readRequestHead(wire, head, compileInterests([]), trusted, { maxHeaders: 100 })).toBe('ok');
  return head;
}

const lines = (...text: string[]): string => `${text.join('\r\n')}\r\n\r\n`;
const ORIGIN = originOf('192.0.2.7', 'a.test');

describe('the head that goes upstream', () => {
  it('is that of the client, what we say of it, and its framing', () => {
    const head = headOf(lines('POST /x?y HTTP/1.1', 'Host: a.test', 'X-Mixed: Case', 'content-length: 5'));
    expect(formatUpstreamHead(head, ORIGIN, 'id-1')).toBe(
      lines(
        'POST /x?y HTTP/1.1',
        'Host: a.test',
        'X-Mixed: Case',
        'x-forwarded-for: 192.0.2.7',
        'x-forwarded-proto: http',
        'x-forwarded-host: a.test',
        'x-real-ip: 192.0.2.7',
        'via: 1.1 outrigger',
        'x-request-id: id-1',
        'content-length: 5',
      ),
    );
  });

  it.each<[string, readonly string[], readonly string[]]>([
    ['a chunked body', ['POST / HTTP/1.1', 'transfer-encoding: chunked'], ['transfer-encoding: chunked']],
    ['an empty body that was declared', ['POST / HTTP/1.1', 'content-length: 0'], ['content-length: 0']],
    ['no body', ['GET / HTTP/1.1'], []],
    [
      'an upgrade',
      ['GET / HTTP/1.1', 'connection: upgrade', 'upgrade: websocket'],
      ['connection: upgrade', 'upgrade: websocket'],
    ],
    ['an upgrade that Connection does not name', ['GET / HTTP/1.1', 'upgrade: websocket'], []],
    ['trailers', ['GET / HTTP/1.1', 'te: gzip, trailers', 'connection: te'], ['connection: te', 'te: trailers']],
    ['other encodings', ['GET / HTTP/1.1', 'te: gzip', 'connection: te'], []],
    ['a hop to go', ['OPTIONS / HTTP/1.1', 'max-forwards: 3'], ['max-forwards: 2']],
  ])('has %s', (_, [line = '', ...fields], expected) => {
    const text = formatUpstreamHead(headOf(lines(line, 'host: a.test', ...fields)), ORIGIN, '');
    const sent = text.slice(text.indexOf('via: 1.1 outrigger\r\n') + 'via: 1.1 outrigger\r\n'.length);
    expect(sent.split('\r\n').slice(0, -2)).toEqual(expected);
  });

  it('is HTTP/1.1 whatever the client speaks', () => {
    const head = headOf(lines('GET / HTTP/1.0', 'host: a.test', 'connection: keep-alive'));
    expect(formatUpstreamHead(head, '', '')).toBe(lines('GET / HTTP/1.1', 'host: a.test'));
  });
});

describe('the origin', () => {
  it('of a trusted peer keeps what it says and adds what is missing', () => {
    const head = headOf(
      lines('GET / HTTP/1.1', 'host: a.test', 'X-Forwarded-Proto: https', 'x-forwarded-for: 203.0.113.7'),
      true,
    );
    expect(trustedOrigin('10.0.0.1', '203.0.113.7', head).split('\r\n')).toEqual([
      'x-forwarded-for: 203.0.113.7, 10.0.0.1',
      'x-forwarded-host: a.test',
      'x-real-ip: 203.0.113.7',
      'via: 1.1 outrigger',
      '',
    ]);
    expect(head.forwarded).toContain('X-Forwarded-Proto: https\r\n');
  });

  it('without an address names none', () => {
    expect(originOf('', 'a.test')).toBe(
      'x-forwarded-proto: http\r\nx-forwarded-host: a.test\r\nvia: 1.1 outrigger\r\n',
    );
  });
});

describe('a method', () => {
  it.each([
    ['GET HEAD OPTIONS TRACE PUT DELETE', true],
    ['POST PATCH CONNECT LOCK get PROPFIND', false],
  ])('of %s may be repeated: %s', (methods, expected) => {
    expect(methods.split(' ').map(isIdempotent)).toEqual(methods.split(' ').map(() => expected));
  });
});
