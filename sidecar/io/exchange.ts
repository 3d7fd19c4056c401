/**
 * One request and its answer, from the route to the last byte. One object serves all requests of a client connection,
 * one after the other, so that a request costs no allocation of its own. Longer than the house's usual file because
 * everything here is one state machine on the hot path.
 *
 *   waiting for | event                                | then
 *   ------------|--------------------------------------|---------------------------------------------------------
 *   connection  | open                                 | head and body so far go up; wait for the answer
 *   connection  | failed                               | next endpoint, while attempts and replay allow; else 502/503
 *   answer      | head                                 | goes down; the rest is passed through as it comes
 *   answer      | closed, nothing of it sent down      | idempotent and replayable: next endpoint; else 502
 *   answer      | `request` limit passed               | 504
 *   rest        | closed, malformed, silent too long   | cut, so that the client can tell
 */
import type { Endpoint } from '../../src/endpoint.ts';
import { REASONS, type Reason } from '../../src/error.ts';
import type { ChunkedMode } from '../http1/chunked.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { ResponseBody, ResponseHead } from '../http1/response-head.ts';
import { keepPiece } from '../kept-pieces.ts';
import type { Outcome } from '../traffic.ts';
import { formatUpstreamHead, isIdempotent } from '../upstream-head.ts';
import type { DownstreamConnection } from './downstream-connection.ts';
import type { RouteTarget } from './http-target.ts';
import { latin1 } from './latin1.ts';
import { JOIN_BYTES } from './read-buffer.ts';
import type { UpstreamConnection } from './upstream-connection.ts';

/** First try and two more: the ring's next endpoints. */
const MAX_ATTEMPTS = 3;
/** A body is kept for another attempt up to this size. */
const MAX_REPLAY_BYTES = 64 * 1_024;
const NO_ENDPOINTS: readonly Endpoint[] = [];

export class Exchange {
  readonly client: DownstreamConnection;
  /** What the log and the counters tell of it. */
  target: RouteTarget | undefined;
  endpoint: Endpoint | undefined;
  status = 0;
  reason: Reason | '' = '';
  problem = '';
  attempts = 0;
  startedAt = 0;
  requestId = '';
  /** An answer (interim ones aside) has begun to go down: it can only be completed or cut. */
  responseBegun = false;
  #head: RequestHead;
  #key: string | undefined;
  #origin = '';
  #tried: Endpoint[] = [];
  #upstream: UpstreamConnection | undefined;
  /** Body bytes kept for another attempt, and those that wait for a connection; undefined once there is none to come. */
  #replay: Buffer[] | undefined;
  #replayBytes = 0;
  #replayTrailers: string | undefined;
  #requestDone = false;
  #isSwitched = false;
  /** Response text that waits for the first body bytes, to leave in one write with them. */
  #pendingHead = '';
  #sentContinue = false;
  #rechunk = false;
  /** The last attempt ended with a kept connection: the endpoint may be well, so it may be asked again. */
  #lastWasReused = false;

  constructor(client: DownstreamConnection, head: RequestHead) {
    this.client = client;
    this.#head = head;
  }

  get method(): string {
    return this.#head.method;
  }

  get upgrade(): string {
    return this.#head.upgrade;
  }

  /** HTTP/1.0 clients cannot read chunks (RFC 9112 section 6.1). */
  get chunkedMode(): ChunkedMode {
    return this.#head.minor === 0 ? 'data' : 'chunks';
  }

  get isTunnel(): boolean {
    return this.#isSwitched;
  }

  /** Begins with the head that the client's connection has read; body bytes follow through `onRequestBody`. */
  begin(target: RouteTarget, requestId: string, origin: string, key: string | undefined): void {
    this.target = target;
    this.requestId = requestId;
    this.#origin = origin;
    this.#key = key;
    this.#tried = [];
    this.#replay = [];
    this.#replayBytes = 0;
    this.#replayTrailers = undefined;
    this.#requestDone = false;
    this.#sentContinue = false;
  }

  /** Body bytes as they go upstream, lasting until this returns. False: wait for `onRequestRoom`. */
  onRequestBody(bytes: Buffer): boolean {
    if (this.#replay !== undefined) {
      keepPiece(this.#replay, bytes);
      this.#replayBytes += bytes.length;
    }
    const upstream = this.#upstream;
    if (upstream === undefined || !upstream.isOpen) return this.#replayBytes <= MAX_REPLAY_BYTES;
    if (this.#replayBytes > MAX_REPLAY_BYTES) this.#replay = undefined;
    return this.client.socket.source.pass(upstream.socket, bytes, 0, bytes.length);
  }

  /** The request is whole. `trailers` (undefined where the body was not chunked) end a chunked one. */
  onRequestEnd(trailers: string | undefined): void {
    this.#requestDone = true;
    this.#replayTrailers = trailers;
    const upstream = this.#upstream;
    if (upstream === undefined || !upstream.isOpen) return;
    if (trailers !== undefined) upstream.write(`${trailers}\r\n`);
    upstream.requestSent();
  }

  /** Picks an endpoint and asks for a connection to it; the first attempt, or the next one. */
  attempt(isFresh: boolean): void {
    const { cluster } = this.target as RouteTarget;
    const endpoint =
      cluster.pick(this.#key, this.#tried.length === 0 ? NO_ENDPOINTS : this.#tried) ??
      (this.#lastWasReused ? cluster.pick(this.#key, NO_ENDPOINTS) : undefined);
    if (endpoint === undefined) {
      this.refuse(this.reason === '' ? 'no_endpoint' : this.reason);
      return;
    }
    this.attempts += 1;
    this.endpoint = endpoint;
    cluster.inFlight.enter(endpoint.slot);
    const upstream = cluster.poolOf(endpoint).open(this, isFresh);
    this.#upstream = upstream;
    if (upstream.isOpen) this.#send(upstream);
  }

  onUpstreamOpen(upstream: UpstreamConnection): void {
    this.#send(upstream);
    this.client.onRequestRoom();
  }

  #send(upstream: UpstreamConnection): void {
    const head = this.#head;
    const text = formatUpstreamHead(head, this.#origin, head.requestId === '' ? this.requestId : '');
    const pieces = this.#replay ?? [];
    const [only] = pieces;
    if (only !== undefined && pieces.length === 1 && only.length <= JOIN_BYTES) {
      upstream.write(text + latin1(only, 0, only.length));
    } else {
      upstream.write(text);
      for (const piece of pieces) upstream.write(piece);
    }
    if (this.#replayBytes > MAX_REPLAY_BYTES || !isIdempotent(head.method)) this.#replay = undefined;
    if (this.#requestDone) {
      if (this.#replayTrailers !== undefined) upstream.write(`${this.#replayTrailers}\r\n`);
      upstream.requestSent();
    } else if (head.expectsContinue && !this.#sentContinue && this.#replayBytes === 0) {
      // Answered here, not waited for: a connection to an endpoint is open and it has the head.
      this.#sentContinue = true;
      this.client.write('HTTP/1.1 100 Continue\r\n\r\n');
    }
  }

  onConnectFailed(problem: string): void {
    this.#endAttempt('connect_failed');
    this.reason = 'connect_failed';
    this.problem = problem;
    this.status = problem === 'ECONNREFUSED' ? 503 : 502;
    this.#lastWasReused = false;
    this.#retryOrRefuse();
  }

  onUpstreamFailed(reason: 'bad_response' | 'upstream_reset', problem: string, wasReused: boolean): void {
    this.#endAttempt(reason);
    this.reason = reason;
    this.problem = problem;
    if (this.#pendingHead !== '') {
      // Malformed before anything of it had gone down: there is still an answer to give.
      this.#pendingHead = '';
      this.responseBegun = false;
    }
    if (this.responseBegun) {
      this.client.cut();
      return;
    }
    this.status = 0;
    if (reason === 'bad_response' || !isIdempotent(this.#head.method)) this.refuse(reason);
    else {
      this.#lastWasReused = wasReused;
      this.#retryOrRefuse();
    }
  }

  #retryOrRefuse(): void {
    const reason = this.reason as Reason;
    if (this.#replay === undefined || this.attempts >= MAX_ATTEMPTS) {
      this.refuse(reason);
      return;
    }
    if (this.endpoint !== undefined) this.#tried.push(this.endpoint);
    // Not a kept connection: what closed one of them has probably closed them all.
    this.attempt(true);
  }

  /** Answers in the proxy's own words, or cuts what has begun. */
  refuse(reason: Reason, as?: number): void {
    const status = as ?? (reason === this.reason && this.status > 0 ? this.status : REASONS[reason].status);
    this.#endAttempt(reason === 'timeout' ? 'timeout' : 'cancelled');
    this.reason = reason;
    if (this.responseBegun) this.client.cut();
    else this.client.reply(reason, status);
  }

  onInterim(head: ResponseHead): void {
    // 100 has been answered here already; HTTP/1.0 knows no interim responses.
    if (head.status === 100 || this.#head.minor === 0) return;
    this.client.write(`${head.forwarded}\r\n`);
  }

  onSwitched(head: ResponseHead): void {
    this.#isSwitched = true;
    this.responseBegun = true;
    this.status = 101;
    this.client.write(
      `${head.forwarded}connection: upgrade\r\nupgrade: ${head.upgrade}\r\nx-request-id: ${this.requestId}\r\n\r\n`,
    );
    this.client.onSwitched();
  }

  onResponse(head: ResponseHead, body: ResponseBody, bytes: Buffer, from: number, to: number): void {
    const { client } = this;
    this.responseBegun = true;
    client.onResponseBegun();
    this.status = head.status;
    this.reason = '';
    this.problem = '';
    this.#replay = undefined;
    const isOld = this.#head.minor === 0;
    this.#rechunk = body === 'until_close' && !isOld;
    if ((body === 'until_close' || body === 'chunked') && isOld) client.closeAfter();
    if (!this.#requestDone) client.closeAfter();
    let text = head.forwarded;
    if (head.contentLength >= 0) {
      if (head.status !== 204) text += `content-length: ${head.contentLength}\r\n`;
    } else if ((head.chunked || this.#rechunk) && !isOld && head.status !== 204 && head.status !== 304) {
      text += 'transfer-encoding: chunked\r\n';
    }
    this.#pendingHead = `${text}${client.connectionLine()}x-request-id: ${this.requestId}\r\n\r\n`;
    this.#upstream?.bodyBytes(this, bytes, from, to);
    // Whatever the body brought has taken the head with it; an empty or late one has not.
    this.#flushHead();
  }

  #flushHead(): void {
    if (this.#pendingHead === '') return;
    const text = this.#pendingHead;
    this.#pendingHead = '';
    this.#writeDown(text);
  }

  onBody(bytes: Buffer, from: number, to: number): void {
    if (this.#rechunk) {
      this.#pendingHead += `${(to - from).toString(16)}\r\n`;
      this.#writeBytes(bytes, from, to);
      this.#writeDown('\r\n');
    } else this.#writeBytes(bytes, from, to);
  }

  #writeBytes(bytes: Buffer, from: number, to: number): void {
    const text = this.#pendingHead;
    if (to - from <= JOIN_BYTES) {
      this.#pendingHead = '';
      this.#writeDown(text + latin1(bytes, from, to));
      return;
    }
    this.#flushHead();
    this.#passDown(bytes, from, to);
  }

  #passDown(bytes: Buffer, from: number, to: number): void {
    const upstream = this.#upstream;
    if (upstream !== undefined && !upstream.source.pass(this.client.socket, bytes, from, to)) upstream.pause();
  }

  #writeDown(data: string): void {
    if (!this.client.write(data)) this.#upstream?.pause();
  }

  onTrailers(trailers: string): void {
    if (this.#head.minor === 0) return;
    this.#pendingHead += `${trailers}\r\n`;
    this.#flushHead();
  }

  onResponseEnd(): void {
    // Not to be held back any more: it may wait for another client's request by now.
    this.#upstream = undefined;
    if (this.#rechunk) this.#pendingHead += '0\r\n\r\n';
    this.#flushHead();
    this.#release();
    this.#countStatus();
    this.client.onResponseEnd();
  }

  onUpstreamDrain(): void {
    this.client.onRequestRoom();
  }

  /** The client takes bytes again. */
  onClientDrain(): void {
    this.client.touch();
    this.#upstream?.resume();
  }

  // A tunnel: bytes both ways until both have ended.

  onTunnelBytes(bytes: Buffer, from: number, to: number): void {
    this.#passDown(bytes, from, to);
  }

  onTunnelEnd(): void {
    this.client.socket.end();
  }

  onTunnelClosed(isReset: boolean): void {
    this.#endTunnelAttempt();
    if (isReset) this.client.cut();
    else this.client.socket.destroySoon();
  }

  writeTunnel(bytes: Buffer): boolean {
    const upstream = this.#upstream;
    return upstream === undefined || this.client.socket.source.pass(upstream.socket, bytes, 0, bytes.length);
  }

  endTunnelUp(): void {
    this.#upstream?.socket.end();
  }

  #endTunnelAttempt(): void {
    if (this.#upstream === undefined) return;
    this.#release();
    this.#countStatus();
    this.#upstream = undefined;
  }

  /**
   * The client is gone, or its connection is being cut: nothing more is wanted from upstream. `isClean`: it has closed
   * after both sides had ended.
   */
  abandon(isClean: boolean): void {
    if (this.#isSwitched && this.#upstream !== undefined) {
      const upstream = this.#upstream;
      this.#endTunnelAttempt();
      if (isClean) upstream.finish();
      else upstream.destroy();
    } else this.#endAttempt('cancelled');
  }

  #endAttempt(outcome: Outcome): void {
    const upstream = this.#upstream;
    if (upstream === undefined) return;
    this.#upstream = undefined;
    upstream.destroy();
    this.#release();
    const { target, endpoint } = this;
    if (target !== undefined && endpoint !== undefined) target.cluster.poolOf(endpoint).counts.count(outcome);
  }

  #release(): void {
    if (this.endpoint !== undefined) this.target?.cluster.inFlight.leave(this.endpoint.slot);
  }

  #countStatus(): void {
    const { target, endpoint } = this;
    if (target !== undefined && endpoint !== undefined) target.cluster.poolOf(endpoint).counts.countStatus(this.status);
  }

  /** Ready for the next request of the connection. */
  reset(): void {
    this.target = undefined;
    this.endpoint = undefined;
    this.#replay = undefined;
    this.#pendingHead = '';
    this.reason = '';
    this.problem = '';
    this.status = 0;
    this.attempts = 0;
    this.responseBegun = false;
    this.#rechunk = false;
    this.#lastWasReused = false;
    this.#isSwitched = false;
  }
}
