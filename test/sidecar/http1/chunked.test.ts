import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ChunkedReader } from '../../../sidecar/http1/chunked.ts';
import { bytes, readChunked, splitAt } from '../../support/http-codec.ts';
import { readSentRequest } from '../../support/strict-http.ts';

const read = (...pieces: readonly string[]) => readChunked(pieces.map(bytes));

describe('a chunked body', () => {
  test.each([
    ['5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n', 'hello world', '5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n'],
    ['0\r\n\r\n', '', '0\r\n\r\n'],
    ['000\r\n\r\n', '', '000\r\n\r\n'],
    ['0000005\r\nhello\r\n0\r\n\r\n', 'hello', '0000005\r\nhello\r\n0\r\n\r\n'],
    [`aA\r\n${'x'.repeat(170)}\r\n0\r\n\r\n`, 'x'.repeat(170), `aA\r\n${'x'.repeat(170)}\r\n0\r\n\r\n`],
    ['5\r\n\r\n0\r\n\r\n0\r\n\r\n', '\r\n0\r\n', '5\r\n\r\n0\r\n\r\n0\r\n\r\n'],
    ['3\r\n\x00\n\xff\r\n0\r\n\r\n', '\x00\n\xff', '3\r\n\x00\n\xff\r\n0\r\n\r\n'],
    ['5;a\r\nhello\r\n0;b=c\r\n\r\n', 'hello', '5\r\nhello\r\n0\r\n\r\n'],
    ['5;a=b;c="d;\\"\t \xe9";e\r\nhello\r\n0\r\n\r\n', 'hello', '5\r\nhello\r\n0\r\n\r\n'],
    ['0\r\nX-A: 1\r\nx-b:\r\n\r\n', '', '0\r\nX-A: 1\r\nx-b:\r\n\r\n'],
  ])('%j is whole', (wire, body, sentOn) => {
    const all = { outcome: 'complete', body, sentOn, used: wire.length };
    expect(read(wire)).toMatchObject(all);
    expect(read(...wire.split(''))).toMatchObject(all);
    expect(read(`${wire}GET /next HTTP/1.1\r\n\r\n`)).toMatchObject(all);
    for (let cut = 0; cut < wire.length; cut += 1) expect(read(wire.slice(0, cut)).outcome).toBe('waiting');
  });

  test.each([
    ['', 'Z\r\n'],
    ['', '\r\n'],
    ['', '\n'],
    ['', ' 5\r\n'],
    ['', ';a\r\n'],
    ['', '-5\r\n'],
    ['', '+5\r\n'],
    ['', '0x5\r\n'],
    ['', '1_0\r\n'],
    ['', '5 \r\n'],
    ['', '5\t;a\r\n'],
    ['', '5\x00\r\n'],
    ['', '5\n'],
    ['', '5\rh'],
    ['', '5\r\r\n'],
    ['', '5g\r\n'],
    ['', '5,5\r\n'],
    ['', '11000000000000\r\n'],
    ['', 'fffffffffffffff0\r\n'],
    ['', `${'0'.repeat(17)}\r\n`],
    ['', '5;\r\n'],
    ['', '5; a\r\n'],
    ['', '5;a \r\n'],
    ['', '5;a =b\r\n'],
    ['', '5;a=\r\n'],
    ['', '5;=b\r\n'],
    ['', '5;a=b c\r\n'],
    ['', '5;a="b\r\n'],
    ['', '5;a="b"c\r\n'],
    ['', '5;a;\r\n'],
    ['', '5;a\n'],
    ['', '5;\n'],
    ['', '5;a\rb'],
    ['', '5;a\x00'],
    ['', '5;a="\x7f'],
    ['', '5;a="\r\n"\r\n'],
    ['5\r\nhello', '0\r\n\r\n'],
    ['5\r\nhello', '\n'],
    ['5\r\nhello', '\r\r'],
    ['5\r\nhello', '!\r\n'],
    ['5\r\nhello\r\n0\r\n', '\n'],
    ['5\r\nhello\r\n0\r\n', '\rX'],
    ['5\r\nhello\r\n0\r\n', '\r\r\n'],
    ['0\r\n', 'X: y\n'],
    ['0\r\n', 'X: y\rz'],
    ['0\r\n', 'X: \x00'],
    ['0\r\n', 'X\r\n\r\n'],
    ['0\r\n', 'X : y\r\n\r\n'],
    ['0\r\n', ' X: y\r\n\r\n'],
    ['0\r\n', 'X: y\r\n z\r\n\r\n'],
    ['0\r\n', ': y\r\n\r\n'],
  ])('after %j is refused when %j follows, and never ended', (good, bad) => {
    const end = '5\r\nhello\r\n0\r\n\r\n';
    for (const result of [read(good + bad + end), read(good, bad, end), read(...`${good}${bad}${end}`.split(''))]) {
      expect(result.outcome).toBe('refused');
      const sent = `POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: chunked\r\n\r\n${result.sentOn}`;
      expect(readSentRequest(sent).complete).toBe(false);
    }
    expect(read(good + bad).outcome).toBe('refused');
  });

  test('may have chunks of nearly 2^52 bytes, and no more', () => {
    const reader = new ChunkedReader();
    reader.begin('data');
    const wire = bytes('fffffffffffff\r\nabc');
    expect(reader.read(wire, 0, wire.length)).toBe(wire.length);
    expect([reader.failed, reader.done, reader.ranges]).toEqual([false, false, [15, 18]]);
    expect(read('000fffffffffffff\r\n').outcome).toBe('waiting');
    expect(read('0000fffffffffffff\r\n').outcome).toBe('refused');
  });

  test('has extensions of 4 KiB in all at most', () => {
    const chunk = (extension: string): string => `1;${extension}\r\nx\r\n`;
    expect(read(chunk('a'.repeat(4_096)), '0\r\n\r\n').outcome).toBe('complete');
    expect(read(chunk('a'.repeat(4_097))).outcome).toBe('refused');
    expect(read(chunk('a'.repeat(9)).repeat(409), '0\r\n\r\n').outcome).toBe('complete');
    expect(read(chunk('a'.repeat(9)).repeat(410)).outcome).toBe('refused');
  });

  test('has a trailer section of 8 KiB at most, refused as soon as it is longer', () => {
    const trailer = (size: number): string => `X: ${'a'.repeat(size - 5)}\r\n`;
    expect(read('0\r\n', trailer(8_190), '\r\n').outcome).toBe('complete');
    expect(read('0\r\n', trailer(8_191), '\r\n').outcome).toBe('refused');
    expect(read('0\r\n', `X: ${'a'.repeat(8_190)}`).outcome).toBe('refused');
  });

  test('in single bytes takes no more than linear time', () => {
    const wire = `0;a="${'\\a'.repeat(2_000)}"\r\nX: ${'a'.repeat(8_000)}\r\n\r\n`;
    const pieces = splitAt(
      bytes(wire),
      Array.from({ length: wire.length }, (_, i) => i),
    );
    const begin = performance.now();
    expect(readChunked(pieces).outcome).toBe('complete');
    expect(performance.now() - begin).toBeLessThan(500);
  });
});

describe('trailers', () => {
  test.each([
    'Content-Length: 50',
    'Transfer-Encoding: chunked',
    'Host: evil.example',
    'Authorization: Bearer x',
    'Cookie: a=b',
    'X-Forwarded-For: 192.0.2.9',
    'x_forwarded_for: 192.0.2.9',
    'X-Real-IP: a',
    'x-outrigger-id: a',
    'Connection: close',
    'content_length: 50',
    'TRANSFER_ENCODING: chunked',
    'Trailer: X',
    'TE: trailers',
    'Set-Cookie: a=b',
    'If-Match: *',
    'Expect: 100-continue',
    'Proxy: a',
    'Proxy-Authorization: a',
    'Forwarded: for=a',
    'Content-Type: text/html',
    'Via: 1.1 a',
  ])('never carry on what frames, routes, authenticates or vouches: %s', (line) => {
    expect(read(`0\r\nX-A: 1\r\n${line}\r\nX-B: 2\r\n\r\n`)).toMatchObject({
      outcome: 'complete',
      trailers: 'X-A: 1\r\nX-B: 2\r\n',
      sentOn: '0\r\nX-A: 1\r\nX-B: 2\r\n\r\n',
    });
  });
});

describe('a reader', () => {
  test('gives the places of what passes, touching ones as one', () => {
    const wire = bytes('5\r\nhello\r\n1;a\r\nx\r\n0;b\r\n\r\nrest');
    const rangesIn = (mode: 'chunks' | 'data'): readonly string[] => {
      const reader = new ChunkedReader();
      reader.begin(mode);
      expect(reader.read(wire, 0, wire.length)).toBe(wire.length - 'rest'.length);
      return reader.ranges.flatMap((from, i) =>
        i % 2 === 0 ? [wire.toString('latin1', from, reader.ranges[i + 1])] : [],
      );
    };
    expect(rangesIn('chunks')).toEqual(['5\r\nhello\r\n1', '\r\nx\r\n0', '\r\n']);
    expect(rangesIn('data')).toEqual(['hello', 'x']);
  });

  test('is used again from anywhere', () => {
    const reader = new ChunkedReader();
    const whole = bytes('2\r\nab\r\n0\r\nx: y\r\n\r\n');
    for (const before of [
      '',
      '5',
      '5;a',
      '5\r',
      '5\r\nhe',
      '5\r\nhello',
      '0\r\nx: ',
      '0\r\nx: y\r\n\r\n',
      'Z',
      '0\r\n\n',
    ]) {
      reader.begin('chunks');
      reader.read(bytes(before), 0, before.length);
      reader.begin('data');
      expect([reader.done, reader.failed, reader.trailers, reader.ranges]).toEqual([false, false, '', []]);
      expect(reader.read(whole, 0, whole.length)).toBe(whole.length);
      expect([reader.done, reader.ranges, reader.trailers]).toEqual([true, [3, 5], 'x: y\r\n']);
      // What follows is somebody else's.
      expect(reader.read(whole, 0, whole.length)).toBe(0);
      expect(reader.ranges).toEqual([]);
    }
  });
});

describe('however a body is split', () => {
  const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,8}$/);
  const extension = fc.oneof(
    token.map((name) => `;${name}`),
    fc.tuple(token, token).map(([name, value]) => `;${name}=${value}`),
    fc.tuple(token, fc.stringMatching(/^[ !#-[\]-~]{0,8}$/)).map(([name, value]) => `;${name}="${value}"`),
  );
  const chunk = fc.record({
    data: fc.uint8Array({ minLength: 1, maxLength: 40 }).map((octets) => Buffer.from(octets).toString('latin1')),
    zeros: fc.constantFrom('', '0', '000'),
    upper: fc.boolean(),
    extensions: fc.array(extension, { maxLength: 2 }).map((all) => all.join('')),
  });
  const trailer = fc.tuple(token, fc.stringMatching(/^[!-~]{0,8}$/)).map(([name, value]) => `${name}: ${value}\r\n`);
  const body = fc.record({
    chunks: fc.array(chunk, { maxLength: 5 }),
    lastExtension: fc.oneof(fc.constant(''), extension),
    trailers: fc.array(trailer, { maxLength: 3 }),
  });
  const wireOf = ({
    chunks,
    lastExtension,
    trailers,
  }: typeof body extends fc.Arbitrary<infer T> ? T : never): string => {
    const lines = chunks.map(({ data, zeros, upper, extensions }) => {
      const size = data.length.toString(16);
      return `${zeros}${upper ? size.toUpperCase() : size}${extensions}\r\n${data}\r\n`;
    });
    return `${lines.join('')}0${lastExtension}\r\n${trailers.join('')}\r\n`;
  };

  test('its data are the same, and what is sent on is the same body without extensions', () => {
    fc.assert(
      fc.property(body, fc.array(fc.nat(), { maxLength: 12 }), (made, offsets) => {
        const wire = wireOf(made);
        const whole = read(wire);
        expect(readChunked(splitAt(bytes(`${wire}more`), offsets))).toEqual(whole);
        expect(whole).toMatchObject({ outcome: 'complete', used: wire.length });
        expect(whole.body).toBe(made.chunks.map(({ data }) => data).join(''));
        const sent = readSentRequest(`POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: chunked\r\n\r\n${whole.sentOn}`);
        expect(sent).toMatchObject({ problems: [], complete: true, rest: '', body: whole.body });
        expect(read(whole.sentOn)).toEqual({ ...whole, used: whole.sentOn.length });
      }),
      { numRuns: 300 },
    );
  });

  test('and whatever octet is changed, the outcome is the same, and nothing is ended before its time', () => {
    const change = fc.record({
      at: fc.nat(),
      octet: fc.constantFrom(...'\r\n\0 \t;:,"0f\x7f\x85'.split('')),
      removed: fc.nat(2),
    });
    fc.assert(
      fc.property(
        body,
        fc.array(change, { minLength: 1, maxLength: 3 }),
        fc.array(fc.nat(), { maxLength: 6 }),
        (made, changes, offsets) => {
          let wire = wireOf(made);
          for (const { at, octet, removed } of changes) {
            const place = at % wire.length;
            wire = wire.slice(0, place) + octet + wire.slice(place + removed);
          }
          const whole = read(wire);
          expect(readChunked(splitAt(bytes(wire), offsets))).toEqual(whole);
          const sent = readSentRequest(
            `POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: chunked\r\n\r\n${whole.sentOn}`,
          );
          expect(sent).toMatchObject({ complete: whole.outcome === 'complete', rest: '' });
          if (sent.complete) expect(sent.problems).toEqual([]);
        },
      ),
      { numRuns: 500 },
    );
  });
});
