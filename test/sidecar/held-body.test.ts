import { describe, expect, test } from 'vitest';
import { HeldBody } from '../../sidecar/held-body.ts';
import { bytes } from '../support/http-codec.ts';

describe('a held body', () => {
  test('is given back whole, once, in whatever pieces it came', () => {
    const text = 'x'.repeat(9_000) + 'y'.repeat(9_000);
    for (const pieceBytes of [1, 7, 4_096, 5_000, 20_000]) {
      const held = new HeldBody(65_536);
      for (let at = 0; at < text.length; at += pieceBytes) {
        expect(held.push(bytes(text.slice(at, at + pieceBytes)))).toBe(true);
      }
      expect(held.size).toBe(18_000);
      expect(held.data(false).toString('latin1')).toBe(text);
      expect(held.take()?.toString('latin1')).toBe(text);
      expect(held.take()).toBeUndefined();
      expect(held.size).toBe(0);
    }
  });

  test('keeps nothing of the bytes that it was given, which may be overwritten', () => {
    const held = new HeldBody(100);
    const piece = bytes('abc');
    held.push(piece);
    piece.fill(0);
    expect(held.take()?.toString()).toBe('abc');
  });

  test('may have as many bytes as it is allowed, and says when one more has come, without losing it', () => {
    const held = new HeldBody(10);
    expect(held.push(bytes('0123456789'))).toBe(true);
    expect(held.push(bytes('a'))).toBe(false);
    expect(held.take()?.toString()).toBe('0123456789a');
    expect(held.push(bytes('x'.repeat(11)))).toBe(false);
    expect(held.take()).toHaveLength(11);
  });

  test('takes memory for what has come, not for what may come', () => {
    const held = new HeldBody(1_048_576);
    for (let i = 0; i < 5_000; i += 1) held.push(bytes('x'));
    expect(held.take()?.buffer.byteLength).toBe(8_192);
  });

  test('is read without its chunks, and goes on with them', () => {
    const held = new HeldBody(100);
    for (const piece of ['3\r\n{"a\r', '\n4\r\n":1}\r\n0\r\n']) held.push(bytes(piece));
    expect(held.data(true).toString()).toBe('{"a":1}');
    expect(held.take()?.toString()).toBe('3\r\n{"a\r\n4\r\n":1}\r\n0\r\n');
  });
});
