/** The same zones in Knot DNS and here, the same questions to both: where do the answers differ? */
import { encodeRecord } from '../../dns/io/wire.ts';
import { Responder } from '../../dns/responder.ts';
import { Tally } from '../../dns/tally.ts';
import { buildZones } from '../../dns/zone-config.ts';
import type { StaticRecordConfig, ZoneConfig } from '../../src/config/dns.ts';
import { DnsTcpClient } from './dns-client.ts';
import { type Answer, query, readAnswer } from './dns-message.ts';
import { configOf } from './dns-zone.ts';
import { seeded } from './endpoints.ts';
import { startKnot } from './knot.ts';

const SERIAL = 1_700_000_000;

/**
 * Not in it: an alias that leads into the zone below. Knot adds the delegation that the zone above has of it, we add nothing;
 * ANY, which we answer as RFC 8482 has it.
 */
const CONFIG = configOf(`
dns:
  listen: [ "127.0.0.1:0" ]
  zones:
    lb.test:
      soa: { mname: ns1.lb.test., rname: hostmaster.lb.test., negative_ttl: 5s, ttl: 1h }
      ns: [ ns1.lb.test., ns2.lb.test., ns.example.org ]
      records:
        "@": { a: [ 192.0.2.80 ], mx: [ "10 mail.lb.test.", "20 mail.example.org" ], caa: [ '0 issue "ca.example"' ], txt: [ "v=1" ] }
        ns1: { a: [ 192.0.2.53 ], aaaa: [ "2001:db8::53" ], ttl: 1h }
        ns2: { a: [ 192.0.2.54 ] }
        mail: { a: [ 192.0.2.25, 192.0.2.26 ], aaaa: [ "2001:db8::25" ], ttl: 5m }
        nomail: { mx: [ "0 ." ] }
        web: { a: [ 192.0.2.1, 192.0.2.2, 192.0.2.3 ], ttl: 30s }
        alias: { cname: web.lb.test., ttl: 10s }
        second: { cname: alias.lb.test., ttl: 20s }
        away: { cname: www.example.org. }
        below: { cname: www.sub.lb.test. }
        cut: { cname: sub.lb.test. }
        gone: { cname: nothing.lb.test. }
        goneent: { cname: ent.lb.test. }
        synth: { cname: some.wild.lb.test. }
        synthalias: { cname: some.walias.lb.test. }
        text: { txt: [ "one", 'a\\009b', "${'x'.repeat(300)}" ] }
        _sip._tcp: { srv: [ "0 5 443 web.lb.test.", "1 0 443 .", "2 0 1 mail.example.org" ] }
        svc: { https: [ "1 web.lb.test. alpn=h2,h3 port=8443" ], svcb: [ "0 web.lb.test." ] }
        a.b.ent: { a: [ 192.0.2.4 ] }
        "*.wild": { a: [ 192.0.2.7 ], mx: [ "10 mail.lb.test." ] }
        here.wild: { txt: [ "here" ] }
        deep.er.wild: { txt: [ "here" ] }
        "*.walias": { cname: web.lb.test. }
        "*.wgone": { cname: nothing.lb.test. }
        a.*.half: { a: [ 192.0.2.8 ] }
        sub: { ns: [ ns.sub.lb.test., ns1.lb.test, ns.example.org ], ttl: 2m }
        ns.sub: { a: [ 192.0.2.61 ], aaaa: [ "2001:db8::61" ] }
        own: { ns: [ own.lb.test ], a: [ 192.0.2.62 ] }
        far: { ns: [ ns.example.org, ns.example.net ] }
        eu: { ns: [ ns.eu.lb.test. ] }
    eu.lb.test:
      soa: { mname: ns.eu.lb.test., rname: hostmaster.lb.test., negative_ttl: 30s, ttl: 10s }
      ns: [ ns.eu.lb.test. ]
      records:
        ns: { a: [ 192.0.2.54 ] }
        www: { a: [ 192.0.2.9 ], aaaa: [ "2001:db8::9" ] }
        "*": { txt: [ "anything" ] }
        up: { cname: web.lb.test. }
`);

const TYPES = ['A', 'A', 'AAAA', 'NS', 'SOA', 'CNAME', 'MX', 'TXT', 'SRV', 'CAA', 'HTTPS', 'SVCB', 'DS', 'TYPE666'];
const LABELS = ['x', '*', 'www', 'here', 'a', 'b', 'ns', 'deep', 'er', 'some', 'ent', 'sub', 'eu', 'wild', '_tcp'];
const AT_ONCE = 50;

export interface Difference {
  readonly question: string;
  readonly here: string;
  readonly knot: string;
}

/** Asks both `count` questions, the same ones for the same seed, over TCP, where nothing is cut. */
export async function compareWithKnot(count: number, seed: number): Promise<readonly Difference[]> {
  const zones = CONFIG.dns?.zones ?? {};
  const { tree } = buildZones(zones, SERIAL, encodeRecord);
  const responder = new Responder(tree, new Tally(tree.zones.map((zone) => zone.name)), encodeRecord);
  const knot = await startKnot(new Map(Object.entries(zones).map(([name, zone]) => [name, zoneFile(name, zone)])));
  const differences: Difference[] = [];
  try {
    const client = await DnsTcpClient.connect(knot.address);
    const random = seeded(seed);
    for (let asked = 0; asked < count; asked += AT_ONCE) {
      const queries = Array.from({ length: Math.min(AT_ONCE, count - asked) }, (_, i) => anyQuery(random, i));
      client.send(...queries);
      const replies = new Map((await client.receive(queries.length)).map((it) => [it.readUInt16BE(), it]));
      for (const [i, bytes] of queries.entries()) {
        const here = plain(readAnswer(responder.respond(bytes, 'tcp')!));
        const there = plain(readAnswer(replies.get(i)!));
        if (here !== there) differences.push({ question: readAnswer(replies.get(i)!).question, here, knot: there });
      }
    }
    client.close();
  } finally {
    await knot.close();
  }
  return differences;
}

/** A name that is there, or near one that is, in letters of any case. */
function anyQuery(random: () => number, id: number): Buffer {
  const names = Object.entries(CONFIG.dns?.zones ?? {}).flatMap(([zone, { records }]) =>
    Object.keys(records).map((relative) => (relative === '@' ? zone : `${relative}.${zone}`)),
  );
  const oneOf = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  let labels = oneOf(names).split('.');
  const way = random();
  if (way > 0.4) labels = [oneOf(LABELS), ...labels];
  if (way > 0.75) labels = [oneOf(LABELS), ...labels];
  if (way > 0.9) labels = labels.slice(Math.floor(random() * labels.length));
  const name = labels.join('.').replace(/[a-z]/g, (it) => (random() < 0.2 ? it.toUpperCase() : it));
  return query(name, oneOf(TYPES), { id, flags: random() < 0.5 ? 0x0100 : 0 });
}

function plain({ rcode, flags, answer, authority, additional }: Answer): string {
  // Knot writes owners in the letters of the question, we of the zone: the same name.
  const lines = (section: readonly string[]) => section.map((it) => it.toLowerCase()).toSorted();
  return JSON.stringify({
    rcode,
    flags,
    answer: lines(answer),
    authority: lines(authority),
    additional: lines(additional),
  });
}

function zoneFile(zone: string, { soa, ns, records }: ZoneConfig): string {
  const seconds = (ms: number) => Math.floor(ms / 1_000);
  const soaData = `${soa.mname}. ${soa.rname}. ${SERIAL} 86400 7200 3600000 ${seconds(soa.negative_ttl)}`;
  const lines = [
    `${zone}. ${seconds(soa.ttl)} SOA ${soaData}`,
    ...ns.map((it) => `${zone}. ${seconds(soa.ttl)} NS ${it}.`),
  ];
  for (const [relative, record] of Object.entries(records)) {
    if ('policy' in record) continue;
    const owner = relative === '@' ? `${zone}.` : `${relative}.${zone}.`;
    for (const [type, data] of dataOf(record)) lines.push(`${owner} ${seconds(record.ttl)} ${type} ${data}`);
  }
  return `${lines.join('\n')}\n`;
}

function dataOf(record: StaticRecordConfig): readonly (readonly [type: string, data: string])[] {
  const dotted = (text: string) => text.replace(/([a-z])$/, '$1.');
  return [
    ...(record.a ?? []).map((it) => ['A', it] as const),
    ...(record.aaaa ?? []).map((it) => ['AAAA', it] as const),
    ...(record.cname === undefined ? [] : [['CNAME', `${record.cname}.`] as const]),
    ...(record.ns ?? []).map((it) => ['NS', `${it}.`] as const),
    ...(record.mx ?? []).map((it) => ['MX', dotted(it)] as const),
    ...(record.srv ?? []).map((it) => ['SRV', dotted(it)] as const),
    ...(record.caa ?? []).map((it) => ['CAA', it] as const),
    ...(record.https ?? []).map((it) => ['HTTPS', it] as const),
    ...(record.svcb ?? []).map((it) => ['SVCB', it] as const),
    ...(record.txt ?? []).map(
      (it) => ['TXT', (it.match(/(?:\\\d{3}|.){1,255}/g) ?? []).map((s) => `"${s}"`).join(' ')] as const,
    ),
  ];
}
