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
}

/** Request target of the query; `stale` lets any server answer. The key keeps its slashes. */
export function kvPath({ key, datacenter }: KvQuery, index: ConsulIndex, waitMs: number): string {
  const path = key.split('/').map(encodeURIComponent).join('/');
  const dc = datacenter === undefined ? '' : `&dc=${encodeURIComponent(datacenter)}`;
  return `/v1/kv/${path}?index=${index}&wait=${waitMs / 1000}s&stale${dc}`;
}

export function readKvAnswer(answer: ConsulAnswer): KvReading {
  // Consul says 404 where there is no such key, with an index to wait at; anyone else's 404 has none.
  const isAbsent = answer.status === 404 && answer.header('x-consul-index') !== undefined;
  const refusal = refusalOf(isAbsent ? { ...answer, status: 200 } : answer);
  if (refusal !== undefined) return failed(refusal);
  if (isAbsent) return { kind: 'value', value: { kind: 'absent' } };
  let body: unknown;
  try {
    body = JSON.parse(answer.body.toString('utf8'));
  } catch (error) {
    return failed('consul answered with malformed JSON', error);
  }
  const entry: unknown = Array.isArray(body) && body.length === 1 ? body[0] : undefined;
  if (typeof entry !== 'object' || entry === null) return failed('consul answered with something else than one entry');
  const value: unknown = Object.hasOwn(entry, 'Value') ? (entry as { Value: unknown }).Value : undefined;
  if (value === null) return present('');
  if (typeof value !== 'string') return failed('consul answered with an entry without a value');
  return present(textOf(value));
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

function present(text: string | undefined): KvReading {
  return { kind: 'value', value: { kind: 'present', text } };
}

function failed(message: string, cause?: unknown): KvReading {
  return { kind: 'failed', error: new Error(message, { cause }) };
}
