/** What a route answers by itself, `redirect` and `respond`: everything that does not depend on the request, made once. */
import type { RouteConfig } from '../src/config/listener.ts';
import type { RedirectConfig, RespondConfig } from '../src/config/own-answer.ts';
import { bytesOf } from '../src/hash.ts';
import { compileHeaderEdits, editFields, fieldLines } from './header-edits.ts';
import { dropFields } from './http1/field.ts';
import type { RequestHead } from './http1/request-head.ts';
import { statusPhrase } from './http1/status-phrase.ts';
import { compileRedirect } from './redirect.ts';

export interface OwnAnswer {
  readonly status: number;
  /** Status line and fields, CRLF after each, without Connection, X-Request-ID and the blank line. */
  headOf(request: RequestHead): string;
  /** A byte string. */
  readonly body: string;
  /** The route has its own word on `Date`, or none is to be sent. */
  readonly hasDate: boolean;
}

/** Undefined for a route that asks an endpoint. */
export function compileOwnAnswer({ match, redirect, respond, response_headers }: RouteConfig): OwnAnswer | undefined {
  const edits = response_headers && compileHeaderEdits(response_headers);
  const hasDate = (head: string): boolean => edits?.dropped.has('date') === true || /\r\ndate:/i.test(head);
  const edited = (text: string): string => (edits === undefined ? text : editFields(text, edits));
  if (redirect !== undefined) {
    const [line, fields] = [statusLine(redirect.status), edited(redirectHead(redirect))];
    // The Location is ours to say, and only once.
    const head = line + dropFields(fields.slice(line.length), (name) => name === 'location');
    const locationOf = compileRedirect(redirect, match);
    return {
      status: redirect.status,
      headOf: (request) => `${head}location: ${locationOf(request)}\r\n`,
      body: '',
      hasDate: hasDate(head),
    };
  }
  if (respond === undefined) return undefined;
  const body = bytesOf(respond.body);
  const head = edited(respondHead(respond)) + lengthLine(respond.status, body);
  return { status: respond.status, headOf: () => head, body, hasDate: hasDate(head) };
}

function statusLine(status: number): string {
  return `HTTP/1.1 ${status} ${statusPhrase(status)}\r\n`;
}

function redirectHead({ status }: RedirectConfig): string {
  return `${statusLine(status)}content-length: 0\r\n`;
}

function respondHead({ status, headers, body, content_type }: RespondConfig): string {
  const fields = body === '' ? headers : { 'content-type': content_type, ...headers };
  return statusLine(status) + fieldLines(fields);
}

/** RFC 9110 section 8.6: a 204 must not have one, and that of a 304 would speak of another answer. */
function lengthLine(status: number, body: string): string {
  return status === 204 || status === 304 ? '' : `content-length: ${body.length}\r\n`;
}

/** A 200 with nothing in it. */
export const EMPTY_ANSWER: OwnAnswer = {
  status: 200,
  headOf: () => `${statusLine(200)}content-length: 0\r\n`,
  body: '',
  hasDate: false,
};

/** The whole answer. `lines` are whole lines beside its own. HEAD gets the head alone. */
export function formatOwnAnswer(answer: OwnAnswer, request: RequestHead, lines: string, requestId: string): string {
  const body = request.method === 'HEAD' ? '' : answer.body;
  return `${answer.headOf(request)}${lines}x-request-id: ${requestId}\r\n\r\n${body}`;
}
