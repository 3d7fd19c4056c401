/** Bytes of a response head → its framing, and the text that goes downstream. As strict as the request side. */
import { parseConnectionOptions } from './connection-options.ts';
import { dropFields, fieldCursor, isNamed, parseLength, scanField } from './field.ts';

/** One response's head. Reused from response to response of an upstream connection. */
export class ResponseHead {
  status = 0;
  /** 0 or 1: the minor version of HTTP/1. */
  minor = 1;
  /** Status line (always HTTP/1.1) and the fields that pass, CRLF after each; without framing and blank line. */
  forwarded = '';
  /** Bytes of the body as declared; -1 without Content-Length. */
  contentLength = -1;
  chunked = false;
  hasDate = false;
  close = false;
  keepAlive = false;
  /** Seconds of the `Keep-Alive: timeout=` hint; -1 without. */
  keepAliveSeconds = -1;
  /** Protocol of a 101; empty where Connection does not say `upgrade`. */
  upgrade = '';
  problem = '';
}

const cursor = fieldCursor();

/** Of the current head; apart from {@link ResponseHead} because nobody else needs them. */
let connection = '';
let lengths = 0;
let encodings = 0;
let encoding = '';

function refuse(head: ResponseHead, problem: string): false {
  head.problem = problem;
  return false;
}

/**
 * Reads a whole head. `text` is latin1 and ends with the blank line. False when it is malformed or ambiguous, which
 * the client sees as a 502: `head.problem` says why. On the hot path: one pass, unchanged stretches become substrings.
 */
export function readResponseHead(text: string, head: ResponseHead, maxHeaders: number): boolean {
  head.contentLength = head.keepAliveSeconds = -1;
  head.chunked = head.hasDate = head.close = head.keepAlive = false;
  head.upgrade = connection = encoding = '';
  lengths = encodings = 0;
  let i = readStatusLine(text, head);
  if (i < 0) return refuse(head, 'malformed status line');
  let kept = '';
  // The status line is one of the unchanged stretches when it says HTTP/1.1 already.
  let keepFrom = head.minor === 1 ? 0 : 8;
  if (head.minor === 0) kept = 'HTTP/1.1';
  if (text.charCodeAt(12) === 0x0d) {
    // The space before no reason is often missing, and clients that want it are right (RFC 9112 section 4).
    kept += `${text.substring(keepFrom, 12)} `;
    keepFrom = 12;
  }
  let count = 0;
  while (text.charCodeAt(i) !== 0x0d) {
    if (!scanField(text, i, cursor)) return refuse(head, 'malformed header field');
    count += 1;
    if (count > maxHeaders) return refuse(head, `more than ${maxHeaders} header fields`);
    if (!passes(text, i, cursor.nameEnd - i, head)) {
      if (i > keepFrom) kept += text.substring(keepFrom, i);
      keepFrom = cursor.next;
    }
    i = cursor.next;
  }
  if (i !== text.length - 2) return refuse(head, 'malformed header field');
  head.forwarded = kept === '' ? text.substring(keepFrom, i) : kept + text.substring(keepFrom, i);
  return complete(head);
}

/** `HTTP/1.x SP 3DIGIT [SP reason]`: where the fields begin, or -1. A missing space before no reason is common. */
function readStatusLine(text: string, head: ResponseHead): number {
  const minor = text.charCodeAt(7) - 0x30;
  if (!text.startsWith('HTTP/1.') || (minor !== 0 && minor !== 1) || text.charCodeAt(8) !== 0x20) return -1;
  const status = parseLength(text, 9, 12);
  if (status < 100 || status > 599) return -1;
  head.minor = minor;
  head.status = status;
  let i = 12;
  let c = text.charCodeAt(i);
  if (c === 0x20) {
    do c = text.charCodeAt(++i);
    while (c === 0x09 || (c >= 0x20 && c !== 0x7f));
  }
  return c === 0x0d && text.charCodeAt(i + 1) === 0x0a ? i + 2 : -1;
}

/** Of lines that come before the rest of their head. */
const lineOnly = new ResponseHead();

/** True for a whole status line, CRLF included. */
export function isStatusLine(line: string): boolean {
  return readStatusLine(line, lineOnly) === line.length;
}

/** Framing to whoever reads `_` as `-`. */
const FRAMING_LOOK_ALIKES = /^(?:content_length|transfer_encoding|http2_settings|keep_alive|proxy[-_].*)$/i;

/** Notes the fields that mean something to us; false for those that must not pass. As long as its twin of requests. */
function passes(text: string, start: number, length: number, head: ResponseHead): boolean {
  if (cursor.hasUnderscore) return !FRAMING_LOOK_ALIKES.test(text.substring(start, cursor.nameEnd));
  switch (length) {
    case 2:
      return !isNamed(text, start, 'te');
    case 4:
      if (isNamed(text, start, 'date')) head.hasDate = true;
      return true;
    case 7:
      if (!isNamed(text, start, 'upgrade')) return passesByPrefix(text, start, length);
      head.upgrade += head.upgrade === '' ? fieldValue(text) : `, ${fieldValue(text)}`;
      return false;
    case 10:
      if (isNamed(text, start, 'connection')) {
        connection += connection === '' ? fieldValue(text) : `,${fieldValue(text)}`;
        return false;
      }
      if (!isNamed(text, start, 'keep-alive')) return passesByPrefix(text, start, length);
      noteKeepAlive(head, fieldValue(text));
      return false;
    case 12:
      return !isNamed(text, start, 'x-request-id') && passesByPrefix(text, start, length);
    case 14:
      if (!isNamed(text, start, 'content-length')) {
        return !isNamed(text, start, 'http2-settings') && passesByPrefix(text, start, length);
      }
      lengths += 1;
      head.contentLength = parseLength(text, cursor.valueStart, cursor.valueEnd);
      return false;
    case 17:
      if (!isNamed(text, start, 'transfer-encoding')) return passesByPrefix(text, start, length);
      encodings += 1;
      encoding = fieldValue(text);
      return false;
    case 19:
      // Told to us by a balancer further up, which trusts us; whom we answer is another matter.
      return !isNamed(text, start, 'x-outrigger-explain') && passesByPrefix(text, start, length);
    default:
      return passesByPrefix(text, start, length);
  }
}

/** Proxy-* is for this hop only, whatever it is. */
function passesByPrefix(text: string, start: number, length: number): boolean {
  return !((text.charCodeAt(start) | 0x20) === 0x70 && length > 5 && isNamed(text, start, 'proxy-'));
}

function fieldValue(text: string): string {
  return text.substring(cursor.valueStart, cursor.valueEnd);
}

function noteKeepAlive(head: ResponseHead, value: string): void {
  const match = /(?:^|[,\s])timeout=(\d{1,6})/i.exec(value);
  if (match !== null) head.keepAliveSeconds = Number(match[1]);
}

function complete(head: ResponseHead): boolean {
  if (lengths > 1) return refuse(head, 'more than one Content-Length');
  if (lengths === 1 && head.contentLength < 0) return refuse(head, 'invalid Content-Length');
  if (encodings > 0) {
    if (lengths > 0) return refuse(head, 'both Content-Length and Transfer-Encoding');
    if (encodings > 1 || encoding.toLowerCase() !== 'chunked') return refuse(head, 'Transfer-Encoding is not chunked');
    if (head.minor === 0) return refuse(head, 'Transfer-Encoding in HTTP/1.0');
    head.chunked = true;
  }
  if (connection === '') {
    head.upgrade = '';
    return true;
  }
  const options = parseConnectionOptions(connection);
  head.close = options.close;
  head.keepAlive = options.keepAlive;
  if (!options.upgrade) head.upgrade = '';
  if (options.nominated.length > 0) {
    const lineEnd = head.forwarded.indexOf('\r\n') + 2;
    const nominated = new Set(options.nominated);
    if (nominated.has('date')) head.hasDate = false;
    const fields = dropFields(head.forwarded.slice(lineEnd), (name) => nominated.has(name));
    head.forwarded = head.forwarded.slice(0, lineEnd) + fields;
  }
  return true;
}

/** How the end of a response's body is found (RFC 9112 section 6.3). */
export type ResponseBody = 'none' | 'length' | 'chunked' | 'until_close';

export function responseBodyOf(head: ResponseHead, method: string): ResponseBody {
  const { status } = head;
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return 'none';
  if (head.chunked) return 'chunked';
  if (head.contentLength >= 0) return head.contentLength === 0 ? 'none' : 'length';
  return 'until_close';
}
