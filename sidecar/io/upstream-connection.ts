/** One HTTP/1.1 connection to an endpoint: one exchange at a time, responses read as strictly as requests. */
import { ChunkedReader } from '../http1/chunked.ts';
import { findHeadEnd } from '../http1/head-bytes.ts';
import { mayBeResponseHead } from '../http1/head-lines.ts';
import { type ResponseBody, ResponseHead, readResponseHead, responseBodyOf } from '../http1/response-head.ts';
import type { Timed } from './deadlines.ts';
import type { DownstreamConnection } from './downstream-connection.ts';
import type { Exchange } from './exchange.ts';
import { latin1 } from './latin1.ts';
import { proxyHeaderOf } from './proxy-header.ts';
import { ReadSource } from './read-buffer.ts';
import type { UpstreamPool } from './upstream-pool.ts';
import { UpstreamSocket } from './upstream-socket.ts';

const MAX_HEAD_BYTES = 64 * 1_024;
const TOO_LARGE = 'response head is too large';
const MAX_HEADERS = 500;
/** Interim responses (1xx) before one answer; more are a way to keep us busy. */
const MAX_INTERIM = 16;

type Phase = 'connecting' | 'idle' | 'head' | 'body' | 'tunnel' | 'closed';

export class UpstreamConnection implements Timed {
  deadlineAt: number;
  readonly socket: UpstreamSocket;
  readonly source = new ReadSource((bytes, size) => this.#onRead(size, bytes));
  /** True from the second exchange on: the endpoint may have closed it without our knowing. */
  isReused = false;
  /** The one client that it serves, whose PROXY protocol header it carries; undefined where it may serve any. */
  readonly client: DownstreamConnection | undefined;
  readonly #pool: UpstreamPool;
  readonly #head = new ResponseHead();
  #chunked: ChunkedReader | undefined;
  #exchange: Exchange | undefined;
  #phase: Phase = 'connecting';
  #body: ResponseBody = 'none';
  #left = 0;
  /** Bytes of a head that has not come whole yet. */
  #partial: Buffer | undefined;
  #interims = 0;
  #isPaused = false;
  #idleLimitMs: number;
  /** The request has been written to its end, so the connection is in step. */
  #requestSent = false;
  #error = '';

  constructor(pool: UpstreamPool, exchange: Exchange) {
    const { deadlines, config } = pool.cluster;
    this.#pool = pool;
    this.#exchange = exchange;
    this.client = config.send_proxy_protocol === undefined ? undefined : exchange.client;
    this.#idleLimitMs = config.timeouts.idle;
    this.deadlineAt = deadlines.in(config.timeouts.connect);
    const { host, port } = pool.endpoint;
    const { onread } = this.source;
    this.socket = new UpstreamSocket({ host, port, noDelay: true, allowHalfOpen: true, onread }, (error) =>
      this.#onWriteFailed(error),
    );
    this.socket.on('connect', () => this.#onConnect());
    this.socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#error = error.code ?? error.message;
    });
    this.socket.on('end', () => this.#onEnd());
    this.socket.on('drain', () => this.#exchange?.onUpstreamDrain());
    this.socket.on('close', () => this.#onClose());
    deadlines.add(this);
  }

  /** Another exchange on a kept connection. */
  take(exchange: Exchange): void {
    this.isReused = true;
    this.#begin(exchange);
  }

  get isOpen(): boolean {
    return this.#phase !== 'connecting' && this.#phase !== 'closed';
  }

  /** Writes request bytes; false when the caller should wait for `onUpstreamDrain`. */
  write(data: string | Uint8Array): boolean {
    if (typeof data === 'string') return this.socket.writeText(data);
    // Nobody changes what is kept for another attempt.
    this.socket.writeBytes(data, () => undefined);
    return !this.socket.needsDrain;
  }

  requestSent(): void {
    this.#requestSent = true;
  }

  pause(): void {
    this.#isPaused = true;
    this.socket.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.socket.resume();
  }

  /** The client of a tunnel has closed, cleanly: what it has sent still goes out, and nothing more comes back. */
  finish(): void {
    this.#exchange = undefined;
    this.deadlineAt = this.#pool.cluster.deadlines.in(this.#idleLimitMs);
    this.socket.destroySoon();
  }

  /** The exchange has no further use for it: nothing of what may still come reaches anyone. */
  destroy(): void {
    this.#exchange = undefined;
    this.socket.destroy();
  }

  onDeadline(): void {
    this.deadlineAt = Number.POSITIVE_INFINITY;
    if (this.#phase === 'connecting') this.#error = 'ETIMEDOUT';
    this.socket.destroy();
  }

  #begin(exchange: Exchange): void {
    this.#exchange = exchange;
    this.#phase = 'head';
    this.#interims = 0;
    this.#requestSent = false;
    this.deadlineAt = Number.POSITIVE_INFINITY;
  }

  #onConnect(): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    this.#begin(exchange);
    const version = this.#pool.cluster.config.send_proxy_protocol;
    if (version !== undefined) this.write(proxyHeaderOf(exchange.client, version));
    exchange.onUpstreamOpen(this);
  }

  #onRead(size: number, buffer: Buffer): void {
    const exchange = this.#exchange;
    if (exchange === undefined) {
      // Bytes that nobody asked for: whatever they are, they must not become part of the next answer.
      this.socket.destroy();
      return;
    }
    exchange.client.touch();
    if (this.#phase === 'head') this.#readHead(exchange, buffer, size);
    else if (this.#phase === 'body') this.#readBody(exchange, buffer, 0, size);
    else if (this.#phase === 'tunnel') exchange.onTunnelBytes(buffer, 0, size);
  }

  #readHead(exchange: Exchange, buffer: Buffer, size: number): void {
    let bytes = buffer;
    let total = size;
    let searched = 0;
    if (this.#partial !== undefined) {
      searched = this.#partial.length;
      bytes = Buffer.concat([this.#partial, buffer.subarray(0, size)]);
      total = bytes.length;
      this.#partial = undefined;
    }
    let from = 0;
    while (this.#phase === 'head') {
      const end = findHeadEnd(bytes, Math.max(searched, from), total);
      if (end < 0) {
        this.#keepPartial(exchange, bytes.subarray(from, total), Math.max(0, searched - from));
        return;
      }
      if (end + 4 - from > MAX_HEAD_BYTES) {
        this.#fail(exchange, 'bad_response', TOO_LARGE);
        return;
      }
      const text = latin1(bytes, from, end + 4);
      from = end + 4;
      if (!readResponseHead(text, this.#head, MAX_HEADERS)) {
        this.#fail(exchange, 'bad_response', this.#head.problem);
        return;
      }
      if (!this.#onHead(exchange, bytes, from, total)) return;
      if (from === total && this.#phase === 'head') return;
    }
  }

  /** `searched` bytes at the front of `rest` have been looked at before. */
  #keepPartial(exchange: Exchange, rest: Buffer, searched: number): void {
    if (rest.length > MAX_HEAD_BYTES) this.#fail(exchange, 'bad_response', TOO_LARGE);
    else if (!mayBeResponseHead(rest, searched)) this.#fail(exchange, 'bad_response', 'malformed response head');
    else if (rest.length > 0) this.#partial = Buffer.from(rest);
  }

  /** Acts on the head just read; true while another head is expected (after an interim response). */
  #onHead(exchange: Exchange, bytes: Buffer, from: number, to: number): boolean {
    const head = this.#head;
    if (head.status === 101) {
      this.#onSwitch(exchange, bytes, from, to);
      return false;
    }
    if (head.status < 200) {
      this.#interims += 1;
      if (this.#interims <= MAX_INTERIM && head.contentLength < 0 && !head.chunked) {
        exchange.onInterim(head);
        return true;
      }
      this.#fail(exchange, 'bad_response', 'too many or malformed interim responses');
      return false;
    }
    if (head.keepAliveSeconds >= 0) this.#noteKeepAlive(head.keepAliveSeconds);
    this.#phase = 'body';
    this.#body = responseBodyOf(head, exchange.method);
    this.#left = head.contentLength;
    if (this.#body === 'chunked') {
      this.#chunked ??= new ChunkedReader();
      this.#chunked.begin(exchange.chunkedMode);
    }
    exchange.onResponse(head, this.#body, bytes, from, to);
    return false;
  }

  /** Closed a second before the endpoint says it will, or a request could meet the endpoint's FIN. */
  #noteKeepAlive(seconds: number): void {
    this.#idleLimitMs = Math.min(this.#pool.cluster.config.timeouts.idle, Math.max(0, seconds * 1_000 - 1_000));
  }

  #onSwitch(exchange: Exchange, bytes: Buffer, from: number, to: number): void {
    if (exchange.upgrade === '' || this.#head.upgrade.toLowerCase() !== exchange.upgrade.toLowerCase()) {
      this.#fail(exchange, 'bad_response', '101 without the upgrade that was asked for');
      return;
    }
    this.#phase = 'tunnel';
    exchange.onSwitched(this.#head);
    if (from < to) exchange.onTunnelBytes(bytes, from, to);
  }

  /**
   * Reads body bytes and hands on those that pass. The exchange calls it for what came with the head, so that head and
   * small body can leave in one write.
   */
  bodyBytes(exchange: Exchange, bytes: Buffer, from: number, to: number): void {
    this.#readBody(exchange, bytes, from, to);
  }

  #readBody(exchange: Exchange, bytes: Buffer, from: number, to: number): void {
    switch (this.#body) {
      case 'length': {
        const end = Math.min(to, from + this.#left);
        this.#left -= end - from;
        if (end > from) exchange.onBody(bytes, from, end);
        if (this.#left === 0) this.#complete(exchange, end < to);
        return;
      }
      case 'chunked':
        this.#readChunked(exchange, bytes, from, to);
        return;
      case 'until_close':
        if (to > from) exchange.onBody(bytes, from, to);
        return;
      case 'none':
        this.#complete(exchange, from < to);
        return;
    }
  }

  #readChunked(exchange: Exchange, bytes: Buffer, from: number, to: number): void {
    const chunked = this.#chunked as ChunkedReader;
    const end = chunked.read(bytes, from, to);
    if (chunked.failed) {
      this.#fail(exchange, 'bad_response', 'malformed chunked body');
      return;
    }
    const { ranges } = chunked;
    for (let i = 0; i < ranges.length; i += 2) exchange.onBody(bytes, ranges[i] as number, ranges[i + 1] as number);
    if (!chunked.done) return;
    exchange.onTrailers(chunked.trailers);
    this.#complete(exchange, end < to);
  }

  /** The response is whole. Kept for the next exchange only when both sides are in step and want to. */
  #complete(exchange: Exchange, hasExtraBytes: boolean): void {
    const head = this.#head;
    const inStep = !hasExtraBytes && this.#requestSent && !this.socket.isBroken && !head.close && head.minor === 1;
    this.#exchange = undefined;
    if (inStep && this.#idleLimitMs > 0 && !this.socket.destroyed && this.#pool.keep(this)) {
      this.#phase = 'idle';
      // The last bytes may have met a client that was slow to take them; nobody would ask for more on its behalf.
      this.resume();
      this.deadlineAt = this.#pool.cluster.deadlines.in(this.#idleLimitMs);
    } else this.socket.destroy();
    exchange.onResponseEnd();
  }

  #fail(exchange: Exchange, reason: 'bad_response' | 'upstream_reset', problem: string): void {
    this.destroy();
    exchange.onUpstreamFailed(reason, problem, this.isReused);
  }

  /** The endpoint takes no more; what it has said before that counts. True while the socket stays for it. */
  #onWriteFailed(error: NodeJS.ErrnoException): boolean {
    this.#error = error.code ?? error.message;
    if (this.#exchange === undefined || (this.#phase !== 'head' && this.#phase !== 'body')) return false;
    this.deadlineAt = this.#pool.cluster.deadlines.in(this.#idleLimitMs);
    // Whatever had arrived by now has been read when the loop has come round.
    setImmediate(() =>
      setImmediate(() => {
        if (this.#phase !== 'body') this.socket.destroy();
      }),
    );
    return true;
  }

  /** The endpoint sends no more. Only a body that lasts until then is whole. */
  #onEnd(): void {
    const exchange = this.#exchange;
    if (exchange === undefined) {
      this.socket.destroy();
    } else if (this.#phase === 'tunnel') {
      exchange.onTunnelEnd();
    } else if (this.#phase === 'body' && this.#body === 'until_close') {
      this.#head.close = true;
      this.#complete(exchange, false);
    } else this.#fail(exchange, 'upstream_reset', 'connection closed');
  }

  /** In mid-stream. An endpoint that had sent its FIN, and then takes no more, has said all that it had to say. */
  #isCut(): boolean {
    return !this.socket.readableEnded || (this.#error !== '' && this.#error !== 'EPIPE');
  }

  #onClose(): void {
    const exchange = this.#exchange;
    const phase = this.#phase;
    this.#phase = 'closed';
    this.#exchange = undefined;
    this.source.close();
    this.#pool.cluster.deadlines.delete(this);
    this.#pool.forget(this, phase === 'idle');
    if (exchange === undefined) return;
    if (phase === 'connecting') exchange.onConnectFailed(this.#error || 'closed');
    else if (phase === 'tunnel') exchange.onTunnelClosed(this.#isCut());
    else exchange.onUpstreamFailed('upstream_reset', this.#error || 'connection closed', this.isReused);
  }
}
