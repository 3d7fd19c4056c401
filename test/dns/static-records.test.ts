import { beforeAll, describe, expect, it } from 'vitest';
import { encodeRecord } from '../../dns/io/wire.ts';
import { Responder } from '../../dns/responder.ts';
import { Tally } from '../../dns/tally.ts';
import type { Transport } from '../../dns/truncate.ts';
import { buildZones } from '../../dns/zone-config.ts';
import { type Answer, opt, type QueryParts, query, readAnswer } from '../support/dns-message.ts';
import { configOf } from '../support/dns-zone.ts';

const SERIAL = 1_700_000_000;
const many = (count: number, more = ''): string =>
  Array.from({ length: count }, (_, i) => `10.0.0.${i}${more}`).join(', ');
const LONG = 'x'.repeat(300);

const CONFIG = configOf(`
dns:
  listen: [ "127.0.0.1:0" ]
  zones:
    lb.test:
      soa: { mname: ns1.lb.test., rname: hostmaster.lb.test., negative_ttl: 5s, ttl: 1h }
      ns: [ ns1.lb.test. ]
      records:
        "@": { mx: [ "10 Mail.lb.test.", "20 mail.example.org" ], caa: [ '0 issue "ca.example"', "128 IODEF mailto:a@b.example" ] }
        ns1: { a: [ 192.0.2.53 ] }
        mail: { a: [ 192.0.2.25 ], aaaa: [ "2001:db8::25" ], ttl: 5m }
        nomail: { mx: [ "0 ." ] }
        web: { a: [ 192.0.2.1, 192.0.2.2 ], ttl: 30s }
        alias: { cname: web.lb.test., ttl: 10s }
        second: { cname: alias.lb.test., ttl: 20s }
        away: { cname: www.example.org. }
        below: { cname: www.sub.lb.test. }
        inner: { cname: www.eu.lb.test. }
        gone: { cname: nothing.lb.test. }
        synth: { cname: some.wild.lb.test. }
        big: { a: [ ${many(120)} ] }
        bigalias: { cname: big.lb.test. }
        text: { txt: [ "v=1", 'a"b\\"c\\\\d\\009é', "${LONG}", "" ] }
        _sip._tcp: { srv: [ "0 5 443 web.lb.test.", "1 0 443 ." ] }
        svc:
          https: [ "0 web.lb.test." ]
          svcb: [ '1 . port=8443 alpn="h2,h3" ipv6hint=2001:db8::1,::ffff:192.0.2.1 ipv4hint=192.0.2.1 mandatory=port,alpn key700=a\\044b no-default-alpn ech=AQID' ]
        a.b.ent: { a: [ 192.0.2.4 ] }
        "*.wild": { a: [ 192.0.2.7 ], mx: [ "10 mail.lb.test." ] }
        here.wild: { txt: [ "here" ] }
        deep.er.wild: { txt: [ "here" ] }
        "*.walias": { cname: web.lb.test. }
        "*.circle": { cname: x.circle.lb.test. }
        a.*.half: { a: [ 192.0.2.8 ] }
        "*.bal": { policy: all, pools: [ { name: main, members: { static: [ 192.0.2.99 ] } } ], txt: [ "beside" ] }
        sub: { ns: [ ns.sub.lb.test., ns1.lb.test, ns.example.org ], ttl: 2m }
        ns.sub: { a: [ 192.0.2.61 ], aaaa: [ "2001:db8::61" ] }
        full: { ns: [ ns.full.lb.test. ] }
        ns.full: { a: [ ${many(40)} ] }
        wide: { ns: [ big.lb.test., ns.example.org ] }
        eu: { ns: [ ns.eu.lb.test. ] }
    eu.lb.test:
      soa: { mname: ns.eu.lb.test., rname: hostmaster.lb.test., negative_ttl: 30s, ttl: 10s }
      ns: [ ns.eu.lb.test. ]
      records:
        ns: { a: [ 192.0.2.54 ] }
        www: { a: [ 192.0.2.9 ] }
    x.y.lb.test:
      soa: { mname: ns.eu.lb.test., rname: hostmaster.lb.test. }
      ns: [ ns.eu.lb.test. ]
`);

const SOA = `lb.test. 5 IN SOA ns1.lb.test. hostmaster.lb.test. ${SERIAL} 86400 7200 3600000 5`;
const EU_SOA = `eu.lb.test. 10 IN SOA ns.eu.lb.test. hostmaster.lb.test. ${SERIAL} 86400 7200 3600000 30`;
const REFERRAL = {
  rcode: 'NOERROR',
  flags: 'qr',
  answer: [],
  authority: [
    'sub.lb.test. 120 IN NS ns.sub.lb.test.',
    'sub.lb.test. 120 IN NS ns1.lb.test.',
    'sub.lb.test. 120 IN NS ns.example.org.',
  ].toSorted(),
  additional: [
    'ns.sub.lb.test. 60 IN A 192.0.2.61',
    'ns.sub.lb.test. 60 IN AAAA 2001:db8::61',
    'ns1.lb.test. 60 IN A 192.0.2.53',
  ],
};

let responder: Responder;

beforeAll(() => {
  const { tree } = buildZones(CONFIG.dns?.zones ?? {}, SERIAL, encodeRecord);
  responder = new Responder(tree, new Tally(tree.zones.map((zone) => zone.name)), encodeRecord);
});

function bytesOf(name: string, type: string, parts: QueryParts = {}, transport: Transport = 'udp'): Buffer {
  return responder.respond(query(name, type, parts), transport)!;
}

/** What it says, each section sorted: records of a set come in another order each time. */
function ask(name: string, type = 'A', parts: QueryParts = {}, transport: Transport = 'udp'): Answer {
  const answer = readAnswer(bytesOf(name, type, parts, transport));
  return { ...answer, authority: answer.authority.toSorted(), additional: answer.additional.toSorted() };
}

describe('data of a type', () => {
  it.each([
    ['lb.test', 'MX', ['lb.test. 60 IN MX 10 mail.lb.test.', 'lb.test. 60 IN MX 20 mail.example.org.']],
    [
      'lb.test',
      'CAA',
      ['lb.test. 60 IN CAA 0 issue "ca.example"', 'lb.test. 60 IN CAA 128 iodef "mailto:a@b.example"'],
    ],
    ['nomail.lb.test', 'MX', ['nomail.lb.test. 60 IN MX 0 .']],
    [
      '_sip._tcp.lb.test',
      'SRV',
      ['_sip._tcp.lb.test. 60 IN SRV 0 5 443 web.lb.test.', '_sip._tcp.lb.test. 60 IN SRV 1 0 443 .'],
    ],
    ['svc.lb.test', 'HTTPS', ['svc.lb.test. 60 IN HTTPS 0 web.lb.test.']],
    [
      'svc.lb.test',
      'SVCB',
      [
        'svc.lb.test. 60 IN SVCB 1 . key0=00010003 key1=026832026833 key2= key3=20fb key4=c0000201 key5=010203 key6=20010db800000000000000000000000100000000000000000000ffffc0000201 key700=612c62',
      ],
    ],
    [
      'text.lb.test',
      'TXT',
      [
        'text.lb.test. 60 IN TXT ""',
        `text.lb.test. 60 IN TXT ${JSON.stringify('a"b"c\\d\t\xc3\xa9')}`,
        'text.lb.test. 60 IN TXT "v=1"',
        `text.lb.test. 60 IN TXT "${'x'.repeat(255)}" "${'x'.repeat(45)}"`,
      ],
    ],
  ])('of %s %s is as it was written', (name, type, lines) => {
    const answer = ask(name, type, { additionals: [opt()] });
    expect(answer).toMatchObject({ rcode: 'NOERROR', flags: 'qr aa', authority: [] });
    expect(answer.answer.toSorted()).toEqual(lines);
  });

  it.each([
    ['lb.test', 'MX', ['mail.lb.test. 300 IN A 192.0.2.25', 'mail.lb.test. 300 IN AAAA 2001:db8::25']],
    ['_sip._tcp.lb.test', 'SRV', ['web.lb.test. 30 IN A 192.0.2.1', 'web.lb.test. 30 IN A 192.0.2.2']],
    ['svc.lb.test', 'HTTPS', ['web.lb.test. 30 IN A 192.0.2.1', 'web.lb.test. 30 IN A 192.0.2.2']],
    ['any.wild.lb.test', 'MX', ['mail.lb.test. 300 IN A 192.0.2.25', 'mail.lb.test. 300 IN AAAA 2001:db8::25']],
  ])('of %s %s brings the addresses of the names in it', (name, type, additional) => {
    expect(ask(name, type).additional).toEqual(additional);
  });
});

describe('an alias', () => {
  const WEB = ['web.lb.test. 30 IN A 192.0.2.1', 'web.lb.test. 30 IN A 192.0.2.2'];
  it.each([
    [
      'is followed, each with its own TTL',
      'second.lb.test',
      'A',
      ['second.lb.test. 20 IN CNAME alias.lb.test.', 'alias.lb.test. 10 IN CNAME web.lb.test.', ...WEB],
      [],
    ],
    [
      'is the answer where it was asked for',
      'second.lb.test',
      'CNAME',
      ['second.lb.test. 20 IN CNAME alias.lb.test.'],
      [],
    ],
    ['leads to a name without the type', 'alias.lb.test', 'TXT', ['alias.lb.test. 10 IN CNAME web.lb.test.'], [SOA]],
    ['is not followed out of the zone', 'away.lb.test', 'A', ['away.lb.test. 60 IN CNAME www.example.org.'], []],
    ['is not followed into a zone below', 'inner.lb.test', 'A', ['inner.lb.test. 60 IN CNAME www.eu.lb.test.'], []],
    [
      'leads to a wildcard',
      'synth.lb.test',
      'A',
      ['synth.lb.test. 60 IN CNAME some.wild.lb.test.', 'some.wild.lb.test. 60 IN A 192.0.2.7'],
      [],
    ],
    ['is a wildcard', 'Any.walias.lb.test', 'A', ['Any.walias.lb.test. 60 IN CNAME web.lb.test.', ...WEB], []],
    [
      'leads in a circle',
      'a.circle.lb.test',
      'A',
      ['a.circle.lb.test. 60 IN CNAME x.circle.lb.test.', 'x.circle.lb.test. 60 IN CNAME x.circle.lb.test.'],
      [],
    ],
  ])('%s', (_what, name, type, answer, authority) => {
    const got = ask(name, type);
    expect(got).toMatchObject({ rcode: 'NOERROR', flags: 'qr aa', authority });
    expect(got.answer.toSorted()).toEqual([...answer].toSorted());
    expect(got.answer[0]).toBe(answer[0]);
  });

  it('of a name that does not exist is NXDOMAIN (RFC 6604)', () => {
    const answer = ['gone.lb.test. 60 IN CNAME nothing.lb.test.'];
    expect(ask('gone.lb.test')).toMatchObject({ rcode: 'NXDOMAIN', flags: 'qr aa', answer, authority: [SOA] });
  });

  it('of a delegated name brings the referral', () => {
    const answer = ['below.lb.test. 60 IN CNAME www.sub.lb.test.'];
    expect(ask('below.lb.test')).toMatchObject({ ...REFERRAL, flags: 'qr aa', answer });
  });

  it('is truncated as a whole where its target does not fit', () => {
    expect(ask('bigalias.lb.test')).toMatchObject({ flags: 'qr aa tc', answer: [], authority: [] });
    expect(ask('bigalias.lb.test', 'A', {}, 'tcp').answer).toHaveLength(121);
  });
});

describe('a wildcard', () => {
  const rows: readonly [what: string, name: string, type: string, rcode: string, answer: readonly string[]][] = [
    ['stands in for a name', 'foo.wild.lb.test', 'A', 'NOERROR', ['foo.wild.lb.test. 60 IN A 192.0.2.7']],
    ['for one of several labels', 'a.b.wild.lb.test', 'A', 'NOERROR', ['a.b.wild.lb.test. 60 IN A 192.0.2.7']],
    ['and for itself', '*.wild.lb.test', 'A', 'NOERROR', ['*.wild.lb.test. 60 IN A 192.0.2.7']],
    ['has no other type', 'foo.wild.lb.test', 'AAAA', 'NOERROR', []],
    ['not for a name that exists', 'here.wild.lb.test', 'A', 'NOERROR', []],
    ['not below a name that exists', 'x.here.wild.lb.test', 'A', 'NXDOMAIN', []],
    ['not for an empty non-terminal', 'er.wild.lb.test', 'A', 'NOERROR', []],
    ['not below an empty non-terminal', 'x.er.wild.lb.test', 'A', 'NXDOMAIN', []],
    ['not for the name it stands below', 'wild.lb.test', 'A', 'NOERROR', []],
    ['is empty where only names below it exist', 'foo.half.lb.test', 'A', 'NOERROR', []],
    [
      'whose child is a name as it is written',
      'a.*.half.lb.test',
      'A',
      'NOERROR',
      ['a.*.half.lb.test. 60 IN A 192.0.2.8'],
    ],
    ['which does not stand in for others', 'a.foo.half.lb.test', 'A', 'NOERROR', []],
    ['nothing comes from a name below the asterisk', 'foo.*.wild.lb.test', 'A', 'NXDOMAIN', []],
  ];

  it.each(rows)('%s: %s %s', (_what, name, type, rcode, answer) => {
    const authority = answer.length > 0 ? [] : [SOA];
    expect(ask(name, type)).toMatchObject({ rcode, flags: 'qr aa', answer, authority });
  });
});

describe('a delegation', () => {
  it.each([
    ['sub.lb.test', 'A'],
    ['sub.lb.test', 'NS'],
    ['sub.lb.test', 'ANY'],
    ['www.sub.lb.test', 'A'],
    ['ns.sub.lb.test', 'A'],
    ['x.ns.sub.lb.test', 'AAAA'],
    ['www.sub.lb.test', 'DS'],
  ])('refers %s %s to its servers, with AA clear and the addresses that are known', (name, type) => {
    expect(ask(name, type)).toMatchObject(REFERRAL);
  });

  it('leaves the question for its DS record to the zone above', () => {
    expect(ask('sub.lb.test', 'DS')).toMatchObject({ rcode: 'NOERROR', flags: 'qr aa', answer: [], authority: [SOA] });
  });

  it('is truncated where the address of its own server does not fit, and not for that of another', () => {
    expect(ask('www.full.lb.test')).toMatchObject({ flags: 'qr tc', authority: [], additional: [] });
    const wide = ask('www.wide.lb.test');
    expect(wide).toMatchObject({ flags: 'qr', additional: [] });
    expect(wide.authority).toHaveLength(2);
    expect(ask('www.wide.lb.test', 'A', {}, 'tcp').additional).toHaveLength(120);
  });
});

describe('a zone in a zone', () => {
  it('answers by itself, whatever the zone above says of it', () => {
    expect(ask('www.eu.lb.test')).toMatchObject({ flags: 'qr aa', answer: ['www.eu.lb.test. 60 IN A 192.0.2.9'] });
    expect(ask('eu.lb.test', 'NS')).toMatchObject({ flags: 'qr aa', answer: ['eu.lb.test. 10 IN NS ns.eu.lb.test.'] });
    expect(ask('nope.eu.lb.test')).toMatchObject({ rcode: 'NXDOMAIN', authority: [EU_SOA] });
  });

  it('but for its DS record, which the zone above would have', () => {
    expect(ask('eu.lb.test', 'DS')).toMatchObject({ rcode: 'NOERROR', flags: 'qr aa', authority: [SOA] });
    expect(ask('lb.test', 'DS')).toMatchObject({ rcode: 'NOERROR', flags: 'qr aa', authority: [SOA] });
    expect(ask('www.eu.lb.test', 'DS')).toMatchObject({ rcode: 'NOERROR', authority: [EU_SOA] });
  });

  it('makes the names between it and the zone above exist', () => {
    expect(ask('y.lb.test')).toMatchObject({ rcode: 'NOERROR', answer: [], authority: [SOA] });
    expect(ask('z.y.lb.test')).toMatchObject({ rcode: 'NXDOMAIN', authority: [SOA] });
  });
});

describe('every name and type there is', () => {
  it('gets a whole message of at most 512, 1232 and 65,535 octets', () => {
    const zones = Object.entries(CONFIG.dns?.zones ?? {});
    const names = zones.flatMap(([zone, { records }]) =>
      Object.keys(records).map((it) => (it === '@' ? zone : `${it}.${zone}`)),
    );
    for (const name of [...names, ...names.map((it) => `x.${it}`)]) {
      for (const type of ['A', 'AAAA', 'NS', 'CNAME', 'SOA', 'MX', 'TXT', 'SRV', 'CAA', 'HTTPS', 'SVCB', 'DS', 'ANY']) {
        const plain = bytesOf(name, type);
        const edns = bytesOf(name, type, { additionals: [opt({ size: 4096 })] });
        expect(plain.length).toBeLessThanOrEqual(512);
        expect(edns.length).toBeLessThanOrEqual(1232);
        for (const bytes of [plain, edns, bytesOf(name, type, {}, 'tcp')])
          expect(() => readAnswer(bytes)).not.toThrow();
      }
    }
  });
});
