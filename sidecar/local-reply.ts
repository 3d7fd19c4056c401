/** What the proxy itself says to a client: one JSON object, the same word in body, header, log and metric. */
import { REASONS, type Reason } from '../src/error.ts';

export interface LocalReply {
  readonly reason: Reason;
  readonly status: number;
  readonly requestId: string;
  /** HEAD gets the head alone. */
  readonly isHead: boolean;
  readonly closes: boolean;
  /** An HTTP/1.0 client that asked for it is told that the connection stays. */
  readonly keepAlive: boolean;
  /** One more header line, whole; or empty. */
  readonly debugLine?: string;
}

const PHRASES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  404: 'Not Found',
  408: 'Request Timeout',
  417: 'Expectation Failed',
  431: 'Request Header Fields Too Large',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** Seconds after which a client may try again when there was no room for it. */
const RETRY_AFTER_SECONDS = 1;

/** The whole answer as latin1 text. */
export function formatLocalReply(reply: LocalReply): string {
  const { reason, status, requestId, debugLine = '' } = reply;
  const body = `${JSON.stringify({ error: reason, message: REASONS[reason].message, request_id: requestId })}\n`;
  const retry = reason === 'overloaded' || reason === 'draining' ? `retry-after: ${RETRY_AFTER_SECONDS}\r\n` : '';
  const connection = reply.closes ? 'connection: close\r\n' : reply.keepAlive ? 'connection: keep-alive\r\n' : '';
  return (
    `HTTP/1.1 ${status} ${PHRASES[status] ?? 'Error'}\r\ncontent-type: application/json\r\n` +
    `content-length: ${body.length}\r\nx-outrigger-reason: ${reason}\r\nx-request-id: ${requestId}\r\n` +
    `${retry}${debugLine}${connection}\r\n${reply.isHead ? '' : body}`
  );
}

/** A 200 with nothing in it. `connectionLine` is a whole line or empty. */
export function formatEmptyAnswer(connectionLine: string, requestId: string): string {
  return `HTTP/1.1 200 OK\r\ncontent-length: 0\r\n${connectionLine}x-request-id: ${requestId}\r\n\r\n`;
}
