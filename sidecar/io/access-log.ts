/** One JSON line per request, by pino's conventions, beside the log; never waits for whoever reads it. */
import { REASONS } from '../../src/error.ts';
import type { LineSink } from '../../src/io/line-sink.ts';
import type { ClientOrigin } from '../client-origin.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { Exchange } from './exchange.ts';

export interface FinishedRequest {
  readonly listener: string;
  readonly exchange: Exchange;
  readonly head: RequestHead;
  readonly client: ClientOrigin;
  readonly durationMs: number;
}

export interface AccessLog {
  request(request: FinishedRequest): void;
  /** Lines lost because nobody read fast enough. */
  readonly dropped: () => number;
  close(): Promise<void>;
}

export const noAccessLog: AccessLog = { request: () => {}, dropped: () => 0, close: () => Promise.resolve() };

/** `errors`: only requests that we answered ourselves or that ended with a 5xx. */
export function openAccessLog(options: { readonly only: 'all' | 'errors'; readonly sink: LineSink }): AccessLog {
  const { sink } = options;
  const all = options.only === 'all';
  const lines = new AccessLines();
  return {
    request(request) {
      const { status, reason } = request.exchange;
      if (all || reason !== '' || status >= 500 || status === 0) sink.write(lines.format(request, Date.now()));
    },
    dropped: sink.dropped,
    close: () => sink.close(),
  };
}

/**
 * Built by hand: a serializer costs more than the rest of the request's bookkeeping together. What many lines have in
 * common is made once: how they begin within a millisecond, and what tells of a route.
 */
class AccessLines {
  #timeMs = Number.NaN;
  #listener = '';
  #level = '';
  #beginning = '';
  readonly #routes = new WeakMap<object, string>();

  format({ listener, exchange, head, client, durationMs }: FinishedRequest, nowMs: number): string {
    const { target, answered, endpoint, status, reason, problem, attempts, requestId } = exchange;
    const level = reason === '' ? 'info' : REASONS[reason].logLevel;
    if (nowMs !== this.#timeMs || listener !== this.#listener || level !== this.#level) {
      this.#begin(nowMs, listener, level);
    }
    let line =
      `${this.#beginning}${quote(head.method)},"host":${quote(head.host)},"target":${quote(head.target)}` +
      `,"status":${status},"duration_ms":${hundredths(durationMs)},"client":"${client.address}","request_id":${quote(requestId)}`;
    if (client.proxy !== '') line += `,"proxy":"${client.proxy}"`;
    if (target !== undefined) line += this.#routeOf(target, target.cluster.name);
    if (answered !== undefined) line += this.#routeOf(answered, undefined);
    if (endpoint !== undefined) line += `,"endpoint":"${endpoint.address}"`;
    if (attempts > 1) line += `,"retries":${attempts - 1}`;
    if (reason !== '') line += `,"reason":"${reason}"`;
    if (problem !== '') line += `,"problem":${quote(problem)}`;
    return `${line}}\n`;
  }

  #begin(nowMs: number, listener: string, level: string): void {
    this.#timeMs = nowMs;
    this.#listener = listener;
    this.#level = level;
    const time = new Date(nowMs).toISOString();
    this.#beginning = `{"level":"${level}","time":"${time}","role":"sidecar","msg":"request","listener":${quote(listener)},"method":`;
  }

  #routeOf(route: { readonly name: string }, cluster: string | undefined): string {
    const known = this.#routes.get(route);
    if (known !== undefined) return known;
    const text = `,"route":${quote(route.name)}${cluster === undefined ? '' : `,"cluster":${quote(cluster)}`}`;
    this.#routes.set(route, text);
    return text;
  }
}

/** As `toFixed(2)`, which takes longer than all the rest of a line's numbers. */
function hundredths(value: number): string {
  const all = Math.round(value * 100);
  const rest = all % 100;
  return `${(all - rest) / 100}${rest < 10 ? '.0' : '.'}${rest}`;
}

/** Characters that JSON cannot hold as they are, and everything that is not plain ASCII. */
const NEEDS_ESCAPE = /[^\x20\x21\x23-\x5b\x5d-\x7e]/;

function quote(text: string): string {
  return NEEDS_ESCAPE.test(text) ? JSON.stringify(text) : `"${text}"`;
}
