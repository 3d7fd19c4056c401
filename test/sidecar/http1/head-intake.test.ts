import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { emptyLines, findHeadEnd, mayBeHead } from '../../../sidecar/http1/head-bytes.ts';
import { HeadIntake } from '../../../sidecar/http1/head-intake.ts';
import { mayBeRequestHead } from '../../../sidecar/http1/head-lines.ts';
import { bytes, splitAt } from '../../support/http-codec.ts';
import { HOSTILE, REQUESTS } from '../../support/http-corpus.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

/** All verdicts until it wants more bytes or gives up, heads as text. */
function drain(intake: HeadIntake): readonly string[] {
  const seen: string[] = [];
  for (;;) {
    const verdict = intake.next();
    if (verdict === 'incomplete') return seen;
    if (verdict !== 'whole') return [...seen, verdict];
    // A whole head is not looked at before it is read; read, it would be refused.
    if (!mayBeRequestHead(intake.head.subarray(0, intake.headEnd - 2), 0)) return [...seen, 'malformed'];
    seen.push(intake.head.toString('latin1', 0, intake.headEnd));
  }
}

function take(pieces: readonly Buffer[], maxBytes = 65_536): readonly string[] {
  const intake = new HeadIntake(maxBytes);
  const seen: string[] = [];
  for (const piece of pieces) {
    intake.push(piece);
    seen.push(...drain(intake));
    if (['too_large', 'malformed'].includes(seen.at(-1) ?? '')) break;
  }
  return seen;
}

describe('an intake of heads', () => {
  test.each([
    ['', []],
    [GET, [GET]],
    [GET.repeat(50), Array.from({ length: 50 }, () => GET)],
    [`\r\n${GET}`, [GET]],
    [`\r\n\r\n${GET}\r\n${GET}`, [GET, GET]],
    [`\r\n\r\n\r\n${GET}`, ['malformed']],
    [`\n${GET}`, ['malformed']],
    ['GET / HTTP/1.1\nHost: a\n\n', ['malformed']],
    ['GET / HTTP/1.1\r\nX: \x00', ['malformed']],
    ['GET / HTTP/1.1\rX', ['malformed']],
    ['GET / HTTP/1.1\r\r\n', ['malformed']],
    ['GET / HTTP/1.1\r\t', ['malformed']],
    ['GET / HTTP/1.1\x7f', ['malformed']],
    [`${GET}\x16\x03\x01`, [GET, 'malformed']],
    ['GET / HTTP/1.1\r\nX: \t\xff\r\n\r', []],
    ['GET /\r\n', ['malformed']],
    ['PRI * HTTP/2.0\r\n', ['malformed']],
    ['EHLO example.org\r\n', ['malformed']],
    ['GET / HTTP/1.1\r\nHost: a\r\n x', ['malformed']],
    ['GET / HTTP/1.1\r\n\tx', ['malformed']],
    ['GET / HTTP/1.1\r\nHost : a\r\n', ['malformed']],
    ['GET / HTTP/1.1\r\nHost: a\r\nX', []],
    [`${GET}GET\r\n`, [GET, 'malformed']],
  ])('makes of %j what it is, also byte by byte', (wire, expected) => {
    expect(take([bytes(wire)])).toEqual(expected);
    expect(take(wire.split('').map(bytes))).toEqual(expected);
  });

  test('counts the blank line to the bytes that a head may have', () => {
    expect(take([bytes(GET)], GET.length)).toEqual([GET]);
    expect(take([bytes(GET)], GET.length - 1)).toEqual(['too_large']);
    expect(take([bytes(GET.slice(0, -2)), bytes('\r\n')], GET.length - 1)).toEqual(['too_large']);
    expect(take([bytes('G'.repeat(20))], 20)).toEqual([]);
    expect(take([bytes('G'.repeat(21))], 20)).toEqual(['too_large']);
    expect(take([bytes(GET.repeat(50))], GET.length)).toHaveLength(50);
  });

  test('keeps what is behind a head, for the body or for later', () => {
    const intake = new HeadIntake(100);
    intake.push(bytes(`${GET}body`));
    expect(intake.next()).toBe('whole');
    expect(intake.size).toBe(4);
    intake.push(bytes(' and more'));
    expect(intake.takeRest()?.toString()).toBe('body and more');
    expect([intake.size, intake.takeRest(), intake.next()]).toEqual([0, undefined, 'incomplete']);
  });

  test('never writes over what it has given away', () => {
    const intake = new HeadIntake(100);
    for (const piece of ['GET / HT', 'TP/1.1\r\nHost: a\r\n\r\nfirst', ' body']) intake.push(bytes(piece));
    expect(intake.next()).toBe('whole');
    const { head, headEnd } = intake;
    const rest = intake.takeRest();
    for (const piece of [GET, GET, 'another']) intake.push(bytes(piece));
    expect([head.toString('latin1', 0, headEnd), rest?.toString()]).toEqual([GET, 'first body']);
  });

  test('takes a head in single octets without copying it again for each', () => {
    const wire = bytes(`GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(60_000)}\r\n\r\n`);
    const intake = new HeadIntake(65_536);
    const allocations = [vi.spyOn(Buffer, 'concat'), vi.spyOn(Buffer, 'allocUnsafeSlow')];
    for (let i = 0; i < wire.length - 1; i += 1) {
      intake.push(wire.subarray(i, i + 1));
      if (intake.next() !== 'incomplete') throw new Error(`not incomplete at ${i}`);
    }
    expect(allocations.reduce((sum, { mock }) => sum + mock.calls.length, 0)).toBeLessThan(20);
    vi.restoreAllMocks();
    intake.push(wire.subarray(-1));
    expect(intake.next()).toBe('whole');
    expect(intake.head.subarray(0, intake.headEnd).equals(wire)).toBe(true);
  });

  test('gives the same heads however the bytes are split', () => {
    const wire = fc
      .array(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...REQUESTS) }, fc.constantFrom(...HOSTILE)), {
        maxLength: 5,
      })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(wire, fc.array(fc.nat(), { maxLength: 10 }), (text, offsets) => {
        const whole = take([bytes(text)]);
        const pieces = take(splitAt(bytes(text), offsets));
        expect(pieces).toEqual(whole);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the bytes of a head', () => {
  test('end at the first blank line, searched again only where it can be', () => {
    const wire = bytes(`${GET}${GET}`);
    for (let searched = 0; searched < GET.length; searched += 1)
      expect(findHeadEnd(wire, searched)).toBe(GET.length - 4);
    expect(findHeadEnd(bytes('a\r\n\r'), 0)).toBe(-1);
  });

  test.each([
    ['', 0],
    ['\r', 0],
    ['\r\n', 2],
    ['\r\n\r', 2],
    ['\r\n\r\n\r\n', 4],
    ['\n\n', 0],
    ['G\r\n', 0],
  ])('%j begin with empty lines of %i bytes', (wire, expected) => {
    expect(emptyLines(bytes(wire))).toBe(expected);
  });

  test('are never refused while they may become one', () => {
    for (const wire of REQUESTS) {
      const head = bytes(wire.slice(0, wire.indexOf('\r\n\r\n', 4) + 4));
      for (let size = 0; size <= head.length; size += 1) {
        for (const from of [0, size - 1, size - 2])
          expect(mayBeHead(head.subarray(0, size), Math.max(0, from))).toBe(true);
      }
    }
  });
});
