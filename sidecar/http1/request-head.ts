/** Bytes of a request head → what routing and framing need, and the text that goes upstream. RFC 9112, strictly. */
import { BodyTexts } from '../json/body-texts.ts';
import { mayBecome, parseConnectionOptions } from './connection-options.ts';
import { dropFields, fieldCursor, isNamed, parseLength, scanField, tokenEnd } from './field.ts';
import { isValidHost } from './host.ts';
import type { Interests } from './interests.ts';
import { originTarget } from './target.ts';

export interface RequestLimits {
  readonly maxHeaders: number;
}

/** One request's head. Reused from request to request of a connection: copy what must outlive the exchange. */
export class RequestHead {
  method = '';
  /** Origin form, or `*`; as the client wrote it, never decoded. */
  target = '';
  /** `target` up to its query. */
  path = '';
  /** What follows the `?`; empty without one. */
  query = '';
  /** 0 or 1: the minor version of HTTP/1. */
  minor = 1;
  host = '';
  /** Request line and the fields that pass, CRLF after each; without framing fields and without the blank line. */
  forwarded = '';
  /** Bytes of the body; -1 without Content-Length. */
  contentLength = -1;
  chunked = false;
  close = false;
  keepAlive = false;
  /** Protocol asked for, as written; empty when no upgrade is asked for that may be passed on. */
  upgrade = '';
  expectsContinue = false;
  acceptsTrailers = false;
  requestId = '';
  /** What the client's side of the chain says; used only when the peer is trusted. */
  forwardedFor = '';
  /** Max-Forwards of OPTIONS and TRACE (RFC 9110 section 7.6.2); -1 without. */
  maxForwards = -1;
  /** Values of the fields named by {@link Interests}, by slot; undefined where absent, joined where repeated. */
  values: (string | undefined)[] = [];
  /** What routes and keys read of the body. */
  readonly body = new BodyTexts();
  /** Why it was refused, for the log. */
  problem = '';
}

export type HeadVerdict = 'ok' | 'bad_request' | 'head_too_large' | 'expectation_failed';

const cursor = fieldCursor();

/** Fields of the current head that only some messages carry; kept apart so that the usual case touches none. */
interface Unusual {
  connection: string;
  upgrade: string;
  te: string;
  expect: string;
  hosts: number;
  lengths: number;
  encodings: number;
  encoding: string;
}

const unusual: Unusual = {
  connection: '',
  upgrade: '',
  te: '',
  expect: '',
  hosts: 0,
  lengths: 0,
  encodings: 0,
  encoding: '',
};

function reset(head: RequestHead, slots: number): void {
  // A refused head must not be logged under the name of the request before it.
  head.method = head.target = head.path = head.query = head.host = head.forwarded = head.problem = '';
  head.upgrade = '';
  head.body.reset();
  head.requestId = '';
  head.forwardedFor = '';
  head.contentLength = -1;
  head.maxForwards = -1;
  head.chunked = head.close = head.keepAlive = head.expectsContinue = head.acceptsTrailers = false;
  unusual.connection = unusual.upgrade = unusual.te = unusual.expect = unusual.encoding = '';
  unusual.hosts = unusual.lengths = unusual.encodings = 0;
  if (head.values.length !== slots) head.values = Array.from({ length: slots }, () => undefined);
  else for (let i = 0; i < slots; i += 1) head.values[i] = undefined;
}

function refuse(head: RequestHead, problem: string): 'bad_request' {
  head.problem = problem;
  return 'bad_request';
}

/**
 * Reads a whole head. `text` is latin1, begins with the request line and ends with the blank line.
 * `trusted` says whether the peer's X-Forwarded-* are believed (kept) or replaced (dropped).
 * On the hot path: one pass, unchanged stretches become substrings.
 */
export function readRequestHead(
  text: string,
  head: RequestHead,
  interests: Interests,
  trusted: boolean,
  limits: RequestLimits,
): HeadVerdict {
  reset(head, interests.count);
  let i = readRequestLine(text, head);
  if (i < 0) return 'bad_request';
  const fieldsStart = i;
  let kept = '';
  let keepFrom = i;
  let count = 0;
  while (text.charCodeAt(i) !== 0x0d) {
    if (!scanField(text, i, cursor)) return refuse(head, 'malformed header field');
    count += 1;
    if (count > limits.maxHeaders) {
      head.problem = `more than ${limits.maxHeaders} header fields`;
      return 'head_too_large';
    }
    const length = cursor.nameEnd - i;
    const isPassed = passes(text, i, length, head, trusted);
    const wanted = interests.byLength[length];
    if (wanted !== undefined && (isPassed || mayBeNoted(text, i, length, trusted))) {
      noteInterest(text, i, head, wanted);
    }
    if (!isPassed) {
      if (i > keepFrom) kept += text.substring(keepFrom, i);
      keepFrom = cursor.next;
    }
    i = cursor.next;
  }
  // The text was cut at the first blank line, so anything after this CRLF would be our own mistake.
  if (i !== text.length - 2) return refuse(head, 'malformed header field');
  kept = kept === '' ? text.substring(keepFrom, i) : kept + text.substring(keepFrom, i);
  return complete(text, head, fieldsStart, kept, trusted);
}

/** Of the fields that do not pass: routes and keys see hop-by-hop ones, never what an untrusted peer may not claim. */
function mayBeNoted(text: string, start: number, length: number, trusted: boolean): boolean {
  if (length === 9 && (isNamed(text, start, 'x-real-ip') || isNamed(text, start, 'forwarded'))) return trusted;
  return !cursor.hasUnderscore && passesByPrefix(text, start, length, trusted);
}

function noteInterest(text: string, start: number, head: RequestHead, wanted: Interests['byLength'][number]): void {
  for (const interest of wanted ?? []) {
    if (!isNamed(text, start, interest.name)) continue;
    const value = text.substring(cursor.valueStart, cursor.valueEnd);
    const before = head.values[interest.slot];
    head.values[interest.slot] = before === undefined ? value : before + interest.separator + value;
  }
}

/** Request line: returns where the fields begin, or -1. */
function readRequestLine(text: string, head: RequestHead): number {
  const methodEnd = tokenEnd(text, 0);
  if (methodEnd === 0 || text.charCodeAt(methodEnd) !== 0x20) return badLine(head, 'malformed method');
  const targetStart = methodEnd + 1;
  let i = targetStart;
  let query = -1;
  for (let c = text.charCodeAt(i); c > 0x20 && c < 0x7f; c = text.charCodeAt(++i)) {
    if (c === 0x23) return badLine(head, 'fragment in target');
    if (c === 0x3f && query < 0) query = i;
  }
  if (i === targetStart || text.charCodeAt(i) !== 0x20) return badLine(head, 'malformed target');
  const minor = text.charCodeAt(i + 8) - 0x30;
  if (
    !text.startsWith('HTTP/1.', i + 1) ||
    (minor !== 0 && minor !== 1) ||
    text.charCodeAt(i + 9) !== 0x0d ||
    text.charCodeAt(i + 10) !== 0x0a
  ) {
    return badLine(head, 'version is not HTTP/1.0 or HTTP/1.1');
  }
  head.minor = minor;
  head.method = text.substring(0, methodEnd);
  head.target = text.substring(targetStart, i);
  head.path = query < 0 ? head.target : text.substring(targetStart, query);
  head.query = query < 0 ? '' : text.substring(query + 1, i);
  return i + 11;
}

/** Of lines that come before the rest of their head. */
const lineOnly = new RequestHead();

/** True for a whole request line, CRLF included, that may begin a head. */
export function isRequestLine(line: string): boolean {
  return readRequestLine(line, lineOnly) === line.length;
}

function badLine(head: RequestHead, problem: string): -1 {
  head.problem = problem;
  return -1;
}

/**
 * Notes the fields that mean something to us; false for those that must not pass. Longer than functions are here: it
 * runs for each field of every request, and its length tells most of them from all that we know (docs/benchmarks.md).
 */
function passes(text: string, start: number, length: number, head: RequestHead, trusted: boolean): boolean {
  if (cursor.hasUnderscore) return !isLookAlike(text.substring(start, cursor.nameEnd));
  switch (length) {
    case 2:
      if (!isNamed(text, start, 'te')) return true;
      unusual.te += `,${fieldValue(text)}`;
      return false;
    case 4:
      if (!isNamed(text, start, 'host')) return true;
      unusual.hosts += 1;
      head.host = fieldValue(text);
      return true;
    case 5:
      // CVE-2016-5385: `Proxy` becomes HTTP_PROXY in CGI environments.
      return !isNamed(text, start, 'proxy');
    case 6:
      if (!isNamed(text, start, 'expect')) return passesByPrefix(text, start, length, trusted);
      unusual.expect += fieldValue(text).toLowerCase();
      return false;
    case 7:
      if (!isNamed(text, start, 'upgrade')) return passesByPrefix(text, start, length, trusted);
      unusual.upgrade += unusual.upgrade === '' ? fieldValue(text) : `,${fieldValue(text)}`;
      return false;
    case 9:
      if (isNamed(text, start, 'x-real-ip') || isNamed(text, start, 'forwarded')) return trusted;
      return passesByPrefix(text, start, length, trusted);
    case 10:
      if (isNamed(text, start, 'connection')) {
        unusual.connection += unusual.connection === '' ? fieldValue(text) : `,${fieldValue(text)}`;
        return false;
      }
      return !isNamed(text, start, 'keep-alive') && passesByPrefix(text, start, length, trusted);
    case 12:
      if (isNamed(text, start, 'max-forwards')) return passesMaxForwards(text, head);
      if (!isNamed(text, start, 'x-request-id')) return passesByPrefix(text, start, length, trusted);
      return keepRequestId(head, fieldValue(text));
    case 14:
      if (isNamed(text, start, 'content-length')) {
        unusual.lengths += 1;
        head.contentLength = parseLength(text, cursor.valueStart, cursor.valueEnd);
        return false;
      }
      return !isNamed(text, start, 'http2-settings') && passesByPrefix(text, start, length, trusted);
    case 15:
      if (!isNamed(text, start, 'x-forwarded-for')) return passesByPrefix(text, start, length, trusted);
      head.forwardedFor += head.forwardedFor === '' ? fieldValue(text) : `, ${fieldValue(text)}`;
      return false;
    case 17:
      if (!isNamed(text, start, 'transfer-encoding')) return passesByPrefix(text, start, length, trusted);
      unusual.encodings += 1;
      unusual.encoding = fieldValue(text);
      return false;
    default:
      return passesByPrefix(text, start, length, trusted);
  }
}

function fieldValue(text: string): string {
  return text.substring(cursor.valueStart, cursor.valueEnd);
}

/** Counted for OPTIONS and TRACE only, the smallest where repeated; for other methods it is a field like any. */
function passesMaxForwards(text: string, head: RequestHead): boolean {
  if (head.method !== 'OPTIONS' && head.method !== 'TRACE') return true;
  const value = parseLength(text, cursor.valueStart, cursor.valueEnd);
  if (value >= 0 && (head.maxForwards < 0 || value < head.maxForwards)) head.maxForwards = value;
  return false;
}

/** The caller's request id is kept when it is one, of visible ASCII and no longer than any id needs to be. */
function keepRequestId(head: RequestHead, value: string): boolean {
  if (head.requestId !== '' || !/^[\x21-\x7e]{1,128}$/.test(value)) return false;
  head.requestId = value;
  return true;
}

/** Whole families that clients may not speak for: X-Forwarded-* unless trusted, X-Outrigger-*, Proxy-*. */
function passesByPrefix(text: string, start: number, length: number, trusted: boolean): boolean {
  const first = text.charCodeAt(start) | 0x20;
  if (first === 0x78) {
    if (length > 11 && isNamed(text, start, 'x-forwarded-')) return trusted;
    return !(length > 11 && isNamed(text, start, 'x-outrigger-'));
  }
  return !(first === 0x70 && length > 5 && isNamed(text, start, 'proxy-'));
}

const LOOK_ALIKES =
  /^(x-forwarded-.*|x-outrigger-.*|x-real-ip|x-request-id|forwarded|proxy|proxy-.*|content-length|transfer-encoding|keep-alive|http2-settings|max-forwards)$/;

/** `X_Forwarded_For` is `X-Forwarded-For` to every CGI-like upstream. */
function isLookAlike(name: string): boolean {
  return LOOK_ALIKES.test(name.toLowerCase().replaceAll('_', '-'));
}

/** Rules over the whole head, then the text that goes upstream. */
function complete(text: string, head: RequestHead, fieldsStart: number, fields: string, trusted: boolean): HeadVerdict {
  if (unusual.hosts !== 1) return refuse(head, unusual.hosts === 0 ? 'no Host' : 'more than one Host');
  if (!isValidHost(head.host)) return refuse(head, 'invalid Host');
  const framing = readFraming(head);
  if (framing !== undefined) return refuse(head, framing);
  let kept = fields;
  if (unusual.connection !== '') {
    const options = parseConnectionOptions(unusual.connection);
    head.close = options.close;
    head.keepAlive = options.keepAlive;
    if (options.nominated.length > 0) {
      const nominated = new Set(options.nominated);
      kept = dropFields(kept, (name) => nominated.has(name));
    }
    if (options.upgrade) head.upgrade = upgradeOf(head);
  }
  if (unusual.te !== '') head.acceptsTrailers = /(^|,)[ \t]*trailers[ \t]*(,|$)/i.test(unusual.te);
  if (unusual.expect !== '' && head.minor === 1) {
    if (unusual.expect !== '100-continue') {
      head.problem = 'unknown expectation';
      return 'expectation_failed';
    }
    head.expectsContinue = head.contentLength > 0 || head.chunked;
  }
  return completeTarget(text, head, fieldsStart, kept, trusted);
}

/** RFC 9112 section 6: undefined when the body's length is beyond doubt, else what is wrong. */
function readFraming(head: RequestHead): string | undefined {
  if (unusual.lengths > 1) return 'more than one Content-Length';
  if (unusual.lengths === 1 && head.contentLength < 0) return 'invalid Content-Length';
  if (unusual.encodings === 0) return undefined;
  if (unusual.lengths > 0) return 'both Content-Length and Transfer-Encoding';
  if (unusual.encodings > 1 || unusual.encoding.toLowerCase() !== 'chunked') return 'Transfer-Encoding is not chunked';
  if (head.minor === 0) return 'Transfer-Encoding in HTTP/1.0';
  head.chunked = true;
  return undefined;
}

/** Upgrades are passed on for bodiless HTTP/1.1 requests and one protocol; h2c never (it would be a tunnel round us). */
function upgradeOf(head: RequestHead): string {
  const asked = unusual.upgrade;
  if (head.minor === 0 || head.contentLength > 0 || head.chunked) return '';
  return mayBecome(asked) ? asked : '';
}

/** Origin form passes as it is, every other form becomes it. */
function completeTarget(
  text: string,
  head: RequestHead,
  fieldsStart: number,
  fields: string,
  trusted: boolean,
): HeadVerdict {
  if (head.method === 'CONNECT') return refuse(head, 'CONNECT is not supported');
  if (head.target.charCodeAt(0) === 0x2f) {
    head.forwarded = head.minor === 1 ? text.substring(0, fieldsStart) + fields : requestLine(head) + fields;
    return 'ok';
  }
  const verdict = originTarget(head.target, { method: head.method, host: head.host, trusted });
  if ('problem' in verdict) return refuse(head, verdict.problem);
  head.target = verdict.target;
  const query = head.target.indexOf('?');
  head.path = query < 0 ? head.target : head.target.slice(0, query);
  head.forwarded = requestLine(head) + fields;
  return 'ok';
}

function requestLine(head: RequestHead): string {
  return `${head.method} ${head.target} HTTP/1.1\r\n`;
}
