/** What the proxy itself says to a client: one JSON object, the same word in body, header, log and metric. */
import { REASONS, type Reason } from '../src/error.ts';
import { statusPhrase } from './http1/status-phrase.ts';

export interface LocalReply {
  readonly reason: Reason;
  readonly status: number;
  readonly requestId: string;
  /** HEAD gets the head alone. */
  readonly isHead: boolean;
  readonly closes: boolean;
  /** An HTTP/1.0 client that asked for it is told that the connection stays. */
  readonly keepAlive: boolean;
  /** Whole header lines, or empty. */
  readonly dateLine: string;
  readonly debugLine?: string;
}

/** Seconds after which a client may try again when there was no room for it. */
const RETRY_AFTER_SECONDS = 1;

/** The whole answer as latin1 text. */
export function formatLocalReply(reply: LocalReply): string {
  const { reason, status, requestId, dateLine, debugLine = '' } = reply;
  const body = `${JSON.stringify({ error: reason, message: REASONS[reason].message, request_id: requestId })}\n`;
  const retry = reason === 'overloaded' || reason === 'draining' ? `retry-after: ${RETRY_AFTER_SECONDS}\r\n` : '';
  const connection = reply.closes ? 'connection: close\r\n' : reply.keepAlive ? 'connection: keep-alive\r\n' : '';
  return (
    `HTTP/1.1 ${status} ${statusPhrase(status)}\r\n${dateLine}content-type: application/json\r\n` +
    `content-length: ${body.length}\r\nx-outrigger-reason: ${reason}\r\nx-request-id: ${requestId}\r\n` +
    `${retry}${debugLine}${connection}\r\n${reply.isHead ? '' : body}`
  );
}
