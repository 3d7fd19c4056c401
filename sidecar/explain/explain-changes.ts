/** What a route makes of a request that it takes: its answer, or what it changes on the way there and back. */
import type { HeaderEditsConfig } from '../../src/config/header-edits.ts';
import type { RouteConfig } from '../../src/config/listener.ts';
import { textOf } from '../../src/hash.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { compileOwnAnswer } from '../own-answer.ts';
import { compileRequestEdit } from '../request-edit.ts';
import type { AnswerExplanation, ChangesExplanation, EditedHeaders } from './explanation.ts';

/** Undefined for a route that asks an endpoint. */
export function explainAnswer(config: RouteConfig, head: RequestHead): AnswerExplanation | undefined {
  const answer = compileOwnAnswer(config);
  if (answer === undefined) return undefined;
  const location = /\r\nlocation: ([^\r]*)/i.exec(answer.headOf(head))?.[1];
  return { status: answer.status, location: location === undefined ? null : textOf(location) };
}

/** Null for a route that passes both ways what it gets. Values of fields may be secrets, so only their names are told. */
export function explainChanges(config: RouteConfig, head: RequestHead): ChangesExplanation | null {
  const { rewrite, request_headers: request, response_headers: response } = config;
  if (rewrite === undefined && request === undefined && response === undefined) return null;
  const sent = compileRequestEdit(config)?.(head) ?? head.forwarded;
  // Method, target, version: no part of a request line has a space in it.
  const target = sent.slice(0, sent.indexOf('\r\n')).split(' ')[1] ?? '';
  return {
    target: rewrite === undefined || target === head.target ? null : textOf(target),
    host: rewrite?.host ?? null,
    request_headers: namesOf(request),
    response_headers: namesOf(response),
  };
}

function namesOf(edits: HeaderEditsConfig | undefined): EditedHeaders | null {
  if (edits === undefined) return null;
  return { set: Object.keys(edits.set), add: Object.keys(edits.add), remove: edits.remove };
}
