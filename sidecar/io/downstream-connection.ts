/**
 * One client connection: bytes → heads and bodies, one exchange at a time, answers in order. Longer than the house's
 * usual file because everything here is one state machine on the hot path.
 *
 *   phase   | waits for                        | ends with
 *   --------|----------------------------------|------------------------------------------------------------
 *   head    | a whole request head             | body or answer; 4xx and closing; idle or head time limit
 *   body    | the rest of the request body     | answer; 408 when it is too slow; closing after an early answer
 *   answer  | the end of the answer            | head (pipelined bytes wait meanwhile) or closing
 *   tunnel  | the end of both directions       | closed
 *   closing | the client's FIN, for a moment   | closed; what still comes is discarded
 */
import type { Socket } from 'node:net';
import { REASONS, type Reason } from '../../src/error.ts';
import { plainAddress } from '../client-address.ts';
import { ChunkedReader } from '../http1/chunked.ts';
import { emptyLines, findHeadEnd, mayBeHead } from '../http1/head-bytes.ts';
import { RequestHead, readRequestHead } from '../http1/request-head.ts';
import { formatLocalReply } from '../local-reply.ts';
import { findRoute } from '../route.ts';
import { originOf, trustedOrigin } from '../upstream-head.ts';
import type { Timed } from './deadlines.ts';
import { Exchange } from './exchange.ts';
import type { HttpListener } from './http-listener.ts';
import { latin1 } from './latin1.ts';

/** Pipelined bytes that wait for their turn; beyond it the client is not read. */
const MAX_WAITING_BYTES = 64 * 1_024;
/** Empty lines that may stand before a request line. */
const MAX_EMPTY_BYTES = 4;
/** Slow bodies are judged over spans, so that a short stall is none. */
const BODY_SPAN_MS = 5_000;
/** How long a connection that is to close still takes (and discards) what the client has under way. */
const LINGER_MS = 2_000;
const MAX_LINGER_BYTES = 1_048_576;

type Phase = 'head' | 'body' | 'answer' | 'tunnel' | 'closing' | 'closed';

export class DownstreamConnection implements Timed {
  deadlineAt: number;
  readonly socket: Socket;
  /** The peer's address, as it is counted and logged. */
  readonly peer: string;
  readonly #listener: HttpListener;
  readonly #isTrusted: boolean;
  readonly #head = new RequestHead();
  readonly #exchange: Exchange;
  #chunked: ChunkedReader | undefined;
  #phase: Phase = 'head';
  /** Bytes read and not used yet: a head in pieces, or requests that wait for their turn. */
  #pending: Buffer | undefined;
  /** Bytes of `#pending` known not to hold a whole head. */
  #searched = 0;
  #emptyBytes = 0;
  #isReading = false;
  #bodyLeft = 0;
  #closes = false;
  #peerEnded = false;
  #requests = 0;
  #lingered = 0;
  /** Of the last request's Host, so that a connection's constant lines are built once. */
  #originHost = '';
  #origin = '';
  // Moments on the coarse clock.
  #headFrom: number;
  #activityAt: number;
  #answerDueFrom = 0;
  #spanFrom = 0;
  #spanBytes = 0;
  /** The upstream, not the client, is what the body waits for. */
  #isHeldBack = false;

  constructor(socket: Socket, listener: HttpListener) {
    this.socket = socket;
    this.#listener = listener;
    this.peer = plainAddress(socket.remoteAddress);
    this.#isTrusted = listener.trusted.has(this.peer);
    this.#exchange = new Exchange(this, this.#head);
    const { deadlines, limits } = listener;
    this.#headFrom = this.#activityAt = deadlines.now;
    this.deadlineAt = deadlines.in(limits.head_timeout);
    socket.on('data', (bytes: Buffer) => this.#onData(bytes));
    socket.on('drain', () => this.#exchange.onClientDrain());
    socket.on('end', () => this.#onEnd());
    socket.on('error', () => undefined);
    socket.on('close', () => this.#onClose());
    deadlines.add(this);
  }

  /** Something moved in either direction. */
  touch(): void {
    this.#activityAt = this.#listener.deadlines.now;
  }

  write(data: string | Uint8Array): boolean {
    return typeof data === 'string' ? this.socket.write(data, 'latin1') : this.socket.write(data);
  }

  /** The answer under way is the last on this connection. */
  closeAfter(): void {
    this.#closes = true;
  }

  /** The Connection field of an answer, or nothing where HTTP/1.1's default says it. */
  connectionLine(): string {
    if (this.#closes || this.#listener.isDraining) {
      this.#closes = true;
      return 'connection: close\r\n';
    }
    return this.#head.minor === 0 ? 'connection: keep-alive\r\n' : '';
  }

  /** Finish what runs, then close; at once where nothing runs. */
  drain(): void {
    this.#closes = true;
    if (this.#phase === 'head' && this.#pending === undefined) this.#closeGently();
  }

  #onData(bytes: Buffer): void {
    this.touch();
    switch (this.#phase) {
      case 'head':
        this.#pending = this.#pending === undefined ? bytes : Buffer.concat([this.#pending, bytes]);
        this.#readHeads();
        return;
      case 'body':
        this.#readBody(bytes);
        return;
      case 'answer':
        this.#pending = this.#pending === undefined ? bytes : Buffer.concat([this.#pending, bytes]);
        if (this.#pending.length > MAX_WAITING_BYTES) this.socket.pause();
        return;
      case 'tunnel':
        if (!this.#exchange.writeTunnel(bytes)) this.socket.pause();
        return;
      case 'closing':
        this.#lingered += bytes.length;
        if (this.#lingered > MAX_LINGER_BYTES) this.socket.destroy();
        return;
      case 'closed':
        return;
    }
  }

  /** All whole heads at hand; a loop and no recursion, because a thousand may come in one segment. */
  #readHeads(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    while (this.#phase === 'head' && this.#pending !== undefined && this.#readHead(this.#pending));
    this.#isReading = false;
  }

  /** True when a head was whole. */
  #readHead(all: Buffer): boolean {
    const bytes = this.#searched === 0 ? this.#skipEmptyLines(all) : all;
    if (bytes === undefined) return false;
    const { limits } = this.#listener;
    const end = findHeadEnd(bytes, this.#searched);
    if (end < 0 ? bytes.length > limits.max_head : end + 4 > limits.max_head) {
      this.#refuseHead('head_too_large', `more than ${limits.max_head} bytes`);
      return false;
    }
    if (end < 0) {
      if (this.#searched === 0) this.#headFrom = this.#listener.deadlines.now;
      if (mayBeHead(bytes, this.#searched)) this.#waitForHead(bytes);
      else this.#refuseHead('bad_request', 'malformed request head');
      return false;
    }
    this.#pending = end + 4 < bytes.length ? bytes.subarray(end + 4) : undefined;
    this.#searched = this.#emptyBytes = 0;
    this.#begin(latin1(bytes, 0, end + 4));
    return true;
  }

  #skipEmptyLines(bytes: Buffer): Buffer | undefined {
    const empty = emptyLines(bytes);
    if (empty === 0) return bytes;
    this.#emptyBytes += empty;
    if (this.#emptyBytes > MAX_EMPTY_BYTES) {
      this.#refuseHead('bad_request', 'empty lines before the request');
      return undefined;
    }
    this.#pending = empty < bytes.length ? bytes.subarray(empty) : undefined;
    return this.#pending;
  }

  #waitForHead(bytes: Buffer): void {
    this.#pending = bytes;
    this.#searched = bytes.length;
    this.deadlineAt = Math.min(this.deadlineAt, this.#headFrom + this.#listener.limits.head_timeout);
  }

  /** What cannot be read as a head is answered and the connection ends: nothing after it can be trusted. */
  #refuseHead(reason: Reason, problem: string): void {
    this.#pending = undefined;
    this.#exchange.startedAt = performance.now();
    this.#exchange.requestId = this.#listener.nextRequestId();
    this.#exchange.problem = problem;
    this.#head.method = this.#head.target = '';
    this.#closes = true;
    this.reply(reason, REASONS[reason].status);
  }

  /** Acts on one whole head. On the hot path. */
  #begin(text: string): void {
    const head = this.#head;
    const listener = this.#listener;
    const exchange = this.#exchange;
    exchange.startedAt = performance.now();
    this.#requests += 1;
    const verdict = readRequestHead(text, head, listener.interests, this.#isTrusted, listener.headLimits);
    if (verdict !== 'ok') {
      const isExpectation = verdict === 'expectation_failed';
      exchange.requestId = listener.nextRequestId();
      exchange.problem = head.problem;
      this.#closes = true;
      this.#pending = undefined;
      this.reply(isExpectation ? 'bad_request' : verdict, isExpectation ? 417 : REASONS[verdict].status);
      return;
    }
    exchange.requestId = head.requestId === '' ? listener.nextRequestId() : head.requestId;
    this.#closes ||= head.close || (head.minor === 0 && !head.keepAlive);
    this.#bodyLeft = head.contentLength;
    this.#phase = head.contentLength > 0 || head.chunked ? 'body' : 'answer';
    if (head.maxForwards === 0 && (head.method === 'OPTIONS' || head.method === 'TRACE')) {
      this.#answerSelf();
      return;
    }
    const target = findRoute(listener.targets, head);
    if (target === undefined) {
      this.reply('no_route', 404);
      return;
    }
    exchange.begin(target, exchange.requestId, this.#originFor(head), this.#keyOf(target));
    const now = listener.deadlines.now;
    this.#answerDueFrom = now;
    this.#activityAt = now;
    this.deadlineAt = listener.deadlines.in(target.requestTimeoutMs);
    if (this.#phase === 'answer') exchange.onRequestEnd(undefined);
    else this.#beginBody(now);
    if (this.#phase === 'answer' || this.#phase === 'body') exchange.attempt(false);
  }

  #keyOf(target: HttpListener['targets'][number]): string | undefined {
    if (target.requestKey === undefined) return '';
    const client = this.#isTrusted
      ? this.#listener.trusted.clientBehind(this.peer, this.#head.forwardedFor)
      : this.peer;
    const key = target.requestKey(this.#head, client);
    if (key === undefined) target.cluster.keyless += 1;
    return key;
  }

  #originFor(head: RequestHead): string {
    if (this.#isTrusted) {
      return trustedOrigin(this.peer, this.#listener.trusted.clientBehind(this.peer, head.forwardedFor), head);
    }
    if (head.host !== this.#originHost) {
      this.#originHost = head.host;
      this.#origin = originOf(this.peer, head.host);
    }
    return this.#origin;
  }

  #beginBody(now: number): void {
    if (this.#head.chunked) {
      this.#chunked ??= new ChunkedReader();
      this.#chunked.begin('chunks');
    }
    this.#spanFrom = now;
    this.#spanBytes = 0;
    this.#isHeldBack = false;
    this.deadlineAt = Math.min(this.deadlineAt, this.#listener.deadlines.in(BODY_SPAN_MS));
    const rest = this.#pending;
    this.#pending = undefined;
    if (rest !== undefined) this.#readBody(rest);
  }

  #readBody(bytes: Buffer): void {
    this.#spanBytes += bytes.length;
    this.#answerDueFrom = this.#listener.deadlines.now;
    if (this.#head.chunked) {
      this.#readChunked(bytes);
      return;
    }
    const end = Math.min(bytes.length, this.#bodyLeft);
    this.#bodyLeft -= end;
    this.#passBody(end === bytes.length ? bytes : bytes.subarray(0, end));
    if (this.#bodyLeft === 0) this.#endBody(bytes, end, undefined);
  }

  #readChunked(bytes: Buffer): void {
    const chunked = this.#chunked as ChunkedReader;
    const end = chunked.read(bytes, 0, bytes.length);
    if (chunked.failed) {
      this.#closes = true;
      this.#exchange.problem = 'malformed chunked body';
      this.#exchange.refuse('bad_request');
      return;
    }
    const { ranges } = chunked;
    if (ranges.length === 2) this.#passBody(bytes.subarray(ranges[0], ranges[1]));
    else if (ranges.length > 2) this.#passBody(joinRanges(bytes, ranges));
    if (chunked.done) this.#endBody(bytes, end, chunked.trailers);
  }

  #passBody(bytes: Buffer): void {
    if (this.#exchange.onRequestBody(bytes)) return;
    this.#isHeldBack = true;
    this.socket.pause();
  }

  #endBody(bytes: Buffer, end: number, trailers: string | undefined): void {
    // The exchange may have ended while the last bytes were passed on.
    if (this.#phase !== 'body') return;
    this.#phase = 'answer';
    if (end < bytes.length) this.#pending = bytes.subarray(end);
    this.#exchange.onRequestEnd(trailers);
  }

  /** Upstream takes body (or tunnel) bytes again. */
  onRequestRoom(): void {
    if (this.#phase !== 'body' && this.#phase !== 'tunnel') return;
    if (this.#isHeldBack) {
      this.#isHeldBack = false;
      this.#spanFrom = this.#listener.deadlines.now;
      this.#spanBytes = 0;
    }
    this.socket.resume();
  }

  /** OPTIONS or TRACE that may go no further (RFC 9110 section 7.6.2): we are the final recipient. */
  #answerSelf(): void {
    if (this.#phase === 'body') this.#closes = true;
    this.#exchange.status = 200;
    this.write(
      `HTTP/1.1 200 OK\r\ncontent-length: 0\r\n${this.connectionLine()}x-request-id: ${this.#exchange.requestId}\r\n\r\n`,
    );
    this.#finish();
  }

  /** An answer in the proxy's own words; never after an answer has begun. */
  reply(reason: Reason, status: number): void {
    const { method, minor } = this.#head;
    // The rest of a body that nobody wants would be read as the next request.
    if (this.#phase === 'body' || REASONS[reason].closes || this.#listener.isDraining) this.#closes = true;
    this.#exchange.reason = reason;
    this.#exchange.status = status;
    const { requestId } = this.#exchange;
    const keepAlive = minor === 0 && !this.#closes;
    this.write(
      formatLocalReply({ reason, status, requestId, isHead: method === 'HEAD', closes: this.#closes, keepAlive }),
    );
    this.#finish();
  }

  /** The answer is complete. */
  onResponseEnd(): void {
    if (this.#phase === 'body') this.#closes = true;
    this.#finish();
  }

  onSwitched(): void {
    this.#phase = 'tunnel';
    this.deadlineAt = this.#activityAt + this.#tunnelIdleMs();
    this.#listener.finished(this.#exchange, this.#head, this.peer);
    const rest = this.#pending;
    this.#pending = undefined;
    if (rest !== undefined && !this.#exchange.writeTunnel(rest)) this.socket.pause();
    else this.socket.resume();
    if (this.#peerEnded) this.#exchange.endTunnelUp();
  }

  endTunnel(): void {
    this.socket.end();
  }

  /** An answer that has begun and cannot be completed is cut, visibly: a close would look whole where it means the end. */
  cut(): void {
    if (this.#phase === 'closed') return;
    if (this.#head.minor === 0 || this.#exchange.isTunnel) this.socket.resetAndDestroy();
    else this.socket.destroy();
  }

  #finish(): void {
    this.#listener.finished(this.#exchange, this.#head, this.peer);
    this.#exchange.reset();
    if (this.#closes || this.#listener.isDraining || this.#phase === 'closed') {
      this.#closeGently();
      return;
    }
    this.#phase = 'head';
    const { deadlines, limits } = this.#listener;
    this.#headFrom = deadlines.now;
    this.deadlineAt = deadlines.in(limits.idle_timeout);
    if (this.#peerEnded && this.#pending === undefined) {
      this.#closeGently();
      return;
    }
    this.#readHeads();
    if (this.#phase === 'head' && this.#peerEnded) this.#closeGently();
    else if (this.socket.isPaused()) this.socket.resume();
  }

  #closeGently(): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closing';
    this.#pending = undefined;
    this.deadlineAt = this.#listener.deadlines.in(LINGER_MS);
    this.socket.end();
    this.socket.resume();
  }

  /** The client sends no more. What it has asked for whole is still answered. */
  #onEnd(): void {
    this.#peerEnded = true;
    switch (this.#phase) {
      case 'head':
        this.#closeGently();
        return;
      case 'body':
        this.socket.destroy();
        return;
      case 'tunnel':
        this.#exchange.endTunnelUp();
        return;
      case 'answer':
      case 'closing':
      case 'closed':
        return;
    }
  }

  #onClose(): void {
    const phase = this.#phase;
    this.#phase = 'closed';
    this.#pending = undefined;
    this.#listener.deadlines.delete(this);
    if (phase === 'body' || phase === 'answer') {
      this.#exchange.abandon();
      this.#exchange.problem ||= 'client closed the connection';
      if (!this.#exchange.responseBegun) this.#exchange.status = 0;
      this.#listener.finished(this.#exchange, this.#head, this.peer);
      this.#exchange.reset();
    } else if (phase === 'tunnel') this.#exchange.abandon();
    this.#listener.closed(this);
  }

  onDeadline(now: number): void {
    switch (this.#phase) {
      case 'head':
        if (this.#pending !== undefined) this.#refuseHead('head_timeout', 'the head took too long');
        // Nothing was asked, so nothing is answered: an unasked 408 would be read as the answer to the next request.
        else this.#closeGently();
        return;
      case 'body':
        if (this.#isTooSlow(now)) return;
        this.#judgeAnswer(now, BODY_SPAN_MS);
        return;
      case 'answer':
        this.#judgeAnswer(now, Number.POSITIVE_INFINITY);
        return;
      case 'tunnel':
        this.deadlineAt = this.#activityAt + this.#tunnelIdleMs();
        if (this.deadlineAt <= now) this.cut();
        return;
      case 'closing':
      case 'closed':
        this.deadlineAt = Number.POSITIVE_INFINITY;
        this.socket.destroy();
        return;
    }
  }

  /** `min_body_rate` over each span in which the client was free to send. */
  #isTooSlow(now: number): boolean {
    const spanMs = now - this.#spanFrom;
    if (this.#isHeldBack || spanMs < BODY_SPAN_MS) return false;
    const isTooSlow = this.#spanBytes * 1_000 < this.#listener.limits.min_body_rate * spanMs;
    this.#spanFrom = now;
    this.#spanBytes = 0;
    if (!isTooSlow) return false;
    this.#exchange.problem = 'the body came too slowly';
    this.#exchange.status = 408;
    this.#exchange.reason = 'timeout';
    this.#exchange.refuse('timeout');
    return true;
  }

  /** Before the answer: the request's time limit. From then on: silence of either side. */
  #judgeAnswer(now: number, atMostMs: number): void {
    const { target, responseBegun } = this.#exchange;
    if (target === undefined) return;
    const dueAt = responseBegun
      ? this.#activityAt + target.idleTimeoutMs
      : this.#answerDueFrom + target.requestTimeoutMs;
    if (dueAt > now) {
      this.deadlineAt = Math.min(dueAt, now + atMostMs);
      return;
    }
    this.#exchange.problem = responseBegun ? 'silence in mid-answer' : 'no answer in time';
    if (this.#phase === 'body') this.#closes = true;
    this.#exchange.refuse('timeout');
  }

  #tunnelIdleMs(): number {
    return this.#exchange.target?.idleTimeoutMs ?? this.#listener.limits.idle_timeout;
  }
}

function joinRanges(bytes: Buffer, ranges: readonly number[]): Buffer {
  const pieces: Buffer[] = [];
  for (let i = 0; i < ranges.length; i += 2) pieces.push(bytes.subarray(ranges[i], ranges[i + 1]));
  return Buffer.concat(pieces);
}
