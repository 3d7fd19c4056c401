import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RCODE } from '../../dns/codes.ts';
import { parseQuery, type Query } from '../../dns/message.ts';
import { opt, type QueryParts, query, record } from '../support/dns-message.ts';

const SOA = record('lb.test', 'SOA', Buffer.alloc(22));
const TSIG = record('key', 'TSIG', Buffer.alloc(30));
const longLabel = 'a'.repeat(63);

function parsed(name: string, type: string, parts: QueryParts): Query {
  const result = parseQuery(query(name, type, parts));
  if (typeof result === 'string') throw new Error(`dropped: ${result}`);
  return result;
}

function rcodeOf(name: string, type: string, parts: QueryParts): string | undefined {
  const { rcode } = parsed(name, type, parts);
  return Object.keys(RCODE).find((key) => RCODE[key as keyof typeof RCODE] === rcode);
}

describe('a query is', () => {
  const rows: readonly [why: string, rcode: string, type: string, parts: QueryParts][] = [
    ['plain', 'NOERROR', 'A', {}],
    ['with RD, AD, CD, Z and TC set', 'NOERROR', 'A', { flags: 0x0370 }],
    ['of a type that nobody knows', 'NOERROR', 'TYPE666', {}],
    ['for ANY', 'NOERROR', 'ANY', {}],
    ['with EDNS', 'NOERROR', 'A', { additionals: [opt()] }],
    [
      'with EDNS options, known and unknown',
      'NOERROR',
      'A',
      { additionals: [opt({ options: Buffer.from('00030000fde90003010203', 'hex') })] },
    ],
    ['with EDNS and a signature', 'NOERROR', 'A', { additionals: [opt(), TSIG] }],
    ['signed with a key that we cannot know', 'NOERROR', 'A', { additionals: [TSIG] }],
    ['a transfer', 'REFUSED', 'AXFR', {}],
    ['an incremental transfer with its SOA', 'REFUSED', 'IXFR', { authorities: [SOA] }],
    ['of class CH', 'REFUSED', 'TXT', { cls: 3 }],
    ['of class ANY', 'REFUSED', 'A', { cls: 255 }],
    ['of class 0', 'REFUSED', 'A', { cls: 0 }],
    ['for OPT', 'FORMERR', 'OPT', {}],
    ['for TSIG', 'FORMERR', 'TSIG', {}],
    ['for mailboxes of 1983', 'NOTIMP', 'MAILB', {}],
    ['of EDNS version 1', 'BADVERS', 'A', { additionals: [opt({ version: 1 })] }],
    ['of EDNS version 1 and class CH', 'BADVERS', 'A', { cls: 3, additionals: [opt({ version: 1 })] }],
    ['an IQUERY', 'NOTIMP', 'A', { flags: 1 << 11 }],
    ['an UPDATE with a prerequisite', 'NOTIMP', 'SOA', { flags: 5 << 11, counts: [1, 1, 0, 0], trailing: SOA }],
    ['of opcode 15 without a question', 'NOTIMP', 'A', { flags: 15 << 11, counts: [0, 0, 0, 0] }],
    ['without a question', 'FORMERR', 'A', { counts: [0, 0, 0, 0] }],
    ['with two questions', 'FORMERR', 'A', { counts: [2, 0, 0, 0] }],
    ['with an answer', 'FORMERR', 'A', { counts: [1, 1, 0, 0], trailing: SOA }],
    ['with an authority', 'FORMERR', 'A', { authorities: [SOA] }],
    ['an incremental transfer with two authorities', 'FORMERR', 'IXFR', { authorities: [SOA, SOA] }],
    ['with three additionals', 'FORMERR', 'A', { additionals: [opt(), TSIG, TSIG] }],
    ['with fewer additionals than it says', 'FORMERR', 'A', { counts: [1, 0, 0, 1] }],
    ['with counts of 65535', 'FORMERR', 'A', { counts: [1, 65535, 65535, 65535] }],
    ['followed by garbage', 'FORMERR', 'A', { trailing: Buffer.alloc(1) }],
    ['followed by garbage behind OPT', 'FORMERR', 'A', { additionals: [opt()], trailing: Buffer.alloc(1) }],
    ['with two OPT', 'FORMERR', 'A', { additionals: [opt(), opt()] }],
    ['with an OPT of an owner', 'FORMERR', 'A', { additionals: [opt({ owner: Buffer.from('\x01a\x00', 'latin1') })] }],
    ['with an OPT whose owner is a pointer', 'FORMERR', 'A', { additionals: [opt({ owner: Buffer.of(0xc0, 12) })] }],
    ['with an OPT among the authorities', 'FORMERR', 'IXFR', { authorities: [opt()] }],
    ['with an OPT longer than the query', 'FORMERR', 'A', { additionals: [opt({ length: 4 })] }],
    [
      'with an option longer than OPT',
      'FORMERR',
      'A',
      { additionals: [opt({ options: Buffer.of(0xfd, 0xe9, 0, 9, 1) })] },
    ],
    ['with half an option', 'FORMERR', 'A', { additionals: [opt({ options: Buffer.of(0, 3, 0) })] }],
    ['for a name of 255 octets', 'NOERROR', 'A', { rawName: names(63, 63, 63, 61) }],
    ['for a name of 256 octets', 'FORMERR', 'A', { rawName: names(63, 63, 63, 62) }],
    ['for a label type 0x40', 'FORMERR', 'A', { rawName: Buffer.of(0x41, 1, 0) }],
    ['for a label type 0x80', 'FORMERR', 'A', { rawName: Buffer.of(0x81, 1, 0) }],
    ['for a pointer to itself', 'FORMERR', 'A', { rawName: Buffer.of(0xc0, 12) }],
    ['for a pointer into the header', 'FORMERR', 'A', { rawName: Buffer.of(1, 0x61, 0xc0, 4) }],
    ['longer than 4096 octets', 'FORMERR', 'A', { additionals: [opt({ options: Buffer.alloc(4096) })] }],
  ];

  it.each(rows)('%s: %s', (_why, rcode, type, parts) => {
    expect(rcodeOf(`${longLabel}.lb.test`, type, parts)).toBe(rcode);
  });

  function names(...lengths: readonly number[]): Buffer {
    return Buffer.concat([
      ...lengths.map((length) => Buffer.concat([Buffer.of(length), Buffer.alloc(length, 97)])),
      Buffer.of(0),
    ]);
  }
});

describe('no answer is due to', () => {
  it('less than a header', () => {
    for (let length = 0; length < 12; length++) expect(parseQuery(Buffer.alloc(length))).toBe('short');
  });

  it('an answer, whatever else it is', () => {
    expect(parseQuery(query('lb.test', 'A', { flags: 0x8000 }))).toBe('response');
    expect(parseQuery(query('lb.test', 'A', { flags: 0xffff, counts: [0, 0, 0, 0] }))).toBe('response');
  });
});

describe('EDNS', () => {
  it.each([
    ['no OPT', [], 512],
    ['0', [opt({ size: 0 })], 512],
    ['511', [opt({ size: 511 })], 512],
    ['600', [opt({ size: 600 })], 600],
    ['1232', [opt({ size: 1232 })], 1232],
    ['65535', [opt({ size: 65535 })], 1232],
  ])('a client that says %s gets at most that and at most 1232 octets', (_said, additionals, udpBytes) => {
    expect(parsed('lb.test', 'A', { additionals })).toMatchObject({ udpBytes, edns: additionals.length > 0 });
  });

  it('reads DO and no other flag', () => {
    expect(parsed('lb.test', 'A', { additionals: [opt({ flags: 0x8000 })] }).dnssecOk).toBe(true);
    expect(parsed('lb.test', 'A', { additionals: [opt({ flags: 0x7fff })] }).dnssecOk).toBe(false);
  });

  it('is remembered when something behind OPT is malformed, so that the error can carry one', () => {
    expect(parsed('lb.test', 'A', { additionals: [opt(), opt()] }).edns).toBe(true);
    expect(parsed('lb.test', 'A', { additionals: [opt({ length: 9 })] }).edns).toBe(false);
  });
});

describe('whatever the octets are', () => {
  it('the parser ends, throws nothing and stays inside them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (octets) => {
        const bytes = Buffer.from(octets);
        const result = parseQuery(bytes);
        if (typeof result === 'string') return;
        expect(result.nameEnd).toBeLessThanOrEqual(result.questionEnd);
        expect(result.questionEnd).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 2_000 },
    );
  });

  it('a question that is accepted is the one that was asked', () => {
    const label = fc.uint8Array({ minLength: 1, maxLength: 63 });
    fc.assert(
      fc.property(
        fc.array(label, { maxLength: 3 }),
        fc.integer({ min: 0, max: 65535 }),
        fc.boolean(),
        (labels, type, edns) => {
          const rawName = Buffer.concat([...labels.flatMap((it) => [Buffer.of(it.length), it]), Buffer.of(0)]);
          const bytes = query('', `TYPE${type}`, { rawName, additionals: edns ? [opt()] : [] });
          const result = parseQuery(bytes) as Query;
          expect(bytes.subarray(12, result.nameEnd)).toEqual(rawName);
          expect(bytes.subarray(result.nameEnd, result.questionEnd)).toEqual(Buffer.of(type >> 8, type & 255, 0, 1));
          expect(result).toMatchObject({ type, edns });
        },
      ),
    );
  });
});
