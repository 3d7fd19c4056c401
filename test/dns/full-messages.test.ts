import { expect, it } from 'vitest';
import { encodeRecord } from '../../dns/io/wire.ts';
import { nameKey } from '../../dns/name.ts';
import { Responder } from '../../dns/responder.ts';
import { Tally } from '../../dns/tally.ts';
import { buildZones } from '../../dns/zone-config.ts';
import { type Answer, opt, type QueryParts, query, readAnswer } from '../support/dns-message.ts';
import { lbTest } from '../support/dns-zone.ts';

const ADDRESSES = `[ ${Array.from({ length: 29 }, (_, i) => `192.0.2.${100 + i}`).join(', ')} ]`;
const CONFIG = lbTest(`
ma: { cname: many.lb.test. }
mal: { cname: many.lb.test. }
many: { a: ${ADDRESSES} }
manyyyy: { a: ${ADDRESSES} }
mail: { mx: [ "10 mx1.lb.test.", "20 mx2.lb.test.", "30 mx1.lb.example." ] }
mx1: { a: [ 192.0.2.1 ], aaaa: [ "2001:db8::1" ] }
mx2: { a: [ 192.0.2.2 ] }
_sip._tcp: { srv: [ "0 5 5060 mx1.lb.test." ] }
sub: { ns: [ ns1.sub.lb.test., ns2.sub.lb.test. ] }
ns1.sub: { a: [ 192.0.2.61 ] }
ns2.sub: { a: [ 192.0.2.62 ] }
web: { https: [ "0 svc.lb.test." ], svcb: [ "1 svc.lb.test. port=1" ] }
svc: { a: [ 192.0.2.3 ], https: [ "1 . alpn=h2" ], svcb: [ "1 . port=2" ] }
`);

const { tree } = buildZones(CONFIG.dns?.zones ?? {}, 1, encodeRecord);
const responder = new Responder(tree, new Tally(['lb.test']), encodeRecord);

function reply(name: string, type: string, parts: QueryParts = {}): Buffer {
  return responder.respond(query(name, type, parts), 'udp')!;
}

function ask(name: string, type: string, parts: QueryParts = {}): Answer {
  return readAnswer(reply(name, type, parts));
}

it.each([
  ['NS of the zone', 'lb.test', 'NS', 25 + (12 + 6) + (12 + 16) + 16],
  ['an alias', 'ma.lb.test', 'A', 28 + (12 + 7) + 29 * 16],
  ['mail servers', 'mail.lb.test', 'MX', 30 + (12 + 8) + (12 + 8) + (12 + 2 + 16) + 16 + 28 + 16],
  ['a referral', 'x.sub.lb.test', 'A', 31 + (12 + 6) + (12 + 6) + 2 * 16],
  ['a service, whose target stays whole', '_sip._tcp.lb.test', 'SRV', 35 + (12 + 6 + 13) + (2 + 4 + 14) + (2 + 26)],
])('a name is written once, and pointed at from then on: %s', (_what, name, type, bytes) => {
  expect(reply(name, type).length).toBe(bytes);
});

it.each([
  ['ma.lb.test', undefined, 511, 'qr aa'],
  ['mal.lb.test', undefined, 512, 'qr aa'],
  ['mal.lb.test', 522, 29, 'qr aa tc'],
  ['mal.lb.test', 523, 523, 'qr aa'],
])('an alias with its addresses fills a message to the last octet: %s in %s', (name, size, bytes, flags) => {
  const parts = size === undefined ? {} : { additionals: [opt({ size })] };
  expect(ask(name, 'A', parts).flags).toBe(flags);
  expect(reply(name, 'A', parts).length).toBe(flags.includes('tc') ? bytes + 11 : bytes);
});

it.each([
  ['many.lb.test', ['15:0003']],
  ['manyyyy.lb.test', []],
  ['ma.lb.test', [], 522],
  ['ma.lb.test', ['15:0003'], 528],
])(
  'that an answer is the last good one is told where there is room, and cuts no answer: %s',
  (name, options, size = 512) => {
    for (const it of ['many.lb.test', 'manyyyy.lb.test']) tree.node(nameKey(it))!.isStale = true;
    const answer = ask(name, 'A', { additionals: [opt({ size })] });
    for (const it of ['many.lb.test', 'manyyyy.lb.test']) tree.node(nameKey(it))!.isStale = false;
    expect(answer).toMatchObject({ flags: 'qr aa', options });
    expect(answer.answer.length).toBeGreaterThanOrEqual(29);
  },
);

it('a service binding brings the addresses and the bindings of its target along', () => {
  const address = 'svc.lb.test. 60 IN A 192.0.2.3';
  expect(ask('web.lb.test', 'HTTPS').additional).toEqual([address, 'svc.lb.test. 60 IN HTTPS 1 . key1=026832']);
  expect(ask('web.lb.test', 'SVCB').additional).toEqual([address, 'svc.lb.test. 60 IN SVCB 1 . key3=0002']);
});
