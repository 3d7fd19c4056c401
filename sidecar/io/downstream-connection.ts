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
import { REASONS, type Reason } from '../../src/error.ts';
import { BODY_SPAN_MS, BodyPace } from '../body-pace.ts';
import { ClientIdentity } from '../client-identity.ts';
import type { ClientOrigin } from '../client-origin.ts';
import { HeadIntake } from '../http1/head-intake.ts';
import { RequestBody } from '../http1/request-body.ts';
import { RequestHead, readRequestHead } from '../http1/request-head.ts';
import { formatEmptyAnswer, formatLocalReply } from '../local-reply.ts';
import { findRoute } from '../route.ts';
import { AnswerLimits } from './answer-limits.ts';
import type { ClientSocket } from './client-socket.ts';
import type { Timed } from './deadlines.ts';
import { Exchange } from './exchange.ts';
import type { HttpListener } from './http-listener.ts';
import { keyOf } from './http-target.ts';
import { latin1 } from './latin1.ts';
import { endLinger, lingerOn } from './linger.ts';

/** How long a drain waits for a request that an idle client may have under way, to answer it with Connection: close. */
const LAST_CALL_MS = 400;

type Phase = 'head' | 'body' | 'answer' | 'tunnel' | 'closing' | 'closed';

export class DownstreamConnection implements Timed {
  deadlineAt: number;
  readonly socket: ClientSocket;
  readonly #listener: HttpListener;
  readonly #identity: ClientIdentity;
  readonly #head = new RequestHead();
  readonly #exchange: Exchange;
  readonly #intake: HeadIntake;
  readonly #body = new RequestBody();
  readonly #pace: BodyPace;
  readonly #limits: AnswerLimits;
  #phase: Phase = 'head';
  #isReading = false;
  #isHeadBegun = false;
  #closes = false;
  #peerEnded = false;
  #requests = 0;

  constructor(socket: ClientSocket, origin: ClientOrigin, listener: HttpListener) {
    this.socket = socket;
    this.#listener = listener;
    this.#identity = new ClientIdentity(origin, listener.trusted);
    this.#exchange = new Exchange(this, this.#head);
    const { deadlines, limits } = listener;
    this.#intake = new HeadIntake(limits.max_head);
    this.#pace = new BodyPace(limits.min_body_rate);
    this.#limits = new AnswerLimits(deadlines.now);
    this.deadlineAt = deadlines.in(limits.head_timeout);
    socket.source.reader = (bytes, size) => this.read(bytes, size);
    socket.on('drain', () => this.#onDrain());
    socket.on('end', () => this.#onEnd());
    socket.on('error', () => undefined);
    socket.on('close', () => this.#onClose());
    deadlines.add(this);
  }

  /** Where it comes from, as it is counted and logged. */
  get origin(): ClientOrigin {
    return this.#identity.origin;
  }

  /** Something moved in either direction. */
  touch(): void {
    this.#limits.activityAt = this.#listener.deadlines.now;
  }

  write(text: string): boolean {
    return this.socket.writeText(text);
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

  /** Finish what runs, then close; soon where nothing runs. */
  drain(): void {
    this.#closes = true;
    if (this.#phase !== 'head' || this.#intake.size > 0) return;
    this.deadlineAt = Math.min(this.deadlineAt, this.#listener.deadlines.in(LAST_CALL_MS));
  }

  /** Takes the first `size` bytes of a buffer that others read into as soon as this returns. */
  read(buffer: Buffer, size: number): void {
    this.touch();
    const bytes = buffer.subarray(0, size);
    switch (this.#phase) {
      case 'head':
        this.#intake.push(bytes);
        this.#readHeads();
        if (this.socket.needsDrain && this.#intake.isFull) this.socket.pause();
        break;
      case 'body':
        this.#readBody(bytes);
        break;
      case 'answer':
        this.#intake.push(bytes);
        if (this.#intake.isFull) this.socket.pause();
        break;
      case 'tunnel':
        if (!this.#exchange.writeTunnel(bytes)) this.socket.pause();
        break;
      case 'closing':
      case 'closed':
    }
    this.#intake.keep();
  }

  /** The client has taken what was written. */
  #onDrain(): void {
    this.#exchange.onClientDrain();
    if (this.#phase === 'head' && !this.#isReading) this.#goOn();
  }

  /** All whole heads at hand, as long as the client takes the answers. A loop: a thousand may come in one segment. */
  #readHeads(): void {
    this.#isReading = true;
    while (this.#phase === 'head' && this.#intake.size > 0 && !this.socket.needsDrain && this.#readHead());
    this.#isReading = false;
  }

  /** True when a head was whole. */
  #readHead(): boolean {
    const intake = this.#intake;
    const verdict = intake.next();
    if (verdict === 'whole') {
      this.#isHeadBegun = false;
      this.#begin(latin1(intake.head, 0, intake.headEnd));
      return true;
    }
    if (verdict === 'too_large') {
      this.#listener.exceeded.count('max_head');
      this.#refuseHead('head_too_large', `more than ${this.#listener.limits.max_head} bytes`);
    } else if (verdict === 'malformed') this.#refuseHead('bad_request', 'malformed request head');
    else if (intake.size > 0 && !this.#isHeadBegun) this.#beginHead();
    return false;
  }

  /** The first bytes of a head that is not whole yet: from here on it has `head_timeout`. */
  #beginHead(): void {
    this.#isHeadBegun = true;
    const { deadlines, limits } = this.#listener;
    const dueAt = deadlines.in(limits.head_timeout);
    // The first head of a connection has had its time since the connection was accepted.
    this.deadlineAt = this.#requests === 0 ? Math.min(this.deadlineAt, dueAt) : dueAt;
  }

  /** What cannot be read as a head is answered and the connection ends: nothing after it can be trusted. */
  #refuseHead(reason: Reason, problem: string, status = REASONS[reason].status): void {
    this.#intake.clear();
    this.#exchange.startedAt = performance.now();
    this.#exchange.requestId = this.#listener.nextRequestId();
    this.#exchange.problem = problem;
    this.#closes = true;
    this.reply(reason, status);
  }

  /** Acts on one whole head. On the hot path. */
  #begin(text: string): void {
    const head = this.#head;
    const listener = this.#listener;
    const exchange = this.#exchange;
    exchange.startedAt = this.#limits.askedAt = performance.now();
    this.#requests += 1;
    const verdict = readRequestHead(text, head, listener.interests, this.#identity.isTrusted, listener.headLimits);
    if (verdict !== 'ok') {
      if (verdict === 'head_too_large') listener.exceeded.count('max_headers');
      if (verdict === 'expectation_failed') this.#refuseHead('bad_request', head.problem, 417);
      else this.#refuseHead(verdict, head.problem);
      return;
    }
    exchange.requestId = head.requestId === '' ? listener.nextRequestId() : head.requestId;
    this.#closes ||= head.close || (head.minor === 0 && !head.keepAlive) || listener.isLast(this.#requests);
    this.#phase = this.#body.begin(head) ? 'body' : 'answer';
    if (head.maxForwards === 0 && (head.method === 'OPTIONS' || head.method === 'TRACE')) {
      this.#answerSelf();
      return;
    }
    const target = findRoute(listener.targets, head);
    if (target === undefined) {
      this.reply('no_route', 404);
      return;
    }
    exchange.begin(target, exchange.requestId, this.#identity.originOf(head), keyOf(target, head, this.#identity));
    const now = listener.deadlines.now;
    this.#limits.begin(now);
    this.deadlineAt = listener.deadlines.in(target.requestTimeoutMs);
    if (this.#phase === 'answer') exchange.onRequestEnd(undefined);
    else this.#beginBody(now);
    if (this.#phase === 'body' && this.#peerEnded)
      this.socket.destroy(); // No rest of it comes behind a FIN.
    else if (this.#phase === 'answer' || this.#phase === 'body') exchange.attempt(false);
  }

  #beginBody(now: number): void {
    this.#pace.begin(now);
    this.deadlineAt = Math.min(this.deadlineAt, this.#listener.deadlines.in(BODY_SPAN_MS));
    const rest = this.#intake.takeRest();
    if (rest !== undefined) this.#readBody(rest);
  }

  #readBody(bytes: Buffer): void {
    this.#pace.count(bytes.length);
    this.#limits.bodyCame(this.#listener.deadlines.now);
    const passed = this.#body.read(bytes);
    if (passed === undefined) {
      this.#refuse('bad_request', 'malformed chunked body');
      return;
    }
    if (passed.length > 0 && !this.#exchange.onRequestBody(passed)) {
      this.#pace.holdBack();
      this.socket.pause();
    }
    // The exchange may have ended while the last bytes were passed on.
    if (!this.#body.isDone || this.#phase !== 'body') return;
    this.#phase = 'answer';
    this.#limits.askedAt = performance.now();
    if (this.#body.end < bytes.length) this.#intake.push(bytes.subarray(this.#body.end));
    this.#exchange.onRequestEnd(this.#body.trailers);
  }

  /** Upstream takes bytes again. */
  onRequestRoom(): void {
    this.#pace.release(this.#listener.deadlines.now);
    // Also while the answer is awaited: a socket that is not read does not tell that its client has gone.
    if (!this.#intake.isFull) this.socket.resume();
  }

  /** OPTIONS or TRACE that may go no further (RFC 9110 section 7.6.2): we are the final recipient. */
  #answerSelf(): void {
    if (this.#phase === 'body') this.#closes = true;
    this.#exchange.status = 200;
    this.write(formatEmptyAnswer(this.connectionLine(), this.#exchange.requestId));
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

  /** From here on silence is limited, which may end sooner than the answer was due. */
  onResponseBegun(): void {
    this.deadlineAt = Math.min(this.deadlineAt, this.#limits.dueAt(this.#exchange));
  }

  /** The answer is complete. */
  onResponseEnd(): void {
    if (this.#phase === 'body') this.#closes = true;
    this.#finish();
  }

  onSwitched(): void {
    this.#phase = 'tunnel';
    this.deadlineAt = this.#limits.dueAt(this.#exchange);
    this.#listener.finished(this.#exchange, this.#head, this.origin);
    const rest = this.#intake.takeRest();
    if (rest !== undefined && !this.#exchange.writeTunnel(rest)) this.socket.pause();
    else this.socket.resume();
    if (this.#peerEnded) this.#exchange.endTunnelUp();
  }

  /** An answer that has begun and cannot be completed is cut, visibly: a close would look whole where it means the end. */
  cut(): void {
    if (this.#phase === 'closed') return;
    if (this.#head.minor === 0 || this.#exchange.isTunnel) this.socket.resetAndDestroy();
    else this.socket.destroy();
  }

  #finish(): void {
    this.#listener.finished(this.#exchange, this.#head, this.origin);
    this.#exchange.reset();
    this.#head.method = this.#head.target = '';
    if (this.#closes || this.#listener.isDraining || this.#phase === 'closed') {
      this.#closeGently();
      return;
    }
    this.#phase = 'head';
    const { deadlines, limits } = this.#listener;
    this.deadlineAt = deadlines.in(limits.idle_timeout);
    // Called from within the loop over heads, which goes on by itself.
    if (!this.#isReading) this.#goOn();
  }

  /** Takes up pipelined requests that waited for their turn. */
  #goOn(): void {
    this.#readHeads();
    const isHead = this.#phase === 'head';
    if (isHead && this.socket.needsDrain) return;
    if (isHead && this.#peerEnded) this.#closeGently();
    else if ((isHead || !this.#intake.isFull) && this.socket.isPaused()) this.socket.resume();
  }

  #closeGently(): void {
    if (this.#phase === 'closing' || this.#phase === 'closed') return;
    this.#phase = 'closing';
    this.#intake.clear();
    const { deadlines, limits } = this.#listener;
    lingerOn(this, deadlines, limits.idle_timeout);
  }

  /** The client sends no more, or wants no more: a FIN does not say which. */
  #onEnd(): void {
    this.#peerEnded = true;
    if (this.#phase === 'head') this.#goOn();
    else if (this.#phase === 'body') this.socket.destroy();
    else if (this.#phase === 'tunnel') this.#exchange.endTunnelUp();
    else if (this.#phase === 'answer' && this.#limits.isGivenUp(performance.now())) this.socket.destroy();
  }

  #onClose(): void {
    const phase = this.#phase;
    this.#phase = 'closed';
    this.#intake.clear();
    this.#listener.deadlines.delete(this);
    if (phase === 'body' || phase === 'answer') {
      this.#exchange.abandon(false);
      this.#exchange.problem ||= 'client closed the connection';
      if (!this.#exchange.responseBegun) this.#exchange.status = 0;
      this.#listener.finished(this.#exchange, this.#head, this.origin);
      this.#exchange.reset();
    } else if (phase === 'tunnel') this.#exchange.abandon(this.#peerEnded && this.socket.writableFinished);
    this.#listener.closed(this);
  }

  onDeadline(now: number): void {
    switch (this.#phase) {
      case 'head':
        this.#listener.countSilence(this.#requests, this.socket.needsDrain ? 0 : this.#intake.size);
        if (this.socket.needsDrain && (this.#intake.size > 0 || !this.#closes)) this.socket.destroy();
        else if (this.#intake.size > 0) this.#refuseHead('head_timeout', 'the head took too long');
        // Nothing was asked, so nothing is answered: an unasked 408 would be read as the answer to the next request.
        else this.#closeGently();
        return;
      case 'body':
        // `min_body_rate` over each span in which the client was free to send.
        if (this.#pace.isTooSlow(now)) {
          this.#listener.exceeded.count('min_body_rate');
          this.#refuse('timeout', 'the body came too slowly', 408);
        } else this.#judgeAnswer(now, BODY_SPAN_MS);
        return;
      case 'answer':
        this.#judgeAnswer(now, Number.POSITIVE_INFINITY);
        return;
      case 'tunnel':
        this.deadlineAt = this.#limits.dueAt(this.#exchange);
        if (this.deadlineAt <= now) this.cut();
        return;
      case 'closing':
      case 'closed':
        this.deadlineAt = Number.POSITIVE_INFINITY;
        endLinger(this);
    }
  }

  #refuse(reason: Reason, problem: string, status?: number): void {
    this.#exchange.problem = problem;
    this.#exchange.refuse(reason, status);
  }

  /** Before the answer: the request's time limit. From then on: silence of either side. */
  #judgeAnswer(now: number, atMostMs: number): void {
    const dueAt = this.#limits.dueAt(this.#exchange);
    if (dueAt > now) this.deadlineAt = Math.min(dueAt, now + atMostMs);
    else this.#refuse('timeout', this.#exchange.responseBegun ? 'silence in mid-answer' : 'no answer in time');
  }
}
