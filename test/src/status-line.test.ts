import { expect, it } from 'vitest';
import { readStatusLine } from '../../src/status-line.ts';

it.each([
  ['', 'incomplete'],
  ['HTT', 'incomplete'],
  ['HTTP/1.1 200 OK', 'incomplete'],
  ['HTTP/1.1 200 OK\r\n', 200],
  ['HTTP/1.0 503\r\nServer: x\r\n', 503],
  ['HTTP/1.1 204 \n', 204],
  ['HTTP/1.1 101 Switching Protocols\r\n', 101],
  ['HTTP/1.1 100 Continue\r\n', 'incomplete'],
  ['HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n', 200],
  ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 5', 'incomplete'],
  ['HTTP/1.1 100 Continue\r\n\r\nnonsense\r\n', 'malformed'],
  ['HTTP/2 200\r\n', 'malformed'],
  ['HTTP/1.1 20 OK\r\n', 'malformed'],
  ['HTTP/1.1 2000 OK\r\n', 'malformed'],
  ['HTTP/1.1  200 OK\r\n', 'malformed'],
  ['http/1.1 200 OK\r\n', 'malformed'],
  ['SSH-2.0-OpenSSH_9.2', 'malformed'],
  ['\u0015\u0003\u0001', 'malformed'],
])('%j is %s', (head, expected) => {
  expect(readStatusLine(head)).toBe(expected);
});
