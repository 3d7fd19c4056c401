/** The head that goes downstream: the endpoint's, as the route wants it, and how far its body reaches. */
import { editFields, type HeaderEdits } from './header-edits.ts';
import type { ResponseHead } from './http1/response-head.ts';

/**
 * Status line and fields of an answer after the route's changes, if it has any. `dateLine` is for one that came without
 * a Date (RFC 9110 section 6.6.1).
 */
export function answerFields(head: ResponseHead, edits: HeaderEdits | undefined, dateLine: string): string {
  const fields = head.hasDate ? head.forwarded : head.forwarded + dateLine;
  return edits === undefined ? fields : editFields(fields, edits);
}

/** The same with its framing. `chunks`: a body of unknown length goes down in chunks. */
export function formatAnswerHead(
  head: ResponseHead,
  edits: HeaderEdits | undefined,
  dateLine: string,
  chunks: boolean,
): string {
  const { status, contentLength } = head;
  const text = answerFields(head, edits, dateLine);
  // RFC 9110 section 8.6, RFC 9112 section 6.1: neither for a 204, and no encoding where there is no body.
  if (status === 204) return text;
  if (contentLength >= 0) return `${text}content-length: ${contentLength}\r\n`;
  return chunks && status !== 304 ? `${text}transfer-encoding: chunked\r\n` : text;
}
