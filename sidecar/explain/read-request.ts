/** A question as a listener would read it: the head, and the body once somebody asks for something in it. */
import type { HttpListenerConfig } from '../../src/config/listener.ts';
import { REASONS, type Reason } from '../../src/error.ts';
import type { ClientIdentity } from '../client-identity.ts';
import { HEAD_REFUSALS, type HeadRefusal } from '../head-refusal.ts';
import { HeadIntake } from '../http1/head-intake.ts';
import type { Interests } from '../http1/interests.ts';
import { RequestHead, readRequestHead } from '../http1/request-head.ts';

export interface ReadRequest {
  readonly head: RequestHead;
  /** Why the listener would not take it. */
  readonly refusal: { readonly reason: Reason; readonly status: number; readonly problem: string } | undefined;
}

/** `text` is a whole head, one character an octet. */
export function readHead(
  text: string,
  { limits }: HttpListenerConfig,
  { interests, identity }: { readonly interests: Interests; readonly identity: ClientIdentity },
): ReadRequest {
  const head = new RequestHead();
  const refuse = (refusal: HeadRefusal): ReadRequest => {
    const { reason, status = REASONS[reason].status, problem = head.problem } = HEAD_REFUSALS[refusal];
    return { head, refusal: { reason, status, problem } };
  };
  const intake = new HeadIntake(limits.max_head);
  intake.push(Buffer.from(text, 'latin1'));
  const found = intake.next();
  if (found !== 'whole') return refuse(found === 'incomplete' ? 'malformed' : found);
  const verdict = readRequestHead(text, head, interests, identity.isTrusted, { maxHeaders: limits.max_headers });
  return verdict === 'ok' ? { head, refusal: undefined } : refuse(verdict);
}

/**
 * Gives `head` what the body has for it, where somebody has asked for that. False where the body is announced and not
 * known, so that nobody can tell how it goes on.
 */
export function takeBody(head: RequestHead, body: string | undefined, { json }: Interests): boolean {
  if (!head.body.isWanted || json === undefined) return true;
  if (body === undefined) return false;
  const bytes = Buffer.from(body);
  if (bytes.length > json.maxBytes) head.body.giveUp();
  else head.body.read(bytes, json);
  return true;
}
