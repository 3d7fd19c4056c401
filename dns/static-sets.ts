/** A record of the configuration → the sets of records that its name answers with. */

import { ttlSeconds } from '../src/answer-ttl.ts';
import type { BalancedRecordConfig } from '../src/config/dns.ts';
import { parseCaa, parseEscapedText, parseMx, parseSrv } from '../src/config/record-text.ts';
import { parseServiceBinding } from '../src/config/service-binding.ts';
import type { RecordDataConfig, StaticRecordConfig } from '../src/config/static-record.ts';
import { AnswerSet } from './answer-set.ts';
import { MAX_ADDRESSES } from './balanced-sets.ts';
import { TYPE } from './codes.ts';
import { canonicalIp } from './ip.ts';
import type { RecordData, RecordEncoder } from './record.ts';

/** RFC 1035 section 3.3: the octets that one string of a TXT record can have. */
const STRING_OCTETS = 255;

/** Most names have one type or two. */
const NONE: readonly never[] = [];

/** One set per type; equal records are one (RFC 2181 section 5). */
export function staticSets(owner: string, record: StaticRecordConfig, encode: RecordEncoder): readonly AnswerSet[] {
  const { a = NONE, aaaa = NONE, cname, ns = NONE, ttl } = record;
  const lists: readonly (readonly RecordData[])[] = [
    addresses(TYPE.A, a),
    addresses(TYPE.AAAA, aaaa),
    cname === undefined ? NONE : [{ type: TYPE.CNAME, host: cname }],
    ns.map((host) => ({ type: TYPE.NS, host })),
    ...dataLists(record),
  ];
  return setsOf(owner, ttlSeconds(ttl), lists, encode);
}

/** The sets that a balanced name has beside its addresses, with the longest TTL that those can have. */
export function besideBalanced(
  owner: string,
  record: BalancedRecordConfig,
  encode: RecordEncoder,
): readonly AnswerSet[] {
  return setsOf(owner, ttlSeconds(record.ttl.max), dataLists(record), encode);
}

function setsOf(
  owner: string,
  ttl: number,
  lists: readonly (readonly RecordData[])[],
  encode: RecordEncoder,
): readonly AnswerSet[] {
  return lists
    .map((records) => distinct(records))
    .filter((records) => records.length > 0)
    .map((records) => new AnswerSet(owner, ttl, records, encode));
}

function addresses(type: typeof TYPE.A | typeof TYPE.AAAA, texts: readonly string[]): readonly RecordData[] {
  if (texts.length === 0) return NONE;
  const records = texts.map((text): RecordData[] => {
    const address = canonicalIp(text);
    return address === undefined ? [] : [{ type, address }];
  });
  return records.flat().slice(0, MAX_ADDRESSES);
}

/** What cannot be read is left out: `check` has refused it before. */
function dataLists(record: RecordDataConfig): readonly (readonly RecordData[])[] {
  return [
    read(record.mx, parseMx).map(({ preference, exchange }) => ({ type: TYPE.MX, preference, host: exchange })),
    read(record.txt, parseEscapedText).map((octets) => ({ type: TYPE.TXT, strings: stringsOf(octets) })),
    read(record.srv, parseSrv).map(({ target, ...rest }) => ({ type: TYPE.SRV, ...rest, host: target })),
    read(record.caa, parseCaa).map((caa) => ({ type: TYPE.CAA, ...caa })),
    read(record.https, parseServiceBinding).map(({ target, ...rest }) => ({ type: TYPE.HTTPS, ...rest, host: target })),
    read(record.svcb, parseServiceBinding).map(({ target, ...rest }) => ({ type: TYPE.SVCB, ...rest, host: target })),
  ];
}

function read<T>(texts: readonly string[] | undefined, parse: (text: string) => T | undefined): readonly T[] {
  return texts === undefined ? NONE : texts.map(parse).filter((it) => it !== undefined);
}

/** At least one string, which may be empty. */
function stringsOf(octets: Buffer): readonly Buffer[] {
  const count = Math.max(1, Math.ceil(octets.length / STRING_OCTETS));
  return Array.from({ length: count }, (_, i) => octets.subarray(i * STRING_OCTETS, (i + 1) * STRING_OCTETS));
}

function distinct(records: readonly RecordData[]): readonly RecordData[] {
  if (records.length < 2) return records;
  return [...new Map(records.map((data) => [JSON.stringify(data), data])).values()];
}
