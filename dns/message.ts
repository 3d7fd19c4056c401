/** Query bytes → what was asked, or why nothing can be: a strict parser that looks at each byte once. */
import {
  CLASS_IN,
  EDNS_UDP_BYTES,
  HEADER_BYTES,
  OPT_BYTES,
  PLAIN_UDP_BYTES,
  RCODE,
  type Rcode,
  TYPE,
} from './codes.ts';
import type { ClientSubnet } from './edns-options.ts';

/** Longer than any query that a resolver sends, and an end to what a hostile one can make us read. */
export const MAX_QUERY_BYTES = 4096;
/** OPT and one more (a signature). */
const MAX_ADDITIONALS = 2;
/** RFC 1035 section 2.3.4: a name takes at most 255 octets, its length octets and the root's included. */
const MAX_NAME_BYTES = 255;

/** Why a datagram gets no answer at all. */
export type DropCause = 'short' | 'response';

export interface Query {
  /** NOERROR: the question may be looked up. Anything else is the answer already. */
  readonly rcode: Rcode;
  /** Where the question's name ends (after its root octet); {@link HEADER_BYTES} when there is none to show. */
  readonly nameEnd: number;
  /** Where the question ends; {@link HEADER_BYTES} when the answer cannot repeat it. */
  readonly questionEnd: number;
  /** 0 when there is no question. */
  readonly type: number;
  /** The answer carries an OPT record exactly when the query did (RFC 6891 section 6.1.1). */
  readonly edns: boolean;
  /** The DO bit, which an answer repeats (RFC 3225 section 3). */
  readonly dnssecOk: boolean;
  /** The largest answer that fits a datagram to this client, our own bound applied. */
  readonly udpBytes: number;
  /** Where the EDNS options are; both 0 where there are none. */
  readonly optionsAt: number;
  readonly optionsEnd: number;
  /** EDNS options that the answer is to have; only with `edns`. */
  readonly replyOptions: Buffer;
  /** The query brought a cookie of ours, so it came from where it says. */
  readonly hasCookie: boolean;
  /** Whom the query is for, where it says so (RFC 7871). */
  readonly subnet: ClientSubnet | undefined;
}

const NO_OPTIONS = Buffer.alloc(0);

/** What an OPT record said, as far as it could be read. */
interface Edns {
  /** It, or something else behind the question, is not as it should be. */
  readonly isBroken: boolean;
  readonly udpBytes: number;
  readonly version: number;
  readonly dnssecOk: boolean;
  readonly optionsAt: number;
  readonly optionsEnd: number;
}

/**
 * Never throws and never reads past `bytes`. Checked in this order:
 *
 *   shorter than a header           → dropped
 *   QR = 1                          → dropped (two servers could answer each other for ever)
 *   opcode other than QUERY         → NOTIMP, with the question if it could be read
 *   not exactly one question        → FORMERR (RFC 9619)
 *   bad name, records that do not
 *   belong, trailing bytes, bad OPT → FORMERR
 *   EDNS version above 0            → BADVERS
 *   class other than IN             → REFUSED
 *   transfers                       → REFUSED
 *   other types that name no data   → FORMERR or NOTIMP
 */
export function parseQuery(bytes: Buffer): Query | DropCause {
  if (bytes.length < HEADER_BYTES) return 'short';
  if (byteAt(bytes, 2) >= 0x80) return 'response';
  const opcode = (byteAt(bytes, 2) >> 3) & 15;
  const nameEnd = bytes.length > MAX_QUERY_BYTES || uint16(bytes, 4) !== 1 ? -1 : questionNameEnd(bytes);
  const questionEnd = nameEnd + 4;
  if (nameEnd < 0 || questionEnd > bytes.length) return unreadable(bytes, opcode);
  const type = uint16(bytes, nameEnd);
  const records = readRecords(bytes, questionEnd, type);
  const opt = records === 'malformed' ? undefined : records;
  const isBroken = records === 'malformed' || (opt?.isBroken ?? false);
  // Other opcodes give the sections other meanings, so what reads as malformed here need not be.
  const rcode = opcode !== 0 ? RCODE.NOTIMP : isBroken ? RCODE.FORMERR : verdict(bytes, nameEnd, type, opt);
  return queryWith(opt, { rcode, nameEnd, questionEnd, type });
}

/** The answer has no question to repeat, but it has an OPT record where the query shows one. */
function unreadable(bytes: Buffer, opcode: number): Query {
  const end = bytes.length > MAX_QUERY_BYTES ? -1 : questionsEnd(bytes);
  const records = end < 0 ? undefined : readRecords(bytes, end, 0);
  const rcode = opcode === 0 ? RCODE.FORMERR : RCODE.NOTIMP;
  const none = { nameEnd: HEADER_BYTES, questionEnd: HEADER_BYTES, type: 0 };
  return queryWith(records === 'malformed' ? undefined : records, { rcode, ...none });
}

/** The options count only where they can be told apart. */
function queryWith(
  opt: Edns | undefined,
  { rcode, nameEnd, questionEnd, type }: Pick<Query, 'rcode' | 'nameEnd' | 'questionEnd' | 'type'>,
): Query {
  const hasOptions = opt !== undefined && !opt.isBroken;
  return {
    rcode,
    nameEnd,
    questionEnd,
    type,
    edns: opt !== undefined,
    dnssecOk: opt?.dnssecOk ?? false,
    udpBytes: opt?.udpBytes ?? PLAIN_UDP_BYTES,
    optionsAt: hasOptions ? opt.optionsAt : 0,
    optionsEnd: hasOptions ? opt.optionsEnd : 0,
    replyOptions: NO_OPTIONS,
    hasCookie: false,
    subnet: undefined,
  };
}

/** What a well-formed query comes to before any zone is asked. */
function verdict(bytes: Buffer, nameEnd: number, type: number, edns: Edns | undefined): Rcode {
  if (edns !== undefined && edns.version > 0) return RCODE.BADVERS;
  if (uint16(bytes, nameEnd + 2) !== CLASS_IN) return RCODE.REFUSED;
  // The common types are far below: one comparison for them.
  if (type < TYPE.OPT) return RCODE.NOERROR;
  switch (type) {
    case TYPE.AXFR:
    case TYPE.IXFR:
      return RCODE.REFUSED;
    case TYPE.OPT:
    case TYPE.TKEY:
    case TYPE.TSIG:
      return RCODE.FORMERR;
    case TYPE.MAILA:
    case TYPE.MAILB:
      return RCODE.NOTIMP;
    default:
      return RCODE.NOERROR;
  }
}

/** The end of the question's name, or -1: labels only, no compression (there is nothing before it to point at). */
function questionNameEnd(bytes: Buffer): number {
  let at = HEADER_BYTES;
  while (at < bytes.length) {
    const length = byteAt(bytes, at);
    at += 1 + length;
    if (length === 0) return at - HEADER_BYTES <= MAX_NAME_BYTES ? at : -1;
    if (length > 63 || at - HEADER_BYTES > MAX_NAME_BYTES) return -1;
  }
  return -1;
}

/** The end of however many questions there are, or -1. Their names are passed over, whatever they are. */
function questionsEnd(bytes: Buffer): number {
  let at = HEADER_BYTES;
  for (let left = uint16(bytes, 4); left > 0; left--) {
    const nameEnd = skipName(bytes, at);
    if (nameEnd < 0 || nameEnd + 4 > bytes.length) return -1;
    at = nameEnd + 4;
  }
  return at;
}

/**
 * Reads what follows the question. There should be nothing, or an OPT and at most one other additional record, which is
 * skipped; an incremental transfer also brings the SOA that the client has (RFC 1995 section 3). Where there is something
 * else the OPT is looked for all the same, because the error is to have one too (RFC 6891 section 6.1.1).
 */
function readRecords(bytes: Buffer, questionEnd: number, type: number): Edns | undefined | 'malformed' {
  const answers = uint16(bytes, 6);
  const authorities = uint16(bytes, 8);
  const additionals = uint16(bytes, 10);
  const wanted = authorities === (type === TYPE.IXFR ? authorities & 1 : 0);
  let isBroken = answers !== 0 || !wanted || additionals > MAX_ADDITIONALS;
  let at = questionEnd;
  let edns: Edns | undefined;
  for (let i = 0; i < answers + authorities + additionals; i++) {
    const ownerEnd = skipName(bytes, at);
    const dataAt = ownerEnd + 10;
    const end = ownerEnd < 0 || dataAt > bytes.length ? -1 : dataAt + uint16(bytes, dataAt - 2);
    if (end < 0 || end > bytes.length) return broken(edns);
    if (uint16(bytes, ownerEnd) === TYPE.OPT) {
      if (edns !== undefined || ownerEnd !== at + 1 || i < answers + authorities) return broken(edns);
      edns = readOpt(bytes, ownerEnd, end);
      isBroken ||= !optionsFit(bytes, dataAt, end);
    }
    at = end;
  }
  return isBroken || at !== bytes.length ? broken(edns) : edns;
}

function broken(edns: Edns | undefined): Edns | 'malformed' {
  return edns === undefined ? 'malformed' : { ...edns, isBroken: true };
}

/** The fixed part of an OPT record whose owner ends at `ownerEnd`; sizes below 512 count as 512 (RFC 6891 6.2.3). */
function readOpt(bytes: Buffer, ownerEnd: number, end: number): Edns {
  const size = uint16(bytes, ownerEnd + 2);
  return {
    isBroken: false,
    udpBytes: Math.min(Math.max(size, PLAIN_UDP_BYTES), EDNS_UDP_BYTES),
    version: byteAt(bytes, ownerEnd + OPT_BYTES - 6),
    dnssecOk: byteAt(bytes, ownerEnd + OPT_BYTES - 5) >= 0x80,
    optionsAt: ownerEnd + OPT_BYTES - 1,
    optionsEnd: end,
  };
}

/** True when the options fill their record exactly. */
function optionsFit(bytes: Buffer, from: number, end: number): boolean {
  let at = from;
  while (at + 4 <= end) at += 4 + uint16(bytes, at + 2);
  return at === end;
}

/** The end of an owner name, or -1. A compression pointer ends it and is not followed. */
function skipName(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && at - from < MAX_NAME_BYTES) {
    const length = byteAt(bytes, at);
    if (length >= 0xc0) return at + 2;
    if (length > 63) return -1;
    at += 1 + length;
    if (length === 0) return at;
  }
  return -1;
}

function byteAt(bytes: Buffer, at: number): number {
  return bytes[at] ?? 0;
}

function uint16(bytes: Buffer, at: number): number {
  return (byteAt(bytes, at) << 8) | byteAt(bytes, at + 1);
}
