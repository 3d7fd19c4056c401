import { describe, expect, it } from 'vitest';
import { encodeRecord } from '../../dns/io/wire.ts';
import { Responder } from '../../dns/responder.ts';
import { Tally } from '../../dns/tally.ts';
import { buildZones } from '../../dns/zone-config.ts';
import { opt, query, readAnswer, record } from '../support/dns-message.ts';
import { lbTest } from '../support/dns-zone.ts';

const { tree } = buildZones(lbTest('www: { a: [ 192.0.2.1 ] }').dns?.zones ?? {}, 1, encodeRecord);
const responder = new Responder(tree, new Tally(['lb.test']), encodeRecord);

const SOA = record('lb.test', 'SOA', Buffer.alloc(22));
const OPT = opt({ flags: 0x8000, options: Buffer.from('00030000', 'hex') });
const question = query('www.lb.test').subarray(12);
const NOTIFY = 4 << 11;
const UPDATE = 5 << 11;
const STATEFUL = 6 << 11;

type Counts = readonly [number, number, number, number];

/** A header with these counts, and behind it what is given. */
function message(flags: number, counts: Counts, ...parts: readonly Buffer[]): Buffer {
  return Buffer.concat([query('.', 'A', { flags, counts }).subarray(0, 12), ...parts]);
}

describe('an error carries OPT where the query shows one, whatever is wrong with the rest', () => {
  const rows: readonly [what: string, rcode: string, bytes: Buffer][] = [
    ['no question', 'FORMERR', message(0, [0, 0, 0, 1], OPT)],
    ['two questions', 'FORMERR', message(0, [2, 0, 0, 1], question, question, OPT)],
    ['a name that is a pointer', 'FORMERR', message(0, [1, 0, 0, 1], Buffer.of(0xc0, 12, 0, 1, 0, 1), OPT)],
    ['an answer', 'FORMERR', message(0, [1, 1, 0, 1], question, SOA, OPT)],
    ['an authority', 'FORMERR', message(0, [1, 0, 1, 1], question, SOA, OPT)],
    ['three additionals', 'FORMERR', message(0, [1, 0, 0, 3], question, SOA, SOA, OPT)],
    ['a NOTIFY with its SOA', 'NOTIMP', message(NOTIFY, [1, 1, 0, 1], question, SOA, OPT)],
    ['an UPDATE with its records', 'NOTIMP', message(UPDATE, [1, 1, 2, 1], question, SOA, SOA, SOA, OPT)],
    [
      'a NOTIFY with half a cookie',
      'NOTIMP',
      message(NOTIFY, [1, 0, 0, 1], question, opt({ flags: 0x8000, options: Buffer.from('000a000101', 'hex') })),
    ],
    ['a stateful operation', 'NOTIMP', message(STATEFUL, [0, 0, 0, 1], OPT)],
  ];

  it.each(rows)('%s: %s', (_what, rcode, bytes) => {
    const answer = responder.respond(bytes, 'udp')!;
    expect(readAnswer(answer)).toMatchObject({ rcode, edns: expect.stringContaining('version=0 size=1232 do=1') });
    expect(answer.length).toBeLessThanOrEqual(bytes.length + 11);
  });

  it.each([
    ['none', message(0, [2, 0, 0, 0], question, question)],
    ['one among the answers', message(NOTIFY, [1, 1, 0, 0], question, OPT)],
    ['one behind what ends too early', message(0, [3, 0, 0, 1], question, question, OPT)],
    ['one behind a name that nobody can pass over', message(0, [1, 0, 0, 1], Buffer.of(0x41, 1, 0, 0, 1, 0, 1), OPT)],
  ])('but not where it shows %s', (_what, bytes) => {
    expect(readAnswer(responder.respond(bytes, 'udp')!).edns).toBeUndefined();
  });
});
