/** The HTTP/1.1 codec driven as a connection drives it: bytes in any pieces in, one message and what is sent on out. */
import { ChunkedReader } from '../../sidecar/http1/chunked.ts';
import { findHeadEnd } from '../../sidecar/http1/head-bytes.ts';
import { HeadIntake } from '../../sidecar/http1/head-intake.ts';
import { mayBeResponseHead } from '../../sidecar/http1/head-lines.ts';
import { compileInterests } from '../../sidecar/http1/interests.ts';
import { RequestBody } from '../../sidecar/http1/request-body.ts';
import { RequestHead, readRequestHead } from '../../sidecar/http1/request-head.ts';
import {
  type ResponseBody,
  ResponseHead,
  readResponseHead,
  responseBodyOf,
} from '../../sidecar/http1/response-head.ts';
import { formatUpstreamHead, originOf, trustedOrigin } from '../../sidecar/upstream-head.ts';

/** `waiting`: the bytes may still become a message. `refused`: they never can, and the connection ends. */
export type Outcome = 'complete' | 'waiting' | 'refused';

export interface Received<Head> {
  readonly outcome: Outcome;
  /** A copy; undefined until a head was accepted. */
  readonly head: Head | undefined;
  /** Of the body, as far as it has come. */
  readonly body: string;
  readonly trailers: string;
  /** All that goes to the other side, up to where the message is cut or ends. */
  readonly sentOn: string;
  /** Bytes of the message; what follows is the next one's. */
  readonly used: number;
  readonly problem: string;
}

export interface RequestOptions {
  readonly interests?: readonly string[];
  readonly trusted?: boolean;
  readonly maxHeaders?: number;
}

export const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

/** Splits at the given offsets; pieces may be empty. */
export function splitAt(whole: Buffer, offsets: readonly number[]): readonly Buffer[] {
  const sorted = [0, ...offsets.map((it) => it % (whole.length + 1)).toSorted((a, b) => a - b), whole.length];
  return sorted.slice(1).map((to, i) => whole.subarray(sorted[i], to));
}

interface FoundHead {
  readonly state: 'found' | 'waiting' | 'refused';
  readonly text: string;
  /** Bytes used, and the pieces after them. */
  readonly used: number;
  readonly rest: readonly Buffer[];
}

/** Reads pieces up to the end of a request head, each as soon as it is there. */
function findRequestHead(pieces: readonly Buffer[]): FoundHead {
  const intake = new HeadIntake(65_536);
  let pushed = 0;
  for (const [index, piece] of pieces.entries()) {
    intake.push(piece);
    pushed += piece.length;
    const verdict = intake.next();
    if (verdict === 'incomplete') continue;
    if (verdict !== 'whole') return { state: 'refused', text: '', used: 0, rest: [] };
    const text = intake.head.toString('latin1', 0, intake.headEnd);
    const used = pushed - intake.size;
    return { state: 'found', text, used, rest: [intake.takeRest() ?? bytes(''), ...pieces.slice(index + 1)] };
  }
  return { state: 'waiting', text: '', used: 0, rest: [] };
}

/** The same for a response, which no empty line comes before. */
function findResponseHead(pieces: readonly Buffer[]): FoundHead {
  let held: Buffer = Buffer.alloc(0);
  let searched = 0;
  for (const [index, piece] of pieces.entries()) {
    held = Buffer.concat([held, piece]);
    const end = findHeadEnd(held, searched);
    if (end >= 0) {
      const text = held.toString('latin1', 0, end + 4);
      return {
        state: 'found',
        text,
        used: end + 4,
        rest: [held.subarray(end + 4), ...pieces.slice(index + 1)],
      };
    }
    if (!mayBeResponseHead(held, searched)) return { state: 'refused', text: '', used: 0, rest: [] };
    searched = held.length;
  }
  return { state: 'waiting', text: '', used: 0, rest: [] };
}

interface ReadBody {
  readonly outcome: Outcome;
  readonly body: string;
  readonly trailers: string;
  readonly sentOn: string;
  readonly used: number;
}

function readLength(pieces: readonly Buffer[], length: number): ReadBody {
  const body = Buffer.concat(pieces).toString('latin1').slice(0, length);
  const outcome = body.length === length ? 'complete' : 'waiting';
  return { outcome, body, trailers: '', sentOn: body, used: body.length };
}

/** In both modes at once; they must agree on everything but the ranges. */
export function readChunked(pieces: readonly Buffer[]): ReadBody {
  const chunks = new ChunkedReader();
  const data = new ChunkedReader();
  chunks.begin('chunks');
  data.begin('data');
  let used = 0;
  let sentOn = '';
  let body = '';
  for (const piece of pieces) {
    // With something on both sides, so that an offset of the wrong kind shows.
    const padded = Buffer.concat([bytes('<<'), piece, bytes('>>')]);
    const end = chunks.read(padded, 2, 2 + piece.length);
    const other = data.read(padded, 2, 2 + piece.length);
    if (end !== other || chunks.done !== data.done || chunks.failed !== data.failed) throw new Error('modes disagree');
    used += end - 2;
    sentOn += textIn(padded, chunks.ranges);
    body += textIn(padded, data.ranges);
    if (chunks.done || chunks.failed) break;
    if (end !== 2 + piece.length) throw new Error('stopped before the end of a piece');
  }
  if (chunks.trailers !== data.trailers) throw new Error('modes disagree about trailers');
  const outcome = chunks.done ? 'complete' : chunks.failed ? 'refused' : 'waiting';
  if (chunks.done) sentOn += `${chunks.trailers}\r\n`;
  return { outcome, body, trailers: chunks.trailers, sentOn, used };
}

function textIn(whole: Buffer, ranges: readonly number[]): string {
  let text = '';
  for (let i = 0; i < ranges.length; i += 2) {
    const [from = -1, to = -1] = ranges.slice(i, i + 2);
    if (from < 2 || to <= from || to > whole.length - 2) throw new Error(`bad range ${from}–${to}`);
    text += whole.toString('latin1', from, to);
  }
  return text;
}

const NOTHING: ReadBody = { outcome: 'complete', body: '', trailers: '', sentOn: '', used: 0 };

/** What a client connection passes on of these pieces must be what was read. */
function checkedBody(pieces: readonly Buffer[], head: RequestHead, read: ReadBody): ReadBody {
  const body = new RequestBody();
  if (!body.begin(head)) throw new Error('no body');
  let passed = '';
  let used = 0;
  for (const piece of pieces) {
    if (body.isDone) break;
    const part = body.read(piece);
    if (part === undefined) {
      if (read.outcome !== 'refused') throw new Error('only one of two readers refuses the body');
      return read;
    }
    passed += part.toString('latin1');
    used += body.end;
  }
  if (body.isDone) passed += body.trailers === undefined ? '' : `${body.trailers}\r\n`;
  if (body.isDone !== (read.outcome === 'complete') || used !== read.used || passed !== read.sentOn) {
    throw new Error('two readers read different bodies');
  }
  return read;
}

const failed = (outcome: Outcome, problem: string) =>
  ({ outcome, head: undefined, body: '', trailers: '', sentOn: '', used: 0, problem }) as const;

/** The first request in these bytes. */
export function receiveRequest(pieces: readonly Buffer[], options: RequestOptions = {}): Received<RequestHead> {
  const found = findRequestHead(pieces);
  if (found.state !== 'found') return failed(found.state, '');
  const head = new RequestHead();
  const interests = compileInterests(options.interests ?? []);
  const limits = { maxHeaders: options.maxHeaders ?? 200 };
  const verdict = readRequestHead(found.text, head, interests, options.trusted ?? false, limits);
  if (verdict !== 'ok') return failed('refused', `${verdict}: ${head.problem}`);
  const body = head.chunked
    ? checkedBody(found.rest, head, readChunked(found.rest))
    : head.contentLength > 0
      ? checkedBody(found.rest, head, readLength(found.rest, head.contentLength))
      : NOTHING;
  const origin =
    options.trusted === true ? trustedOrigin('192.0.2.1', '192.0.2.2', head) : originOf('192.0.2.1', head.host);
  const sentOn = formatUpstreamHead(head, origin, head.requestId === '' ? 'id-1' : '');
  return { ...body, head, sentOn: sentOn + body.sentOn, used: found.used + body.used, problem: '' };
}

/** The first response in these bytes, to a request of that method; `isEnd` when the connection ends after them. */
export function receiveResponse(pieces: readonly Buffer[], method: string, isEnd: boolean): Received<ResponseHead> {
  const found = findResponseHead(pieces);
  if (found.state !== 'found') return failed(found.state, '');
  const head = new ResponseHead();
  if (!readResponseHead(found.text, head, 200)) return failed('refused', head.problem);
  const body = readResponseBody(found.rest, responseBodyOf(head, method), head.contentLength, isEnd);
  const framing = head.chunked
    ? 'transfer-encoding: chunked\r\n'
    : head.contentLength < 0
      ? ''
      : `content-length: ${head.contentLength}\r\n`;
  const sentOn = `${head.forwarded}${framing}\r\n${body.sentOn}`;
  return { ...body, head, sentOn, used: found.used + body.used, problem: '' };
}

function readResponseBody(pieces: readonly Buffer[], kind: ResponseBody, length: number, isEnd: boolean): ReadBody {
  if (kind === 'none') return NOTHING;
  if (kind === 'chunked') return readChunked(pieces);
  if (kind === 'length') return readLength(pieces, length);
  const all = readLength(pieces, Number.POSITIVE_INFINITY);
  return { ...all, outcome: isEnd ? 'complete' : 'waiting' };
}
