import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { encodeRecord } from '../../dns/io/wire.ts';
import { Responder } from '../../dns/responder.ts';
import { Tally } from '../../dns/tally.ts';
import type { Transport } from '../../dns/truncate.ts';
import { type BuiltZones, buildZones } from '../../dns/zone-config.ts';
import { type Answer, opt, type QueryParts, query, readAnswer } from '../support/dns-message.ts';
import { configOf } from '../support/dns-zone.ts';

const SERIAL = 1_700_000_000;
const many = (count: number): string => Array.from({ length: count }, (_, i) => `10.0.${i >> 8}.${i & 255}`).join(', ');

const ZONES = configOf(`
dns:
  listen: [ "127.0.0.1:0" ]
  zones:
    lb.test:
      soa: { mname: ns1.lb.test., rname: hostmaster.lb.test., negative_ttl: 5s, ttl: 1h }
      ns: [ ns1.lb.test., ns.example.org. ]
      records:
        "@": { a: [ 192.0.2.80 ] }
        ns1: { a: [ 192.0.2.53 ], aaaa: [ "2001:DB8:0:0::53" ], ttl: 5m }
        www: { a: [ 192.0.2.1, 192.0.2.2, 192.0.2.3 ], ttl: 30s }
        a.b.ent: { a: [ 192.0.2.4 ] }
        some: { a: [ ${many(60)} ] }
        big: { a: [ ${many(120)} ] }
        huge: { a: [ ${many(2_100)} ] }
    sub.lb.test:
      soa: { mname: ns1.lb.test., rname: hostmaster.lb.test., negative_ttl: 30s, ttl: 10s }
      ns: [ ns1.lb.test. ]
      records:
        www: { a: [ 192.0.2.9 ], ttl: 0s }
`);

const SOA = `lb.test. 5 IN SOA ns1.lb.test. hostmaster.lb.test. ${SERIAL} 86400 7200 3600000 5`;
const SUB_SOA = `sub.lb.test. 10 IN SOA ns1.lb.test. hostmaster.lb.test. ${SERIAL} 86400 7200 3600000 30`;

let built: BuiltZones;
let responder: Responder;

beforeEach(() => {
  built = buildZones(ZONES.dns?.zones ?? {}, SERIAL, encodeRecord);
  responder = new Responder(built.tree, new Tally(['lb.test', 'sub.lb.test']), encodeRecord);
});

function reply(bytes: Buffer, transport: Transport = 'udp'): Buffer {
  const answer = responder.respond(bytes, transport);
  if (answer === undefined) throw new Error('no answer');
  return answer;
}

function ask(name: string, type = 'A', parts: QueryParts = {}, transport: Transport = 'udp'): Answer {
  return readAnswer(reply(query(name, type, parts), transport));
}

describe('a question for a name of the zone', () => {
  it.each([
    ['lb.test', 'A', ['lb.test. 60 IN A 192.0.2.80']],
    ['lb.test', 'NS', ['lb.test. 3600 IN NS ns1.lb.test.', 'lb.test. 3600 IN NS ns.example.org.']],
    ['lb.test', 'SOA', [SOA.replace('lb.test. 5 ', 'lb.test. 3600 ')]],
    ['ns1.lb.test', 'A', ['ns1.lb.test. 300 IN A 192.0.2.53']],
    ['ns1.lb.test', 'AAAA', ['ns1.lb.test. 300 IN AAAA 2001:db8::53']],
    ['a.b.ent.lb.test', 'A', ['a.b.ent.lb.test. 60 IN A 192.0.2.4']],
    ['www.sub.lb.test', 'A', ['www.sub.lb.test. 0 IN A 192.0.2.9']],
    ['www.lb.test', 'ANY', ['www.lb.test. 3600 IN HINFO "RFC8482" ""']],
  ])('%s %s', (name, type, lines) => {
    const answer = ask(name, type);
    expect(answer).toMatchObject({ rcode: 'NOERROR', flags: 'qr aa', question: `${name}. IN ${type}`, authority: [] });
    expect(answer.answer).toEqual(lines);
    const addresses = ['ns1.lb.test. 300 IN A 192.0.2.53', 'ns1.lb.test. 300 IN AAAA 2001:db8::53'];
    expect(answer.additional).toEqual(type === 'NS' ? addresses : []);
  });

  it('begins with the next one each time', () => {
    const firsts = Array.from({ length: 4 }, () => ask('www.lb.test').answer);
    expect(firsts.map((lines) => lines[0]?.split(' ').at(-1))).toEqual([
      '192.0.2.1',
      '192.0.2.2',
      '192.0.2.3',
      '192.0.2.1',
    ]);
    for (const lines of firsts) {
      expect(lines.toSorted()).toEqual([1, 2, 3].map((i) => `www.lb.test. 30 IN A 192.0.2.${i}`));
    }
  });

  it('rotates each type by itself, so that asking for two in turn shows all of both', () => {
    const seen = new Set<string | undefined>();
    for (let i = 0; i < 4; i++) {
      seen.add(ask('lb.test', 'NS').answer[0]);
      ask('www.lb.test');
    }
    expect(seen.size).toBe(2);
  });

  it('repeats id, question and its case octet by octet, and copies RD', () => {
    const bytes = query('wWw.lB.tESt', 'A', { id: 0xbeef, flags: 0x0100 });
    const answer = reply(bytes);
    expect(answer.subarray(12, bytes.length)).toEqual(bytes.subarray(12));
    expect(readAnswer(answer)).toMatchObject({ id: 0xbeef, flags: 'qr aa rd', question: 'wWw.lB.tESt. IN A' });
    expect(readAnswer(answer).answer[0]).toMatch(/^wWw\.lB\.tESt\. 30 IN A /);
  });

  it('leaves RA, Z, AD and CD clear, and TC too, whatever the query has set', () => {
    expect(ask('www.lb.test', 'A', { flags: 0x07f0 }).flags).toBe('qr aa rd');
  });
});

describe('an absence', () => {
  it.each([
    ['no such name', 'nope.lb.test', 'A', 'NXDOMAIN', SOA],
    ['no such name, whatever the type', 'nope.lb.test', 'TYPE666', 'NXDOMAIN', SOA],
    ['no such name, ANY', 'nope.lb.test', 'ANY', 'NXDOMAIN', SOA],
    ['no such name below one that exists', 'x.www.lb.test', 'A', 'NXDOMAIN', SOA],
    ['no such type', 'www.lb.test', 'TXT', 'NOERROR', SOA],
    ['no AAAA', 'www.lb.test', 'AAAA', 'NOERROR', SOA],
    ['SOA of a name that is no zone', 'www.lb.test', 'SOA', 'NOERROR', SOA],
    ['an empty non-terminal', 'ent.lb.test', 'A', 'NOERROR', SOA],
    ['an empty non-terminal, ANY', 'b.ent.lb.test', 'ANY', 'NOERROR', SOA],
    ['a name of the zone below', 'nope.sub.lb.test', 'A', 'NXDOMAIN', SUB_SOA],
    [
      'a long name',
      `${'x'.repeat(63)}.${'y'.repeat(63)}.${'z'.repeat(63)}.${'w'.repeat(53)}.lb.test`,
      'A',
      'NXDOMAIN',
      SOA,
    ],
  ])('%s: the SOA says for how long', (_why, name, type, rcode, soa) => {
    const answer = ask(name, type);
    expect(answer).toMatchObject({ rcode, flags: 'qr aa', answer: [], authority: [soa] });
    expect(ask(name, type).authority).toEqual([soa]);
  });

  it('is told with the serial of the last change', () => {
    built.tree.zones[0]?.contentChanged(SERIAL + 60);
    expect(ask('nope.lb.test').authority[0]).toContain(` ${SERIAL + 60} `);
    expect(ask('lb.test', 'SOA').answer[0]).toContain(` ${SERIAL + 60} `);
    expect(ask('nope.sub.lb.test').authority[0]).toContain(` ${SERIAL} `);
  });
});

describe('a refusal', () => {
  const rows: readonly [why: string, rcode: string, name: string, type: string, parts: QueryParts][] = [
    ['a name of nobody', 'REFUSED', 'example.org', 'A', {}],
    ['the root', 'REFUSED', '.', 'NS', {}],
    ['the zone above', 'REFUSED', 'test', 'A', {}],
    ['a name that only ends alike', 'REFUSED', 'xlb.test', 'A', {}],
    ['a transfer', 'REFUSED', 'lb.test', 'AXFR', {}],
    ['the version', 'REFUSED', 'version.bind', 'TXT', { cls: 3 }],
    ['another class', 'REFUSED', 'www.lb.test', 'A', { cls: 1000 }],
    ['an UPDATE', 'NOTIMP', 'lb.test', 'SOA', { flags: 5 << 11 }],
    ['two questions', 'FORMERR', 'lb.test', 'A', { counts: [2, 0, 0, 0] }],
    ['trailing octets', 'FORMERR', 'lb.test', 'A', { trailing: Buffer.alloc(3) }],
  ];

  it.each(rows)('of %s is %s without any record', (_why, rcode, name, type, parts) => {
    const bytes = query(name, type, parts);
    const answer = reply(bytes);
    expect(readAnswer(answer)).toMatchObject({ rcode, flags: 'qr', answer: [], authority: [], additional: [] });
    expect(readAnswer(answer).opcode).toBe(((parts.flags ?? 0) >> 11) & 15);
    expect(answer.length).toBeLessThanOrEqual(bytes.length);
  });

  it.each(rows.slice(0, 8))(
    'of %s keeps OPT, and is no more than 11 octets longer',
    (_why, rcode, name, type, parts) => {
      const bytes = query(name, type, { ...parts, additionals: [opt({ flags: 0x8000 })] });
      const answer = reply(bytes);
      expect(readAnswer(answer)).toMatchObject({ rcode, edns: 'version=0 size=1232 do=1 options=6' });
      expect(answer.length).toBeLessThanOrEqual(bytes.length + 11);
    },
  );

  it('of a future EDNS version says which one we have', () => {
    const answer = ask('www.lb.test', 'A', { additionals: [opt({ version: 3 })] });
    expect(answer).toMatchObject({
      rcode: 'BADVERS',
      flags: 'qr',
      answer: [],
      edns: 'version=0 size=1232 do=0 options=0',
    });
  });

  it('that nothing is known of yet is SERVFAIL, never an empty answer', () => {
    const node = built.tree.addNode('www.lb.test', built.tree.zones[0]!)!;
    node.sets = [];
    node.known = false;
    expect(ask('www.lb.test')).toMatchObject({ rcode: 'SERVFAIL', flags: 'qr', answer: [], authority: [] });
  });
});

describe('EDNS', () => {
  it('is answered exactly where it was asked, on answers and absences, and repeats nothing but DO', () => {
    const parts = { additionals: [opt({ size: 4096, flags: 0x00ff, options: Buffer.from('00030000', 'hex') })] };
    for (const [name, rcode] of [
      ['www.lb.test', 'NOERROR'],
      ['nope.lb.test', 'NXDOMAIN'],
    ] as const) {
      expect(ask(name, 'A', parts)).toMatchObject({ rcode, edns: 'version=0 size=1232 do=0 options=0' });
      expect(ask(name).edns).toBeUndefined();
    }
  });
});

describe('an answer over UDP', () => {
  it.each([
    ['some', [], false, 'without EDNS, 60 addresses are too many for 512 octets'],
    ['some', [opt({ size: 1232 })], true, 'and fit into 1232'],
    ['some', [opt({ size: 600 })], false, 'but not where the client takes 600'],
    ['big', [opt({ size: 65_535 })], false, '120 are more than 1232 octets, whatever the client takes'],
  ])('%s: whole or empty with TC (%s)', (name, additionals, whole) => {
    const bytes = query(`${name}.lb.test`, 'A', { additionals });
    const answer = reply(bytes);
    expect(readAnswer(answer)).toMatchObject({ rcode: 'NOERROR', flags: whole ? 'qr aa' : 'qr aa tc' });
    expect(readAnswer(answer).answer).toHaveLength(whole ? 60 : 0);
    if (!whole) expect(answer.length).toBe(bytes.length);
  });

  it('over TCP is whole, up to 2,000 addresses', () => {
    expect(ask('big.lb.test', 'A', {}, 'tcp').answer).toHaveLength(120);
    const huge = ask('huge.lb.test', 'A', { additionals: [opt()] }, 'tcp');
    expect(huge.flags).toBe('qr aa');
    expect(new Set(huge.answer).size).toBe(2_000);
  });
});

describe('hostile octets', () => {
  it('get an error no more than 11 octets longer than themselves, or nothing, and never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.constantFrom<Transport>('udp', 'tcp'), (octets, transport) => {
        const answer = responder.respond(Buffer.from(octets), transport);
        if (answer === undefined) return;
        expect(readAnswer(answer).answer).toEqual([]);
        expect(answer.length).toBeLessThanOrEqual(octets.length + 11);
      }),
      { numRuns: 2_000 },
    );
  });

  it('made from good queries change nothing: the next good query is answered as the first was', () => {
    const good = query('ns1.lb.test', 'A', { additionals: [opt()] });
    const before = reply(good);
    const position = fc.integer({ min: 0, max: good.length - 1 });
    const mutation = fc.array(fc.tuple(position, fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(mutation, fc.integer({ min: 0, max: good.length }), (changes, length) => {
        const bytes = Buffer.from(good);
        for (const [at, value] of changes) bytes[at] = value;
        const answer = responder.respond(bytes.subarray(0, length), 'udp');
        if (answer !== undefined) readAnswer(answer);
      }),
      { numRuns: 10_000 },
    );
    expect(reply(good)).toEqual(before);
  });
});
