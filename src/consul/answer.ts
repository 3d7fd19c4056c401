/** One answer of Consul's health endpoint → endpoints or a failure. Never takes a refusal for an empty list. */
import type { DiscoveryUpdate } from '../discovery.ts';
import { type EntryOptions, parseEntries } from './entries.ts';

export interface ConsulAnswer {
  readonly status: number;
  /** Value of a header by its lower-case name; undefined when it is missing. */
  readonly header: (name: string) => string | undefined;
  readonly body: Buffer;
}

/** Older than this, a stale read is no better than no answer. */
const MAX_LAST_CONTACT_MS = 10_000;
const EXCERPT_MAX = 120;

/** `absent` never comes from here: Consul answers the same for a service it never knew and one that has no instance. */
export function readAnswer(answer: ConsulAnswer, options: EntryOptions): DiscoveryUpdate {
  const refusal = refusalOf(answer);
  if (refusal !== undefined) return failed(refusal);
  let body: unknown;
  try {
    body = JSON.parse(answer.body.toString('utf8'));
  } catch (error) {
    return failed('consul answered with malformed JSON', error);
  }
  const parsed = parseEntries(body, options);
  if (typeof parsed === 'string') return failed(`consul answered with something else: ${parsed}`);
  const filtered = answer.header('x-consul-results-filtered-by-acls') === 'true';
  if (filtered && parsed.endpoints.length === 0) return failed('the ACL token may not see any instance');
  const skipped = filtered ? [...parsed.skipped, 'instances that the ACL token may not see'] : parsed.skipped;
  return { kind: 'endpoints', endpoints: parsed.endpoints, skipped };
}

/** Why the head of an answer already disqualifies it; undefined where it does not. */
export function refusalOf({ status, header, body }: ConsulAnswer): string | undefined {
  if (status !== 200) return `consul answered ${status}${excerpt(body)}`;
  const encoding = header('content-encoding') ?? 'identity';
  if (encoding !== 'identity') return `consul answered in encoding ${encoding}, which was not asked for`;
  if (header('x-consul-knownleader') === 'false') return 'consul knows no leader';
  const lastContact = header('x-consul-lastcontact');
  if (lastContact === undefined || lastContact === 'never') return undefined;
  if (!/^[0-9]{1,15}$/.test(lastContact)) return 'consul sent a malformed X-Consul-LastContact';
  if (Number(lastContact) <= MAX_LAST_CONTACT_MS) return undefined;
  return `the server that answered heard from its leader ${Math.round(Number(lastContact) / 1000)}s ago`;
}

/** The first words of an error body on one line, where they are words at all. */
function excerpt(body: Buffer): string {
  const text = body
    .subarray(0, 4 * EXCERPT_MAX)
    .toString('utf8')
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  if (text === '' || text.startsWith('<')) return '';
  return `: ${text.length <= EXCERPT_MAX ? text : `${text.slice(0, EXCERPT_MAX)}…`}`;
}

function failed(message: string, cause?: unknown): DiscoveryUpdate {
  return { kind: 'failed', error: new Error(message, { cause }) };
}
