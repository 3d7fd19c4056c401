import { describe, expect, test } from 'vitest';
import { mayBeRequestHead, mayBeResponseHead } from '../../../sidecar/http1/head-lines.ts';
import { bytes } from '../../support/http-codec.ts';
import { REQUESTS, RESPONSES } from '../../support/http-corpus.ts';

type Judge = (bytes: Buffer, from: number) => boolean;

/** The size at which the growing bytes are refused; undefined where they never are. */
function refusedAt(text: string, mayBe: Judge): number | undefined {
  const wire = bytes(text);
  for (let size = 1; size <= wire.length; size += 1) if (!mayBe(wire.subarray(0, size), size - 1)) return size;
  return undefined;
}

/** Up to its blank line, which is no line of it. */
const headOf = (message: string): string => {
  const text = message.replace(/^(\r\n)+/, '');
  return text.slice(0, text.indexOf('\r\n\r\n') + 2);
};

describe('a head that has not come whole', () => {
  test.each<[kind: string, messages: readonly string[], mayBe: Judge]>([
    ['request', REQUESTS, mayBeRequestHead],
    ['response', RESPONSES, mayBeResponseHead],
  ])('of a %s is never refused while it may become one', (_, messages, mayBe) => {
    for (const message of messages) {
      const head = headOf(message);
      expect(refusedAt(head, mayBe)).toBeUndefined();
      for (let from = 0; from < head.length; from += 1) expect(mayBe(bytes(head), from)).toBe(true);
    }
  });

  test.each<[wire: string, octet: number]>([
    ['GET /\r\n', 7],
    ['GET / HTTP/0.9\r\n', 16],
    ['PRI * HTTP/2.0\r\n', 16],
    ['SSH-2.0-x\r\n', 11],
    ['*1\r\n$4\r\n', 4],
    ['GET / HTTP/1.1\r\n Host: a', 17],
    ['GET / HTTP/1.1\r\nX: y\r\n\tz', 23],
    ['GET / HTTP/1.1\r\nX y: z\r\n', 24],
    ['GET / HTTP/1.1\r\nnothing\r\nX: y\r\n', 25],
    ['GET / HTTP/1.1\r\nX: \x01', 20],
  ])('of a request is refused with the octet that spoils it: %j', (wire, octet) => {
    expect(refusedAt(wire, mayBeRequestHead)).toBe(octet);
    expect(mayBeRequestHead(bytes(wire), 0)).toBe(false);
  });

  test.each<[wire: string, octet: number]>([
    ['hello', 1],
    ['<html>', 1],
    ['HTTP/2', 6],
    ['HTTP/1.1 abc\r\n', 14],
    ['HTTP/1.1 200 OK\n', 16],
    ['HTTP/1.1 200 OK\r\nX : y\r\n', 24],
    ['HTTP/1.1 200 OK\r\nX: y\r\n z', 24],
  ])('of a response is refused with the octet that spoils it: %j', (wire, octet) => {
    expect(refusedAt(wire, mayBeResponseHead)).toBe(octet);
    expect(mayBeResponseHead(bytes(wire), 0)).toBe(false);
  });
});
