/** DNS messages for tests: queries with any fault one likes, answers as zone-file lines. Shares nothing with `dns/`. */

const TYPES: Readonly<Record<string, number>> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  HINFO: 13,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  DS: 43,
  SVCB: 64,
  HTTPS: 65,
  TKEY: 249,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  MAILB: 253,
  MAILA: 254,
  ANY: 255,
  CAA: 257,
};
const RCODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];

export interface QueryParts {
  readonly id?: number;
  /** The 16 bits after the id. */
  readonly flags?: number;
  readonly cls?: number;
  /** QDCOUNT, ANCOUNT, NSCOUNT, ARCOUNT; default: what is there. */
  readonly counts?: readonly [number, number, number, number];
  /** Wire form of the question's name, in place of `name`. */
  readonly rawName?: Buffer;
  readonly authorities?: readonly Buffer[];
  readonly additionals?: readonly Buffer[];
  readonly trailing?: Buffer;
}

export function typeCode(type: string): number {
  return TYPES[type] ?? Number(/^TYPE(\d+)$/.exec(type)?.[1]);
}

export function wireName(name: string): Buffer {
  const labels = name === '.' ? [] : name.replace(/\.$/, '').split('.');
  return Buffer.concat([
    ...labels.map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1')),
    Buffer.of(0),
  ]);
}

export function query(name: string, type = 'A', parts: QueryParts = {}): Buffer {
  const { authorities = [], additionals = [] } = parts;
  const counts = parts.counts ?? [1, 0, authorities.length, additionals.length];
  const head = uint16s(parts.id ?? 4711, parts.flags ?? 0, ...counts);
  const question = Buffer.concat([parts.rawName ?? wireName(name), uint16s(typeCode(type), parts.cls ?? 1)]);
  return Buffer.concat([head, question, ...authorities, ...additionals, parts.trailing ?? Buffer.alloc(0)]);
}

export interface OptParts {
  readonly size?: number;
  readonly version?: number;
  readonly flags?: number;
  readonly options?: Buffer;
  readonly owner?: Buffer;
  /** Said length of the options; default: their real one. */
  readonly length?: number;
}

export function opt({
  size = 1232,
  version = 0,
  flags = 0,
  options = Buffer.alloc(0),
  owner,
  length,
}: OptParts = {}): Buffer {
  const fixed = uint16s(TYPES['OPT'] ?? 0, size, version, flags, length ?? options.length);
  return Buffer.concat([owner ?? Buffer.of(0), fixed, options]);
}

/** Any other record, as clients put them into queries. */
export function record(name: string, type: string, data: Buffer): Buffer {
  return Buffer.concat([wireName(name), uint16s(typeCode(type), 1, 0, 0, data.length), data]);
}

export interface Answer {
  readonly id: number;
  /** Of `qr aa tc rd ra z ad cd`, those that are set. */
  readonly flags: string;
  readonly opcode: number;
  readonly rcode: string;
  /** `www.lb.test. IN A`, in the case it came in; empty without a question. */
  readonly question: string;
  /** Zone-file lines: `www.lb.test. 60 IN A 192.0.2.1`. */
  readonly answer: readonly string[];
  readonly authority: readonly string[];
  readonly additional: readonly string[];
  /** `version=0 size=1232 do=0 options=0`; undefined without an OPT record. */
  readonly edns: string | undefined;
  /** `15:0014`: number and data of each EDNS option. */
  readonly options: readonly string[];
}

/** Throws at anything that is not a whole, well-formed message, octets behind its end included. */
export function readAnswer(bytes: Buffer): Answer {
  const reader = new Reader(bytes);
  const id = reader.uint16();
  const bits = reader.uint16();
  const counts = [reader.uint16(), reader.uint16(), reader.uint16(), reader.uint16()];
  const questions = Array.from({ length: counts[0]! }, () => {
    const name = reader.name();
    const type = reader.uint16();
    return `${name} ${className(reader.uint16())} ${typeName(type)}`;
  });
  const found: FoundOpt = { extended: 0, options: [] };
  const sections = counts
    .slice(1)
    .map((count) => Array.from({ length: count }, () => readRecord(reader, found)).filter((line) => line !== ''));
  if (reader.at !== bytes.length) throw new Error(`${bytes.length - reader.at} octets behind the end`);
  const rcode = (bits & 15) | (found.extended << 4);
  return {
    id,
    flags: ['qr', 'aa', 'tc', 'rd', 'ra', 'z', 'ad', 'cd'].filter((_, i) => bits & FLAG_BITS[i]!).join(' '),
    opcode: (bits >> 11) & 15,
    rcode: rcode === 16 ? 'BADVERS' : (RCODES[rcode] ?? String(rcode)),
    question: questions.join(' '),
    answer: sections[0]!,
    authority: sections[1]!,
    additional: sections[2]!,
    edns: found.edns,
    options: found.options,
  };
}

const FLAG_BITS = [0x8000, 0x0400, 0x0200, 0x0100, 0x0080, 0x0040, 0x0020, 0x0010];

interface FoundOpt {
  edns?: string;
  extended: number;
  options: string[];
}

function readRecord(reader: Reader, found: FoundOpt): string {
  const name = reader.name();
  const type = reader.uint16();
  const cls = reader.uint16();
  const ttl = reader.uint32();
  const end = reader.uint16() + reader.at;
  if (type === TYPES['OPT']) {
    if (found.edns !== undefined || name !== '.') throw new Error('a second OPT, or one with an owner');
    found.extended = ttl >>> 24;
    found.edns = `version=${(ttl >> 16) & 255} size=${cls} do=${(ttl >> 15) & 1} options=${end - reader.at}`;
    while (reader.at < end) found.options.push(`${reader.uint16()}:${reader.take(reader.uint16()).toString('hex')}`);
    if (reader.at !== end) throw new Error('an option behind the end of OPT');
    return '';
  }
  const data = readData(reader, type, end);
  if (reader.at !== end) throw new Error(`data of ${typeName(type)} does not end where it should`);
  return `${name} ${ttl} ${className(cls)} ${typeName(type)} ${data}`;
}

function readData(reader: Reader, type: number, end: number): string {
  switch (typeName(type)) {
    case 'A':
      return [...reader.take(4)].join('.');
    case 'AAAA':
      return new URL(`http://[${reader.take(16).toString('hex').match(/.{4}/g)!.join(':')}]/`).hostname.slice(1, -1);
    case 'NS':
    case 'CNAME':
      return reader.name();
    case 'MX':
      return `${reader.uint16()} ${reader.name()}`;
    case 'SRV':
      return `${reader.uint16()} ${reader.uint16()} ${reader.uint16()} ${reader.plainName()}`;
    case 'TXT': {
      const strings: string[] = [];
      while (reader.at < end) strings.push(reader.text());
      return strings.join(' ');
    }
    case 'CAA':
      return `${reader.take(1)[0]} ${JSON.parse(reader.text())} "${reader.take(end - reader.at).toString('latin1')}"`;
    case 'HTTPS':
    case 'SVCB': {
      const parts = [String(reader.uint16()), reader.plainName()];
      while (reader.at < end) parts.push(`key${reader.uint16()}=${reader.take(reader.uint16()).toString('hex')}`);
      return parts.join(' ');
    }
    case 'HINFO':
      return [reader.text(), reader.text()].join(' ');
    case 'SOA':
      return [reader.name(), reader.name(), ...Array.from({ length: 5 }, () => reader.uint32())].join(' ');
    default:
      return reader.take(end - reader.at).toString('hex');
  }
}

class Reader {
  at = 0;
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  take(count: number): Buffer {
    if (this.at + count > this.bytes.length) throw new Error('the message ends too early');
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  uint16(): number {
    return this.take(2).readUInt16BE();
  }

  uint32(): number {
    return this.take(4).readUInt32BE();
  }

  text(): string {
    return JSON.stringify(this.take(this.take(1)[0]!).toString('latin1'));
  }

  /** A name that no pointer may be in. */
  plainName(): string {
    const start = this.at;
    const name = this.name();
    if (this.at - start !== wireName(name).length) throw new Error('a compressed name where none may be');
    return name;
  }

  /** Follows pointers, which must lead back (RFC 9267). */
  name(): string {
    const labels: string[] = [];
    let behind = -1;
    for (;;) {
      const start = this.at;
      const length = this.take(1)[0]!;
      if (length >= 0xc0) {
        const target = ((length & 63) << 8) | this.take(1)[0]!;
        if (target >= start) throw new Error('a pointer that does not lead back');
        if (behind < 0) behind = this.at;
        this.at = target;
      } else if (length === 0) {
        if (behind >= 0) this.at = behind;
        return labels.length === 0 ? '.' : `${labels.join('.')}.`;
      } else {
        labels.push(this.take(length).toString('latin1'));
      }
    }
  }
}

function typeName(code: number): string {
  return Object.keys(TYPES).find((name) => TYPES[name] === code) ?? `TYPE${code}`;
}

function className(code: number): string {
  return code === 1 ? 'IN' : `CLASS${code}`;
}

function uint16s(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [i, value] of values.entries()) bytes.writeUInt16BE(value & 0xffff, i * 2);
  return bytes;
}
