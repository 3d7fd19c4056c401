/** A record of the configuration → the sets of records that its name answers with. */

import { ttlSeconds } from '../src/answer-ttl.ts';
import type { BalancedRecordConfig } from '../src/config/dns.ts';
import { parseCaa, parseEscapedText, parseMx, parseSrv } from '../src/config/record-text.ts';
import { parseServiceBinding } from '../src/config/service-binding.ts';
import type { RecordDataConfig, StaticRecordConfig } from '../src/config/static-record.ts';
import type { AddressType, OctetRoom } from './address-octets.ts';
import { AnswerSet } from './answer-set.ts';
import { MAX_ADDRESSES } from './balanced-sets.ts';
import { TYPE } from './codes.ts';
import { canonicalIp } from './ip.ts';
import type { RecordData, RecordEncoder } from './record.ts';

/** RFC 1035 section 3.3: the octets that one string of a TXT record can have. */
const STRING_OCTETS = 255;

/** Most names have one type or two. */
const NONE: readonly never[] = [];

export interface StaticSetsOptions {
  readonly encode: RecordEncoder;
  /** Where addresses are kept. */
  readonly room: OctetRoom;
}

/** One set per type; equal records are one (RFC 2181 section 5). */
export function staticSets(
  owner: string,
  record: StaticRecordConfig,
  { encode, room }: StaticSetsOptions,
): readonly AnswerSet[] {
  const ttl = ttlSeconds(record.ttl);
  // A list that grows keeps room for more, which this does not.
  const addresses = addressSet(TYPE.A, ttl, record.a, room).concat(addressSet(TYPE.AAAA, ttl, record.aaaa, room));
  return hasOthers(record) ? addresses.concat(setsOf(owner, ttl, otherLists(record), encode)) : addresses;
}

/** Nearly all names of a large zone have none. */
function hasOthers(record: StaticRecordConfig): boolean {
  for (const key in record) if (key !== 'a' && key !== 'aaaa' && key !== 'ttl') return true;
  return false;
}

function otherLists(record: StaticRecordConfig): readonly (readonly RecordData[])[] {
  const { cname, ns = NONE } = record;
  return [
    cname === undefined ? NONE : [{ type: TYPE.CNAME, host: cname }],
    ns.map((host) => ({ type: TYPE.NS, host })),
    ...dataLists(record),
  ];
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
    .map((records) => AnswerSet.of(owner, ttl, records, encode));
}

function addressSet(
  type: AddressType,
  ttl: number,
  texts: readonly string[] = NONE,
  room: OctetRoom,
): readonly AnswerSet[] {
  if (texts.length === 0) return NONE;
  const ips = texts.map(canonicalIp).filter((ip) => ip !== undefined);
  const distinctIps = ips.length < 2 ? ips : [...new Set(ips)].slice(0, MAX_ADDRESSES);
  return ips.length === 0 ? NONE : [AnswerSet.ofAddresses(type, ttl, distinctIps, { room })];
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
