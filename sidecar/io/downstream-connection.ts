/**
 * One client connection: bytes → heads and bodies, one exchange at a time, answers in order. Longer than the house's
 * usual file because everything here is one state machine on the hot path.
 *
 *   phase   | waits for                        | ends with
 *   --------|----------------------------------|------------------------------------------------------------
 *   head    | a whole request head             | hold, body or answer; 4xx and closing; idle or head time limit
 *   hold    | a body that the route goes by    | body; 408 when it is too slow
 *   body    | the rest of the request body     | answer; 408 when it is too slow; closing after an early answer
 *   answer  | the end of the answer            | head (pipelined bytes wait meanwhile) or closing
 *   tunnel  | the end of both directions       | closed
 *   closing | the client's FIN, for a moment   | closed; what still comes is discarded
 */
import { REASONS, type Reason } from '../../src/error.ts';
import { BodyIntake } from '../body-intake.ts';
import { BODY_SPAN_MS } from '../body-pace.ts';
import type { ClientOrigin } from '../client-origin.ts';
import { HEAD_REFUSALS, type HeadRefusal } from '../head-refusal.ts';
import { HeadIntake } from '../http1/head-intake.ts';
import { readRequestHead } from '../http1/request-head.ts';
import { formatLocalReply } from '../local-reply.ts';
import { EMPTY_ANSWER, formatOwnAnswer } from '../own-answer.ts';
import { ClientSide } from './client-side.ts';
import type { ClientSocket } from './client-socket.ts';
import { dateLine } from './date-line.ts';
import type { Timed } from './deadlines.ts';
import { Exchange } from './exchange.ts';
import type { HttpListener } from './http-listener.ts';
import { type AnswerTarget, keyOf, type RouteTarget, routeRequest } from './http-target.ts';
import { latin1 } from './latin1.ts';
import { endLinger, lingerOn } from './linger.ts';

/** How long a drain waits for a request that an idle client may have under way, to answer it with Connection: close. */
const LAST_CALL_MS = 400;

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

type Phase = 'head' | 'hold' | 'body' | 'answer' | 'tunnel' | 'closing' | 'closed';

export class DownstreamConnection extends ClientSide implements Timed {
  deadlineAt: number;
  readonly #exchange: Exchange;
  readonly #intake: HeadIntake;
  readonly #body: BodyIntake;
  #phase: Phase = 'head';
  #isReading = false;
  #isHeadBegun = false;
  #peerEnded = false;
  #requests = 0;

  constructor(socket: ClientSocket, origin: ClientOrigin, listener: HttpListener) {
    super(socket, origin, listener);
    this.#exchange = new Exchange(this, this.head);
    const { deadlines, limits } = listener;
    this.#intake = new HeadIntake(limits.max_head);
    this.#body = new BodyIntake(limits.min_body_rate);
    this.deadlineAt = deadlines.in(limits.head_timeout);
    socket.source.reader = (bytes, size) => this.read(bytes, size);
    socket.on('drain', () => this.#onDrain());
    socket.on('end', () => this.#onEnd());
    socket.on('error', () => undefined);
    socket.on('close', () => this.#onClose());
    deadlines.add(this);
  }

  /** Finish what runs, then close; soon where nothing runs. */
  drain(): void {
    this.closes = true;
    if (this.#phase !== 'head' || this.#intake.size > 0) return;
    this.deadlineAt = Math.min(this.deadlineAt, this.listener.deadlines.in(LAST_CALL_MS));
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
      case 'hold':
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
    if (verdict !== 'incomplete') this.#refuseHead(verdict);
    else if (intake.size > 0 && !this.#isHeadBegun) this.#beginHead();
    return false;
  }

  /** The first bytes of a head that is not whole yet: from here on it has `head_timeout`. */
  #beginHead(): void {
    this.#isHeadBegun = true;
    const { deadlines, limits } = this.listener;
    const dueAt = deadlines.in(limits.head_timeout);
    // The first head of a connection has had its time since the connection was accepted.
    this.deadlineAt = this.#requests === 0 ? Math.min(this.deadlineAt, dueAt) : dueAt;
  }

  /** What cannot be read as a head is answered and the connection ends: nothing after it can be trusted. */
  #refuseHead(refusal: HeadRefusal): void {
    const { reason, status = REASONS[reason].status, limit, problem = this.head.problem } = HEAD_REFUSALS[refusal];
    if (limit !== undefined) this.listener.exceeded.count(limit);
    this.#intake.clear();
    this.#exchange.startedAt = performance.now();
    this.#exchange.requestId = this.listener.nextRequestId();
    this.#exchange.problem = problem;
    this.closes = true;
    this.reply(reason, status);
  }

  /** Acts on one whole head. On the hot path. */
  #begin(text: string): void {
    const head = this.head;
    const listener = this.listener;
    const exchange = this.#exchange;
    exchange.startedAt = this.limits.askedAt = performance.now();
    this.#requests += 1;
    this.routes = listener.routes;
    this.debug.begin(listener);
    const { interests } = this.routes;
    const verdict = readRequestHead(text, head, interests, this.identity.isTrusted, listener.headLimits);
    if (verdict !== 'ok') {
      this.#refuseHead(verdict);
      return;
    }
    exchange.requestId = head.requestId === '' ? listener.nextRequestId() : head.requestId;
    this.closes ||= head.close || (head.minor === 0 && !head.keepAlive) || listener.isLast(this.#requests);
    this.#phase = this.#body.begin(head) ? 'body' : 'answer';
    if (head.maxForwards === 0 && (head.method === 'OPTIONS' || head.method === 'TRACE')) this.#answerSelf();
    else this.#choose();
  }

  /** Finds route and key; once more when the body is there, where they go by something in it. */
  #choose(): void {
    const head = this.head;
    const target = routeRequest(this.routes.index, head, this.identity);
    const key = target.kind === 'endpoint' ? keyOf(target, head, this.identity) : undefined;
    if (head.body.isWanted) this.#hold();
    else if (target.kind === 'endpoint') this.#forward(target, key);
    else {
      this.#body.takeHeld();
      if (target.kind === 'answer') this.#answerSelf(target);
      else this.reply(target.reason, target.status);
    }
  }

  #forward(target: RouteTarget, key: string | undefined): void {
    const { head, identity } = this;
    const exchange = this.#exchange;
    exchange.begin(target, exchange.requestId, identity.originOf(head), key);
    exchange.copy = target.mirror?.draw(head, this, identity.clientOf(head));
    this.limits.begin(this.listener.deadlines.now);
    this.deadlineAt = this.listener.deadlines.in(target.requestTimeoutMs);
    if (this.#phase === 'answer') exchange.onRequestEnd(undefined);
    else this.#beginBody(this.listener.deadlines.now);
    // Behind a FIN that came while this request waited for its turn, the rest of a body will not come.
    if (this.#phase === 'body' && this.#peerEnded) this.socket.destroy();
    else if (this.#phase === 'answer' || this.#phase === 'body') exchange.attempt(false);
  }

  #hold(): void {
    const now = this.listener.deadlines.now;
    this.#phase = 'hold';
    this.limits.begin(now);
    this.deadlineAt = this.limits.dueAt(this.#exchange);
    this.#beginBody(now);
    if (this.#phase === 'hold' && this.#peerEnded) this.socket.destroy();
    // No endpoint can be asked before the body is there, so nobody else would say it.
    if (this.head.expectsContinue && this.#phase === 'hold' && !this.#body.isHeld) this.write(CONTINUE);
  }

  #beginBody(now: number): void {
    this.#body.pace.begin(now);
    this.deadlineAt = Math.min(this.deadlineAt, this.listener.deadlines.in(BODY_SPAN_MS));
    const held = this.#body.takeHeld();
    const rest = held === undefined ? this.#intake.takeRest() : undefined;
    if (held !== undefined) this.#passBody(held);
    else if (rest !== undefined) this.#readBody(rest);
  }

  #readBody(bytes: Buffer): void {
    this.limits.bodyCame(this.listener.deadlines.now);
    const passed = this.#body.read(bytes, this.#intake);
    if (passed === undefined) this.#refuse('bad_request', 'malformed chunked body');
    else if (this.#phase === 'body') this.#passBody(passed);
    else if (this.#body.hold(passed, this.head, this.routes.interests)) {
      this.#phase = 'body';
      this.#choose();
    }
  }

  #passBody(passed: Buffer): void {
    if (passed.length > 0 && !this.#exchange.onRequestBody(passed)) {
      this.#body.pace.holdBack();
      this.socket.pause();
    }
    // The exchange may have ended while the last bytes were passed on.
    if (!this.#body.isDone || this.#phase !== 'body') return;
    this.#phase = 'answer';
    this.limits.askedAt = performance.now();
    this.#exchange.onRequestEnd(this.#body.trailers);
  }

  /** Upstream takes bytes again. */
  onRequestRoom(): void {
    this.#body.pace.release(this.listener.deadlines.now);
    // Also while the answer is awaited: a socket that is not read does not tell that its client has gone.
    if (!this.#intake.isFull) this.socket.resume();
  }

  /** What a route answers, or an OPTIONS or TRACE that may go no further (RFC 9110 section 7.6.2). */
  #answerSelf(target?: AnswerTarget): void {
    if (!this.#body.isDone) this.closes = true;
    const exchange = this.#exchange;
    exchange.answered = target;
    exchange.status = target?.answer.status ?? 200;
    const answer = target?.answer ?? EMPTY_ANSWER;
    const lines = (answer.hasDate ? '' : dateLine()) + this.connectionLine() + this.debug.answerLine(target);
    this.write(formatOwnAnswer(answer, this.head, lines, exchange.requestId));
    this.#finish();
  }

  /** An answer in the proxy's own words; never after an answer has begun. */
  reply(reason: Reason, status: number): void {
    const { method, minor } = this.head;
    // The rest of a body that nobody wants would be read as the next request.
    if (!this.#body.isDone || REASONS[reason].closes || this.listener.isReleasing) this.closes = true;
    this.#exchange.reason = reason;
    this.#exchange.status = status;
    const of = { requestId: this.#exchange.requestId, dateLine: dateLine(), debugLine: this.debug.replyLine(reason) };
    const keepAlive = minor === 0 && !this.closes;
    this.write(formatLocalReply({ ...of, reason, status, isHead: method === 'HEAD', closes: this.closes, keepAlive }));
    this.#finish();
  }

  /** From here on silence is limited, which may end sooner than the answer was due. */
  onResponseBegun(): void {
    this.deadlineAt = Math.min(this.deadlineAt, this.limits.dueAt(this.#exchange));
  }

  /** The answer is complete. */
  onResponseEnd(): void {
    if (!this.#body.isDone) this.closes = true;
    this.#finish();
  }

  onSwitched(): void {
    this.#phase = 'tunnel';
    this.deadlineAt = this.limits.dueAt(this.#exchange);
    this.listener.finished(this.#exchange, this.head, this.origin);
    const rest = this.#intake.takeRest();
    if (rest !== undefined && !this.#exchange.writeTunnel(rest)) this.socket.pause();
    else this.socket.resume();
    if (this.#peerEnded) this.#exchange.endTunnelUp();
  }

  /** An answer that has begun and cannot be completed is cut, visibly: a close would look whole where it means the end. */
  cut(): void {
    if (this.#phase === 'closed') return;
    if (this.head.minor === 0 || this.#exchange.isTunnel) this.socket.resetAndDestroy();
    else this.socket.destroy();
  }

  #finish(): void {
    this.listener.finished(this.#exchange, this.head, this.origin);
    this.#exchange.reset();
    this.head.method = this.head.target = '';
    if (this.closes || this.listener.isDraining || this.#phase === 'closed') {
      this.#closeGently();
      return;
    }
    this.#phase = 'head';
    const { deadlines, limits } = this.listener;
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
    const { deadlines, limits } = this.listener;
    lingerOn(this, deadlines, limits.idle_timeout);
  }

  /** The client sends no more, or wants no more: a FIN does not say which. */
  #onEnd(): void {
    this.#peerEnded = true;
    if (this.#phase === 'head') this.#goOn();
    else if (this.#phase === 'hold' || this.#phase === 'body') this.socket.destroy();
    else if (this.#phase === 'tunnel') this.#exchange.endTunnelUp();
    else if (this.#phase === 'answer' && this.limits.isGivenUp(performance.now())) this.socket.destroy();
  }

  #onClose(): void {
    const phase = this.#phase;
    this.#phase = 'closed';
    this.#intake.clear();
    this.listener.deadlines.delete(this);
    if (phase === 'hold' || phase === 'body' || phase === 'answer') {
      this.#exchange.abandon(false);
      this.#exchange.problem ||= 'client closed the connection';
      if (!this.#exchange.responseBegun) this.#exchange.status = 0;
      this.listener.finished(this.#exchange, this.head, this.origin);
      this.#exchange.reset();
    } else if (phase === 'tunnel') this.#exchange.abandon(this.#peerEnded && this.socket.writableFinished);
    this.listener.closed(this);
  }

  onDeadline(now: number): void {
    switch (this.#phase) {
      case 'head':
        this.listener.countSilence(this.#requests, this.socket.needsDrain ? 0 : this.#intake.size);
        if (this.socket.needsDrain && (this.#intake.size > 0 || !this.closes)) this.socket.destroy();
        else if (this.#intake.size > 0) this.#refuseHead('late');
        // Nothing was asked, so nothing is answered: an unasked 408 would be read as the answer to the next request.
        else this.#closeGently();
        return;
      case 'hold':
      case 'body':
        // `min_body_rate` over each span in which the client was free to send.
        if (this.#body.pace.isTooSlow(now)) {
          this.listener.exceeded.count('min_body_rate');
          this.#refuse('timeout', 'the body came too slowly', 408);
        } else this.#judgeAnswer(now, BODY_SPAN_MS);
        return;
      case 'answer':
        this.#judgeAnswer(now, Number.POSITIVE_INFINITY);
        return;
      case 'tunnel':
        this.deadlineAt = this.limits.dueAt(this.#exchange);
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
    const dueAt = this.limits.dueAt(this.#exchange);
    if (dueAt > now) this.deadlineAt = Math.min(dueAt, now + atMostMs);
    else if (this.#phase === 'hold') this.#refuse('timeout', 'the body did not come', 408);
    else this.#refuse('timeout', this.#exchange.responseBegun ? 'silence in mid-answer' : 'no answer in time');
  }
}
