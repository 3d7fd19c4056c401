/** The same zones in Knot DNS and here, the same questions to both: where do the answers differ? */
import { encodeRecord } from '../../dns/io/wire.ts';
import { Responder } from '../../dns/responder.ts';
import { Tally } from '../../dns/tally.ts';
import type { Transport } from '../../dns/truncate.ts';
import { buildZones } from '../../dns/zone-config.ts';
import type { StaticRecordConfig, ZoneConfig } from '../../src/config/dns.ts';
import { DnsTcpClient, DnsUdpClient } from './dns-client.ts';
import { type Answer, opt, query, readAnswer } from './dns-message.ts';
import { configOf } from './dns-zone.ts';
import { seeded } from './endpoints.ts';
import { startKnot } from './knot.ts';
import { randomZones, type Zones } from './random-zones.ts';

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
        beside: { ns: [ ns.sub.lb.test., ns.eu.lb.test. ] }
        "*.wcut": { a: [ 192.0.2.10 ], aaaa: [ "2001:db8::10" ] }
        part.wcut: { ns: [ ns.part.wcut.lb.test. ] }
        ns.part.wcut: { a: [ 192.0.2.63 ] }
        "*.wbelow": { cname: x.part.wcut.lb.test. }
        "*.wself": { cname: x.wself.lb.test. }
        "*.wdeeper": { cname: a.b.wdeeper.lb.test. }
        "*.ent.wild": { txt: [ "above" ] }
        "*.b.wcut": { mx: [ "10 some.wcut.lb.test." ] }
        mxwild: { mx: [ "10 some.wild.lb.test.", "20 b.example.org." ], srv: [ "1 2 3 any.wcut.lb.test." ] }
        mxcut: { mx: [ "10 ns.sub.lb.test." ], srv: [ "1 2 3 ns.sub.lb.test.", "1 2 3 www.eu.lb.test." ] }
        chain: { https: [ "0 svc.lb.test.", "0 svc2.lb.test." ], svcb: [ "1 svc2.lb.test.", "2 ." ] }
        svc2: { https: [ "1 . alpn=h2", "2 mail.lb.test. port=443" ], svcb: [ "1 ." ], a: [ 192.0.2.12 ] }
        aliassvc: { cname: chain.lb.test. }
        "*.wild2": { a: [ 192.0.2.13 ] }
        c0: { cname: c1.lb.test. }
        c1: { cname: c2.lb.test. }
        c2: { cname: c3.lb.test. }
        c3: { cname: c4.lb.test. }
        c4: { cname: c5.wild.lb.test. }
        deep.in.wild2: { ns: [ ns1.lb.test., ns2.deep.in.wild2.lb.test. ] }
        inner: { cname: www.in.wild2.lb.test. }
        low: { ns: [ ns.low.lb.test., ns.example.org ] }
        ns.low: { a: [ 192.0.2.64 ] }
        tolow: { cname: www.x.low.lb.test. }
        many: { a: [ ${Array.from({ length: 29 }, (_, i) => `192.0.2.${100 + i}`).join(', ')} ] }
        ma: { cname: many.lb.test. }
        manymx: { mx: [ ${Array.from({ length: 10 }, (_, i) => `"10 a${i}.m.lb.test."`).join(', ')} ] }
        "*.m": { a: [ 192.0.2.77 ], aaaa: [ "2001:db8::77" ] }
    x.deep.low.lb.test:
      soa: { mname: ns1.lb.test., rname: hostmaster.lb.test., negative_ttl: 7s }
      ns: [ ns1.lb.test. ]
      records:
        www: { a: [ 192.0.2.14 ] }
        ns: { ns: [ ns.ns.x.deep.low.lb.test. ] }
        ns.ns: { aaaa: [ "2001:db8::65" ] }
    deep.in.wild2.lb.test:
      soa: { mname: ns1.lb.test., rname: hostmaster.lb.test. }
      ns: [ ns1.lb.test., ns2.deep.in.wild2.lb.test. ]
      records:
        ns2: { a: [ 192.0.2.54 ] }
        "*": { cname: wild.lb.test. }
        x: { cname: y.deep.in.wild2.lb.test. }
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
const LABELS = [
  'x',
  '*',
  'www',
  'here',
  'a',
  'b',
  'ns',
  'deep',
  'er',
  'some',
  'ent',
  'sub',
  'eu',
  'wild',
  '_tcp',
  'part',
  'wcut',
  'deep',
  'in',
  'b',
  'own',
];
const SIZES = [0, 512, 522, 523, 600, 700, 1232, 4096, 65_535];
const AT_ONCE = 50;

type Client = Pick<DnsTcpClient, 'send' | 'receive' | 'close'>;

export interface Difference {
  readonly question: string;
  readonly here: string;
  readonly knot: string;
}

/** Asks both `count` questions, the same ones for the same seed: over TCP, where nothing is cut, and as many over UDP. */
export function compareWithKnot(count: number, seed: number): Promise<readonly Difference[]> {
  return compareZones(CONFIG.dns?.zones ?? {}, count, seeded(seed));
}

/** The same with zones that are put together by chance: so many times others, `count` questions to each. */
export async function compareRandomZones(times: number, count: number, seed: number): Promise<readonly Difference[]> {
  const random = seeded(seed);
  const differences: Difference[] = [];
  for (let i = 0; i < times; i++) {
    const zones = randomZones(random);
    const found = await compareZones(zones, count, random);
    const files = Object.entries(zones).map(([name, zone]) => zoneFile(name, zone));
    differences.push(...found.map((it) => ({ ...it, question: `${files.join('')}${it.question}` })));
  }
  return differences;
}

async function compareZones(zones: Zones, count: number, random: () => number): Promise<readonly Difference[]> {
  const { tree } = buildZones(zones, SERIAL, encodeRecord);
  const responder = new Responder(tree, new Tally(tree.zones.map((zone) => zone.name)), encodeRecord);
  const knot = await startKnot(new Map(Object.entries(zones).map(([name, zone]) => [name, zoneFile(name, zone)])));
  const differences: Difference[] = [];
  const clients: Record<Transport, Client> = {
    tcp: await DnsTcpClient.connect(knot.address),
    udp: await DnsUdpClient.connect(knot.address),
  };
  try {
    for (let asked = 0; asked < count; asked += AT_ONCE) {
      const transport = (asked / AT_ONCE) % 2 === 0 ? 'tcp' : 'udp';
      const queries = Array.from({ length: Math.min(AT_ONCE, count - asked) }, (_, i) => anyQuery(zones, random, i));
      clients[transport].send(...queries);
      const replies = new Map((await clients[transport].receive(queries.length)).map((it) => [it.readUInt16BE(), it]));
      for (const [i, bytes] of queries.entries()) {
        const [ours, theirs] = [readAnswer(responder.respond(bytes, transport)!), readAnswer(replies.get(i)!)];
        const [here, there] = [plain(ours, transport), plain(theirs, transport)];
        const question = `${transport} ${theirs.question} ${theirs.edns ?? ''}`;
        if (here !== there) differences.push({ question, here, knot: there });
      }
    }
  } finally {
    for (const client of Object.values(clients)) client.close();
    await knot.close();
  }
  return differences;
}

/** A name that is there, or near one that is, in letters of any case. */
function anyQuery(zones: Zones, random: () => number, id: number): Buffer {
  const names = Object.entries(zones).flatMap(([zone, { records }]) => [
    zone,
    ...Object.keys(records).map((relative) => (relative === '@' ? zone : `${relative}.${zone}`)),
  ]);
  const oneOf = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  let labels = oneOf(names).split('.');
  const way = random();
  if (way > 0.4) labels = [oneOf(LABELS), ...labels];
  if (way > 0.75) labels = [oneOf(LABELS), ...labels];
  if (way > 0.9) labels = labels.slice(Math.floor(random() * labels.length));
  const name = labels.join('.').replace(/[a-z]/g, (it) => (random() < 0.2 ? it.toUpperCase() : it));
  const edns = opt({ size: oneOf(SIZES), flags: random() < 0.5 ? 0x8000 : 0 });
  return query(name, oneOf(TYPES), {
    id,
    flags: random() < 0.5 ? 0x0100 : 0,
    additionals: random() < 0.5 ? [edns] : [],
  });
}

/**
 * What is left out where the message is full is up to the server: of the additional section over UDP, and of everything
 * beside TC.
 */
function plain({ rcode, flags, edns, answer, authority, additional }: Answer, transport: Transport): string {
  // Knot writes owners in the letters of the question, we of the zone: the same name.
  const lines = (section: readonly string[]) => section.map((it) => it.toLowerCase()).toSorted();
  if (flags.includes('tc')) return JSON.stringify({ rcode, flags, edns });
  return JSON.stringify({
    rcode,
    flags,
    edns,
    answer: lines(answer),
    authority: lines(authority),
    additional: transport === 'tcp' ? lines(additional) : [],
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
