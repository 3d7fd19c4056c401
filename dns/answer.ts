/** Answers: the query's header and question with other flags, prebuilt records behind them, an OPT record at the end. */
import type { AnswerSet } from './answer-set.ts';
import { EDNS_UDP_BYTES, OPT_BYTES, RCODE, type Rcode, TYPE } from './codes.ts';
import type { Composer } from './composer.ts';
import { copyOctets } from './copy-octets.ts';
import { optionsWithin } from './edns-options.ts';
import type { Query } from './message.ts';
import type { Resolution } from './resolution.ts';
import { roomFor } from './truncate.ts';

const QR = 0x80;
const OPCODE = 0x78;
const AA = 0x04;
const TC = 0x02;
const RD = 0x01;

/**
 * An error, with no record but OPT: at most {@link OPT_BYTES} longer than its query, EDNS options left out where that
 * takes it. AA is clear, we claim nothing.
 */
export function writeError(query: Buffer, told: Query, rcode: Rcode): Buffer {
  const parsed = withOptionsWithin(told, query.length - told.questionEnd);
  const answer = begin(query, parsed, 0);
  setFlags(answer, query, 0, rcode);
  if (parsed.edns) writeOpt(answer, parsed, rcode);
  return answer;
}

/** The records of `set`, or none of them and TC when they do not all fit into `maxBytes` (RFC 2181 section 9). */
export function writeAnswer(query: Buffer, parsed: Query, set: AnswerSet, maxBytes: number): Buffer {
  const bytes = set.byteLength;
  if (bytes > roomFor(parsed, maxBytes)) return writeTruncated(query, parsed, 0);
  const answer = begin(query, parsed, bytes);
  setFlags(answer, query, AA, 0);
  answer[6] = set.count >> 8;
  answer[7] = set.count & 0xff;
  set.copyTo(answer, parsed.questionEnd);
  if (parsed.edns) writeOpt(answer, parsed, 0);
  return answer;
}

/** NXDOMAIN, or NOERROR without records of the type, with the SOA that says for how long (RFC 2308 section 2). */
export function writeNegative(query: Buffer, parsed: Query, rcode: Rcode, soa: Buffer, maxBytes: number): Buffer {
  if (soa.length > roomFor(parsed, maxBytes)) return writeTruncated(query, parsed, rcode);
  const answer = begin(query, parsed, soa.length);
  setFlags(answer, query, AA, rcode);
  answer[9] = 1;
  copyOctets(soa, answer, parsed.questionEnd, 0, soa.length);
  if (parsed.edns) writeOpt(answer, parsed, rcode);
  return answer;
}

/** The records that were put together; none of them and TC when one that is needed found no room. */
export function writeComposed(query: Buffer, parsed: Query, composer: Composer, resolution: Resolution): Buffer {
  const { rcode, isAuthoritative, isTruncated } = resolution;
  const aa = isAuthoritative ? AA : 0;
  if (isTruncated) return writeTruncated(query, parsed, rcode, aa);
  const { records, counts } = composer;
  const answer = begin(query, parsed, records.length);
  setFlags(answer, query, aa, rcode);
  for (const [section, count] of counts.entries()) {
    answer.writeUInt16BE(count + answer.readUInt16BE(6 + 2 * section), 6 + 2 * section);
  }
  records.copy(answer, parsed.questionEnd);
  if (parsed.edns) writeOpt(answer, parsed, rcode);
  return answer;
}

/** No record and TC: whoever asked comes back over TCP. */
function writeTruncated(query: Buffer, parsed: Query, rcode: Rcode, aa = AA): Buffer {
  const answer = begin(query, parsed, 0);
  setFlags(answer, query, aa | TC, rcode);
  if (parsed.edns) writeOpt(answer, parsed, rcode);
  return answer;
}

/** The same without a record and no longer than its query: whoever forges addresses gains nothing by it. */
export function writeSlip(query: Buffer, parsed: Query): Buffer {
  const room = query.length - parsed.questionEnd - OPT_BYTES;
  return writeTruncated(query, withOptionsWithin(parsed, room), RCODE.NOERROR, 0);
}

function withOptionsWithin(parsed: Query, octets: number): Query {
  if (parsed.replyOptions.length <= octets) return parsed;
  return { ...parsed, replyOptions: optionsWithin(parsed.replyOptions, octets) };
}

/**
 * Room for an answer with `recordBytes` of records, id and question in place as they came (the case of the name
 * included, which resolvers use against forgery) and counts of 0 records and 0 or 1 OPT. The buffer is the only
 * allocation per answer; it may come from Node's pool, every octet of it is written.
 */
function begin(query: Buffer, parsed: Query, recordBytes: number): Buffer {
  const { questionEnd, nameEnd, edns, replyOptions } = parsed;
  const answer = Buffer.allocUnsafe(questionEnd + recordBytes + (edns ? OPT_BYTES + replyOptions.length : 0));
  copyOctets(query, answer, 0, 0, questionEnd);
  answer[4] = 0;
  answer[5] = questionEnd > nameEnd ? 1 : 0;
  answer[6] = 0;
  answer[7] = 0;
  answer[8] = 0;
  answer[9] = 0;
  answer[10] = 0;
  answer[11] = edns ? 1 : 0;
  return answer;
}

/** RA, Z, AD and CD are clear (RFC 4035 section 3.1.6), opcode and RD are the query's. */
function setFlags(answer: Buffer, query: Buffer, flags: number, rcode: Rcode): void {
  answer[2] = QR | ((query[2] ?? 0) & (OPCODE | RD)) | flags;
  answer[3] = rcode & 0x0f;
}

/** The OPT record takes the last octets of the answer: version 0, DO as it came. */
function writeOpt(answer: Buffer, parsed: Query, rcode: Rcode): void {
  const { length } = parsed.replyOptions;
  const at = answer.length - OPT_BYTES - length;
  answer[at] = 0;
  answer[at + 1] = 0;
  answer[at + 2] = TYPE.OPT;
  answer[at + 3] = EDNS_UDP_BYTES >> 8;
  answer[at + 4] = EDNS_UDP_BYTES & 0xff;
  answer[at + 5] = rcode >> 4;
  answer[at + 6] = 0;
  answer[at + 7] = parsed.dnssecOk ? 0x80 : 0;
  answer[at + 8] = 0;
  answer[at + 9] = length >> 8;
  answer[at + 10] = length & 0xff;
  if (length > 0) parsed.replyOptions.copy(answer, at + OPT_BYTES);
}
