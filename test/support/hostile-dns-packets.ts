/** Datagrams that no resolver sends, or only to do harm: the same seed makes the same ones on every machine. */
import { opt, query, record, wireName } from './dns-message.ts';
import { below, pick, type Random } from './mutate.ts';

export const ZONE = 'lb.test';
const NAMES = ['www', 'many', 'alias', 'a.wild', 'sub', 'x.sub', 'b.ent', 'nobody', 'a.b.c.d.e'] as const;
const TYPES = ['A', 'AAAA', 'NS', 'SOA', 'TXT', 'MX', 'ANY', 'AXFR', 'IXFR', 'OPT', 'TKEY', 'TSIG', 'MAILA', 'TYPE0'];
const OUTSIDE = ['www.example.org', 'version.bind', 'lb', 'test', 'xlb.test', '.'];

const octets = (random: Random, length: number): Buffer =>
  Buffer.from(Array.from({ length }, () => below(random, 256)));
const text = (random: Random, length: number): string =>
  Array.from({ length }, () => below(random, 36).toString(36)).join('');
const ours = (random: Random): string => `${pick(random, NAMES)}.${ZONE}`;
const edns = (random: Random, options: Buffer = Buffer.alloc(0)): Buffer =>
  opt({ size: below(random, 65_536), options });

/** A name that points at itself, forward, or at places where there is none. */
const pointer = (random: Random): Buffer => Buffer.of(0xc0 | below(random, 64), pick(random, [0, 12, 13, 255]));

type Kind = (random: Random) => Buffer;

const KINDS: Readonly<Record<string, Kind>> = {
  noise: (random) => octets(random, below(random, 600)),
  'noise behind a header': (random) =>
    Buffer.concat([query('.', 'A').subarray(0, 12), octets(random, below(random, 200))]),
  'cut off': (random) => {
    const whole = query(ours(random), 'A', { additionals: [edns(random)] });
    return whole.subarray(0, below(random, whole.length));
  },
  'with changed octets': (random) => {
    const whole = query(ours(random), pick(random, TYPES), { additionals: [edns(random, octets(random, 12))] });
    for (let i = 0; i <= below(random, 4); i += 1) whole[below(random, whole.length)] = below(random, 256);
    return whole;
  },
  'with false counts': (random) => {
    const count = (): number => pick(random, [0, 1, 2, 255, 65_535]);
    return query(ours(random), 'A', { counts: [count(), count(), count(), count()] });
  },
  'pointers in the name': (random) =>
    query('', 'A', { rawName: Buffer.concat([wireName(ours(random)).subarray(0, -1), pointer(random)]) }),
  'names of 254 and more octets': (random) => query(`${`${text(random, 60)}.`.repeat(4)}${ZONE}`, 'A'),
  '127 labels': () => query(`${'a.'.repeat(123)}${ZONE}`, 'A'),
  'names that are not there': (random) => query(`${text(random, 1 + below(random, 30))}.${ZONE}`, pick(random, TYPES)),
  'names of others': (random) =>
    query(pick(random, OUTSIDE), pick(random, TYPES), { cls: pick(random, [1, 3, 4, 255]) }),
  ANY: (random) => query(ours(random), 'ANY', { additionals: [edns(random)] }),
  transfers: (random) => query(ZONE, pick(random, ['AXFR', 'IXFR'])),
  'other opcodes and flags': (random) => query(ours(random), 'A', { flags: below(random, 65_536) }),
  'several OPT records': (random) => query(ours(random), 'A', { additionals: [edns(random), edns(random)] }),
  'broken options': (random) =>
    query(ours(random), 'A', { additionals: [edns(random, octets(random, below(random, 40)))] }),
  'false cookies': (random) =>
    query('nobody.lb.test', 'A', {
      additionals: [edns(random, Buffer.concat([Buffer.of(0, 10, 0, 24), octets(random, 24)]))],
    }),
  answers: (random) => query(ours(random), 'A', { flags: 0x8000 | below(random, 32_768) }),
  'records that do not belong': (random) =>
    query(ours(random), 'A', { additionals: [record(ours(random), 'A', octets(random, below(random, 300)))] }),
  'much behind the question': (random) => query(ours(random), 'A', { trailing: octets(random, below(random, 5_000)) }),
};

export const HOSTILE_KINDS = Object.keys(KINDS);

/** The datagram of this number; its first two octets are the number's, so that an answer can be told to belong to it. */
export function hostileDatagram(random: Random, number: number): Buffer {
  const kind = KINDS[HOSTILE_KINDS[number % HOSTILE_KINDS.length] ?? ''];
  const packet = kind?.(random) ?? Buffer.alloc(0);
  if (packet.length >= 2) packet.writeUInt16BE(number & 0xffff);
  return packet;
}

/** No answer may ever come to these: less than a header, and answers. */
export function mustBeIgnored(packet: Buffer): boolean {
  return packet.length < 12 || packet.readUInt8(2) >= 0x80;
}
