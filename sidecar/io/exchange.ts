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
import { answerFields, formatAnswerHead } from '../downstream-head.ts';
import type { ChunkedMode } from '../http1/chunked.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { ResponseBody, ResponseHead } from '../http1/response-head.ts';
import { ReplayBody } from '../replay-body.ts';
import type { Outcome } from '../traffic.ts';
import { isIdempotent } from '../upstream-head.ts';
import { AnswerWriter } from './answer-writer.ts';
import { dateLine } from './date-line.ts';
import type { DownstreamConnection } from './downstream-connection.ts';
import { EndpointTry } from './endpoint-try.ts';
import { type AnswerTarget, type RouteTarget, upstreamHeadOf } from './http-target.ts';
import { latin1 } from './latin1.ts';
import { JOIN_BYTES } from './read-buffer.ts';
import type { MirrorCopy } from './route-mirror.ts';
import type { UpstreamConnection } from './upstream-connection.ts';

/** First try and two more: the ring's next endpoints. */
const MAX_ATTEMPTS = 3;
const NO_ENDPOINTS: readonly Endpoint[] = [];

export class Exchange {
  readonly client: DownstreamConnection;
  /** What the log and the counters tell of it. */
  target: RouteTarget | undefined;
  /** Instead of a target: the route that answered by itself. */
  answered: AnswerTarget | undefined;
  endpoint: Endpoint | undefined;
  status = 0;
  reason: Reason | '' = '';
  problem = '';
  attempts = 0;
  startedAt = 0;
  requestId = '';
  /** An answer (interim ones aside) has begun to go down: it can only be completed or cut. */
  responseBegun = false;
  /** For a mirror, where one gets this request too. */
  copy: MirrorCopy | undefined;
  #head: RequestHead;
  #key: string | undefined;
  #origin = '';
  #pinned: Endpoint | undefined;
  #tried: Endpoint[] = [];
  #upstream: UpstreamConnection | undefined;
  readonly #try = new EndpointTry();
  readonly #body = new ReplayBody();
  #isSwitched = false;
  readonly #answer: AnswerWriter;
  #sentContinue = false;
  /** The last attempt ended with a kept connection: the endpoint may be well, so it may be asked again. */
  #lastWasReused = false;

  constructor(client: DownstreamConnection, head: RequestHead) {
    this.client = client;
    this.#head = head;
    this.#answer = new AnswerWriter(client);
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
    this.#pinned = target.sticky?.pinned(this.#head, target.cluster);
    this.#tried = [];
    this.#body.begin();
    this.#sentContinue = false;
  }

  /** Body bytes as they go upstream, lasting until this returns. False: wait for `onRequestRoom`. */
  onRequestBody(bytes: Buffer): boolean {
    this.copy?.push(bytes);
    this.#body.push(bytes);
    const upstream = this.#upstream;
    if (upstream === undefined || !upstream.isOpen) return !this.#body.isFull;
    if (this.#body.isFull) this.#body.drop();
    return this.client.socket.source.pass(upstream.socket, bytes, 0, bytes.length);
  }

  /** The request is whole. `trailers` (undefined where the body was not chunked) end a chunked one. */
  onRequestEnd(trailers: string | undefined): void {
    this.#body.end(trailers);
    this.copy?.send(this.#upstreamHead(), (this.target as RouteTarget).cluster, trailers);
    const upstream = this.#upstream;
    this.#try.requestSent();
    if (upstream === undefined || !upstream.isOpen) return;
    if (trailers !== undefined) upstream.write(`${trailers}\r\n`);
    upstream.requestSent();
  }

  /** Picks an endpoint and asks for a connection to it; the first attempt, or the next one. */
  attempt(isFresh: boolean): void {
    const { cluster } = this.target as RouteTarget;
    const endpoint =
      cluster.pick(this.#key, this.#tried.length === 0 ? NO_ENDPOINTS : this.#tried, this.#pinned) ??
      (this.#lastWasReused ? cluster.pick(this.#key, NO_ENDPOINTS) : undefined);
    this.client.debug.onPick(this.target as RouteTarget, this.#tried, this.#pinned, endpoint);
    if (endpoint === undefined) {
      this.refuse(this.reason === '' ? 'no_endpoint' : this.reason);
      return;
    }
    this.attempts += 1;
    this.endpoint = endpoint;
    this.#try.begin(cluster, endpoint, this.#body.isWhole);
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
    const text = this.#upstreamHead();
    const { pieces, trailers, isEmpty } = this.#body;
    const [only] = pieces;
    if (only !== undefined && pieces.length === 1 && only.length <= JOIN_BYTES) {
      upstream.write(text + latin1(only, 0, only.length));
    } else {
      upstream.write(text);
      for (const piece of pieces) upstream.write(piece);
    }
    if (this.#body.isFull || !isIdempotent(head.method)) this.#body.drop();
    if (this.#body.isWhole) {
      if (trailers !== undefined) upstream.write(`${trailers}\r\n`);
      upstream.requestSent();
    } else if (head.expectsContinue && !this.#sentContinue && isEmpty) {
      // Answered here, not waited for: a connection to an endpoint is open and it has the head.
      this.#sentContinue = true;
      this.client.write('HTTP/1.1 100 Continue\r\n\r\n');
    }
  }

  #upstreamHead(): string {
    return upstreamHeadOf(this.target as RouteTarget, this.#head, this.#origin, this.requestId);
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
    if (this.#answer.isHeld) {
      // Malformed before anything of it had gone down: there is still an answer to give.
      this.#answer.drop();
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
    if (!this.#body.isKept || this.attempts >= MAX_ATTEMPTS) {
      this.refuse(reason);
      return;
    }
    // A pinned client leaves its endpoint only when a new connection fails too.
    const isPinned = this.#lastWasReused && this.endpoint === this.#pinned;
    if (this.endpoint !== undefined && !isPinned) this.#tried.push(this.endpoint);
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
    this.#try.forget();
    this.responseBegun = true;
    this.status = 101;
    const fields = answerFields(head, this.target?.responseEdits, '') + this.#pinLine() + this.client.debug.line;
    const upgrade = `connection: upgrade\r\nupgrade: ${head.upgrade}\r\n`;
    this.client.write(`${fields}${upgrade}x-request-id: ${this.requestId}\r\n\r\n`);
    this.client.onSwitched();
  }

  onResponse(head: ResponseHead, body: ResponseBody, bytes: Buffer, from: number, to: number): void {
    const { client } = this;
    this.#try.answered(head);
    this.responseBegun = true;
    client.onResponseBegun();
    this.status = head.status;
    this.reason = '';
    this.problem = '';
    this.#body.drop();
    const isOld = this.#head.minor === 0;
    const rechunk = body === 'until_close' && !isOld;
    if ((body === 'until_close' || body === 'chunked') && isOld) client.closeAfter();
    if (!this.#body.isWhole) client.closeAfter();
    const text = formatAnswerHead(head, this.target?.responseEdits, dateLine(), (head.chunked || rechunk) && !isOld);
    const upstream = this.#upstream as UpstreamConnection;
    const own = `${this.#pinLine()}${client.connectionLine()}${client.debug.line}x-request-id: ${this.requestId}\r\n\r\n`;
    this.#answer.begin(upstream, text + own, rechunk);
    upstream.bodyBytes(this, bytes, from, to);
    // Whatever the body brought has taken the head with it; an empty or late one has not.
    this.#answer.flush();
  }

  #pinLine(): string {
    return this.target?.sticky?.setLine(this.target.cluster, this.endpoint, this.#pinned) ?? '';
  }

  onBody(bytes: Buffer, from: number, to: number): void {
    this.#answer.body(bytes, from, to);
  }

  onTrailers(trailers: string): void {
    if (this.#head.minor === 1) this.#answer.trailers(trailers);
  }

  onResponseEnd(): void {
    this.#answer.end();
    this.#try.leave();
    this.#upstream = undefined;
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
    this.#answer.pass(this.#upstream, bytes, from, to);
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
    this.#try.leave();
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
    this.#try.ended(outcome, upstream.isReused);
    const { target, endpoint } = this;
    if (target !== undefined && endpoint !== undefined) target.cluster.poolOf(endpoint).counts.count(outcome);
  }

  #countStatus(): void {
    const { target, endpoint } = this;
    if (target !== undefined && endpoint !== undefined) target.cluster.poolOf(endpoint).counts.countStatus(this.status);
  }

  /** Ready for the next request of the connection. */
  reset(): void {
    this.client.debug.clear();
    this.copy?.drop();
    this.copy = undefined;
    this.target = this.answered = undefined;
    this.endpoint = undefined;
    this.#body.drop();
    this.#answer.drop();
    this.reason = '';
    this.problem = '';
    this.status = 0;
    this.attempts = 0;
    this.responseBegun = false;
    this.#lastWasReused = false;
    this.#isSwitched = false;
  }
}
