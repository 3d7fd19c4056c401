/** Messages made from parts, most of them valid: what is accepted must be clean, and Node must read it alike. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seeded } from '../../support/endpoints.ts';
import { bytes, receiveRequest, receiveResponse } from '../../support/http-codec.ts';
import { judgeRequest, judgeResponse } from '../../support/http-judge.ts';

const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,10}$/);
const value = fc.stringMatching(/^[\t !-~\x80-\xff]{0,16}$/);
const space = fc.constantFrom('', ' ', '\t', '  ');

/** Names that mean something, in any case; now and then with `_` for `-`. */
const knownName = fc
  .tuple(
    fc.constantFrom(
      'connection',
      'keep-alive',
      'te',
      'trailer',
      'upgrade',
      'expect',
      'max-forwards',
      'via',
      'cookie',
      'x-user-id',
      'x-forwarded-for',
      'x-forwarded-by',
      'x-forwarded-proto',
      'x-real-ip',
      'forwarded',
      'x-request-id',
      'proxy',
      'proxy-connection',
      'proxy-a',
      'proxy-abcd',
      'x-outrigger-id',
      'http2-settings',
      'content-type',
      'hosts',
    ),
    fc.nat(),
    fc.boolean(),
  )
  .map(([name, bits, underscore]) => {
    const cased = name.split('').map((letter, i) => ((bits >> (i % 30)) & 1 ? letter.toUpperCase() : letter));
    return underscore && bits % 4 === 0 ? cased.join('').replaceAll('-', '_') : cased.join('');
  });
const knownValue = fc.constantFrom(
  'close',
  'keep-alive',
  'upgrade',
  'x-user-id, cookie',
  'te',
  'trailers',
  'gzip',
  '100-continue',
  'websocket',
  'h2c',
  '0',
  '7',
  '192.0.2.9',
  'host, content-length',
  'timeout=5',
  'abc',
);
const field = fc
  .tuple(fc.oneof(knownName, token), space, fc.oneof(knownValue, value), space)
  .map((parts) => `${parts[0]}:${parts.slice(1).join('')}\r\n`);
const fields = fc.array(field, { maxLength: 8 });
const data = fc.uint8Array({ maxLength: 40 }).map((octets) => Buffer.from(octets).toString('latin1'));

const body = fc.oneof(
  fc.constant({ framing: '', text: '' }),
  data.map((text) => ({ framing: `Content-Length: ${text.length}\r\n`, text })),
  fc
    .tuple(
      fc.array(
        data.filter((text) => text !== ''),
        { maxLength: 3 },
      ),
      fields,
    )
    .map(([chunks, trailers]) => ({
      framing: 'transfer-encoding: Chunked\r\n',
      text: `${chunks.map((text) => `${text.length.toString(16)}\r\n${text}\r\n`).join('')}0\r\n${trailers.join('')}\r\n`,
    })),
);

/** Lines in any order, with the one line that must be among them. */
const shuffled = (lines: readonly string[], more: readonly string[], at: number): string =>
  [...lines.slice(0, at % (lines.length + 1)), ...more, ...lines.slice(at % (lines.length + 1))].join('');

const host = fc.constantFrom('example.org', 'Example.org:80', '[::1]:8080', 'a_b.example');
const request = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'HEAD', 'OPTIONS', 'TRACE', 'DELETE', 'PURGE', 'get', 'CUSTOM'),
    path: fc.stringMatching(/^\/[!-"$-~]{0,20}$/),
    form: fc.constantFrom('origin', 'origin', 'absolute', 'star'),
    version: fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0'),
    host,
    fields,
    body,
    at: fc.nat(),
  })
  .map((made) => {
    const target = { origin: made.path, absolute: `http://${made.host}${made.path}`, star: '*' }[made.form];
    const lines = shuffled(made.fields, [`Host: ${made.host}\r\n`, made.body.framing], made.at);
    return `${made.method} ${target} ${made.version}\r\n${lines}\r\n${made.body.text}`;
  });
const response = fc
  .record({
    version: fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0'),
    status: fc.constantFrom(200, 201, 204, 206, 302, 304, 404, 500, 599),
    reason: fc.constantFrom('', ' ', ' OK', ' Caf\xe9 zu'),
    fields,
    body,
    at: fc.nat(),
  })
  .map((made) => {
    const lines = shuffled(made.fields, [made.body.framing], made.at);
    return `${made.version} ${made.status}${made.reason}\r\n${lines}\r\n${made.body.text}`;
  });

describe('whatever is accepted', () => {
  test('as a request goes upstream clean, as one request, with the same meaning to Node', async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(request, fc.nat(), async (text, seed) => {
        const { faults, outcome } = await judgeRequest(text, seeded(seed));
        if (outcome === 'complete') accepted += 1;
        expect(faults).toEqual([]);
      }),
      { numRuns: 800 },
    );
    expect(accepted).toBeGreaterThan(200);
  });

  test('as a response goes to the client clean, as one response, with the same meaning to Node', async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(response, fc.nat(), async (text, seed) => {
        const { faults, outcome } = await judgeResponse(text, seeded(seed));
        if (outcome === 'complete') accepted += 1;
        expect(faults).toEqual([]);
      }),
      { numRuns: 800 },
    );
    expect(accepted).toBeGreaterThan(200);
  });
});

test('no octets at all make the codec throw', () => {
  const octets = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((some) => Buffer.from(some)),
    fc
      .array(
        fc.constantFrom('\r\n', '\n', '\r', ' ', ':', 'GET / HTTP/1.1', 'HTTP/1.1 200 OK', 'Host: a', '\0', '\xff'),
        { maxLength: 12 },
      )
      .map((parts) => bytes(parts.join(''))),
  );
  fc.assert(
    fc.property(octets, (wire) => {
      expect(['complete', 'waiting', 'refused']).toContain(receiveRequest([wire]).outcome);
      expect(['complete', 'waiting', 'refused']).toContain(receiveResponse([wire], 'GET', true).outcome);
    }),
    { numRuns: 1_000 },
  );
});
