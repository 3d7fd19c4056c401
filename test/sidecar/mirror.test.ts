import { describe, expect, test } from 'vitest';
import { MIRROR_OUTCOMES, MirrorCounts, mirrorHead, statusClassOf } from '../../sidecar/mirror.ts';

describe('the head of a copy', () => {
  test('is that of the request, marked, for a connection of its own', () => {
    const head = 'POST /a HTTP/1.1\r\nhost: example.org\r\nvia: 1.1 outrigger\r\ncontent-length: 3\r\n\r\n';
    expect(mirrorHead(head)).toBe(
      'POST /a HTTP/1.1\r\nhost: example.org\r\nvia: 1.1 outrigger\r\ncontent-length: 3\r\n' +
        'x-outrigger-mirror: 1\r\nconnection: close\r\n\r\n',
    );
  });

  test('names Connection once', () => {
    const head = 'GET / HTTP/1.1\r\nhost: a\r\nx: connection: te\r\nconnection: te\r\nte: trailers\r\n\r\n';
    expect(mirrorHead(head)).toBe(
      'GET / HTTP/1.1\r\nhost: a\r\nx: connection: te\r\nx-outrigger-mirror: 1\r\nconnection: close\r\n\r\n',
    );
  });
});

describe('the answer to a copy', () => {
  test.each<[string, string | undefined]>([
    ['HTTP/1.1 200 OK\r\n', '2xx'],
    ['HTTP/1.0 404 Not Found\r\n', '4xx'],
    ['HTTP/1.1 302\r\n', '3xx'],
    ['HTTP/1.1 503 ', '5xx'],
    ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nlink: x\r\n\r\nHTTP/1.1 201 Created\r\n', '2xx'],
    ['HTTP/1.1 100 Continue\r\n\r\n', undefined],
    ['HTTP/1.1 103 Early\r\nlink: HTTP/1.1 200 OK', undefined],
    ['', undefined],
    ['HTTP/1.1 20', undefined],
    ['HTTP/1.1 600 What\r\n', 'failed'],
    ['HTTP/2.0 200 OK\r\n', 'failed'],
    ['SSH-2.0-OpenSSH_9.9', 'failed'],
  ])('%j is %s', (text, expected) => {
    expect(statusClassOf(text)).toBe(expected);
  });

  test('is counted under its own name only', () => {
    const counts = new MirrorCounts();
    counts.count('2xx');
    counts.count('2xx');
    counts.count('same_endpoint');
    const counted = MIRROR_OUTCOMES.filter((outcome) => counts.of(outcome) > 0);
    expect(counted.map((outcome) => [outcome, counts.of(outcome)])).toEqual([
      ['2xx', 2],
      ['same_endpoint', 1],
    ]);
  });
});
