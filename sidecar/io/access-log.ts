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
  let timeMs = 0;
  let time = '';
  /** Written once per millisecond, in which several requests may end. */
  const timeNow = (): string => {
    const now = Date.now();
    if (now !== timeMs) {
      timeMs = now;
      time = new Date(now).toISOString();
    }
    return time;
  };
  return {
    request(request) {
      const { status, reason } = request.exchange;
      if (all || reason !== '' || status >= 500 || status === 0) sink.write(formatLine(request, timeNow()));
    },
    dropped: sink.dropped,
    close: () => sink.close(),
  };
}

/** Built by hand: a serializer costs more than the rest of the request's bookkeeping together. */
function formatLine({ listener, exchange, head, client, durationMs }: FinishedRequest, time: string): string {
  const { target, answered, endpoint, status, reason, problem, attempts, requestId } = exchange;
  const level = reason === '' ? 'info' : REASONS[reason].logLevel;
  let line =
    `{"level":"${level}","time":"${time}","role":"sidecar","msg":"request","listener":${quote(listener)}` +
    `,"method":${quote(head.method)},"host":${quote(head.host)},"target":${quote(head.target)}` +
    `,"status":${status},"duration_ms":${durationMs.toFixed(2)},"client":"${client.address}","request_id":${quote(requestId)}`;
  if (client.proxy !== '') line += `,"proxy":"${client.proxy}"`;
  if (target !== undefined) line += `,"route":${quote(target.name)},"cluster":${quote(target.cluster.name)}`;
  if (answered !== undefined) line += `,"route":${quote(answered.name)}`;
  if (endpoint !== undefined) line += `,"endpoint":"${endpoint.address}"`;
  if (attempts > 1) line += `,"retries":${attempts - 1}`;
  if (reason !== '') line += `,"reason":"${reason}"`;
  if (problem !== '') line += `,"problem":${quote(problem)}`;
  return `${line}}\n`;
}

/** Characters that JSON cannot hold as they are, and everything that is not plain ASCII. */
const NEEDS_ESCAPE = /[^\x20\x21\x23-\x5b\x5d-\x7e]/;

function quote(text: string): string {
  return NEEDS_ESCAPE.test(text) ? JSON.stringify(text) : `"${text}"`;
}
