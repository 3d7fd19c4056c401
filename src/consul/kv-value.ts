/** One answer of Consul's key-value store → the value of a key, that there is none, or a failure. Pure. */
import { type ConsulAnswer, refusalOf } from './answer.ts';
import type { ConsulIndex } from './cursor.ts';

/** More is no setting that a person has put there. */
export const MAX_VALUE_BYTES = 64 * 1_024;

export type KvValue =
  /** `text` is undefined where the value is no UTF-8 text, or too large. */
  { readonly kind: 'present'; readonly text: string | undefined } | { readonly kind: 'absent' };

export type KvReading =
  | { readonly kind: 'value'; readonly value: KvValue }
  | { readonly kind: 'failed'; readonly error: Error };

export interface KvQuery {
  readonly key: string;
  /** The agent's own when undefined. */
  readonly datacenter: string | undefined;
  /** Who may answer: any server (the default), or only the leader, and only once it is sure that it is. */
  readonly consistency?: 'stale' | 'consistent';
}

/** Request target of the query. The key keeps its slashes. */
export function kvPath(
  { key, datacenter, consistency = 'stale' }: KvQuery,
  index: ConsulIndex,
  waitMs: number,
): string {
  const path = key.split('/').map(encodeURIComponent).join('/');
  const dc = datacenter === undefined ? '' : `&dc=${encodeURIComponent(datacenter)}`;
  return `/v1/kv/${path}?index=${index}&wait=${waitMs / 1000}s&${consistency}${dc}`;
}

export function readKvAnswer(answer: ConsulAnswer): KvReading {
  const reading = readKvEntry(answer);
  if (reading.kind === 'failed') return reading;
  const entry = reading.value;
  return { kind: 'value', value: entry === undefined ? { kind: 'absent' } : { kind: 'present', text: entry.text } };
}

/** One key with what Consul keeps beside its value. */
export interface KvEntry {
  /** The session that holds the key locked; undefined where none does. */
  readonly session: string | undefined;
  /** Undefined where the value is no UTF-8 text, or too large. */
  readonly text: string | undefined;
  /** Of its last change; undefined where that is more than a number here can tell. */
  readonly modifyIndex: number | undefined;
}

export type KvEntryReading =
  /** `value` is undefined where there is no such key. */
  { readonly kind: 'value'; readonly value: KvEntry | undefined } | { readonly kind: 'failed'; readonly error: Error };

export function readKvEntry(answer: ConsulAnswer): KvEntryReading {
  // Consul says 404 where there is no such key, with an index to wait at; anyone else's 404 has none.
  const isAbsent = answer.status === 404 && answer.header('x-consul-index') !== undefined;
  const refusal = refusalOf(isAbsent ? { ...answer, status: 200 } : answer);
  if (refusal !== undefined) return failed(refusal);
  if (isAbsent) return { kind: 'value', value: undefined };
  let body: unknown;
  try {
    body = JSON.parse(answer.body.toString('utf8'));
  } catch (error) {
    return failed('consul answered with malformed JSON', error);
  }
  const entry: unknown = Array.isArray(body) && body.length === 1 ? body[0] : undefined;
  if (typeof entry !== 'object' || entry === null) return failed('consul answered with something else than one entry');
  const { Value: value, Session: session, ModifyIndex: index } = ownValues(entry);
  if (value !== null && typeof value !== 'string') return failed('consul answered with an entry without a value');
  return {
    kind: 'value',
    value: {
      session: typeof session === 'string' && session !== '' ? session : undefined,
      text: value === null ? '' : textOf(value),
      modifyIndex: Number.isSafeInteger(index) ? (index as number) : undefined,
    },
  };
}

/** Without the prototype's. */
function ownValues(entry: object): Readonly<Record<string, unknown>> {
  return Object.assign(Object.create(null) as Record<string, unknown>, entry);
}

export function sameKvValue(a: KvValue, b: KvValue): boolean {
  if (a.kind !== 'present' || b.kind !== 'present') return a.kind === b.kind;
  return a.text === b.text;
}

function textOf(base64: string): string | undefined {
  if (base64.length > (MAX_VALUE_BYTES * 4) / 3 + 4) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(base64, 'base64'));
  } catch {
    return undefined;
  }
}

function failed(message: string, cause?: unknown): { readonly kind: 'failed'; readonly error: Error } {
  return { kind: 'failed', error: new Error(message, { cause }) };
}
