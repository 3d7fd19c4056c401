/** The lock as its leader writes it and as Consul shows it. Pure. */
import type { LockEntry } from '../leader.ts';
import type { ConsulAnswer } from './answer.ts';
import { readKvEntry } from './kv-value.ts';

/** What a leader leaves in the lock, for other candidates and for people. */
export interface LockNote {
  /** A name of the process. */
  readonly holder: string;
  readonly session: string;
  /** Grows with each renewal: Consul takes equal values for no write at all. */
  readonly beat: number;
  readonly released: boolean;
  /** How long others are to wait for it after this beat. */
  readonly ttlMs: number;
  /** Whether it could do what it leads for. */
  readonly ready: boolean;
  /** Where it has the one that the lead is left to, as that calls the place; nobody else takes it for given back. */
  readonly heir?: string | undefined;
}

export type LockReading =
  /** `value` is undefined where nobody has ever held it. */
  | { readonly kind: 'value'; readonly value: LockEntry | undefined }
  | { readonly kind: 'failed'; readonly error: Error };

/** The value of the key: one line of JSON. */
export function formatLockNote({ holder, session, beat, released, ttlMs, ready, heir }: LockNote): string {
  return JSON.stringify({ holder, session, beat, released, ttl_ms: ttlMs, ready, heir });
}

/** A value, to be put only in the place of the one that the key had at this index. */
export interface LockWish {
  readonly value: string;
  readonly cas: number;
}

/** What to put in the place of a leader's note to ask for the lead; undefined where there is nobody who would hear of it. */
export function lockWish(answer: ConsulAnswer, from: string): LockWish | undefined {
  const reading = readKvEntry(answer);
  const { text, session, modifyIndex } = (reading.kind === 'value' ? reading.value : undefined) ?? {};
  const note = noteOf(text);
  if (session === undefined || modifyIndex === undefined || note['ready'] !== false) return undefined;
  return { value: JSON.stringify({ ...note, [WANTED_BY]: from }), cas: modifyIndex };
}

/**
 * What anyone else has written there is an entry all the same: that of somebody who has not given the lock back. `place`
 * is what this process would be left the lead as.
 */
export function readLock(answer: ConsulAnswer, place?: string): LockReading {
  const reading = readKvEntry(answer);
  if (reading.kind === 'failed') return reading;
  if (reading.value === undefined) return { kind: 'value', value: undefined };
  const { text, session } = reading.value;
  const note = noteOf(text);
  const textAt = (key: string): string | undefined => {
    const value = note[key];
    return typeof value === 'string' && value !== '' ? value.slice(0, MAX_NAME) : undefined;
  };
  const value = {
    beat: beatOf(note) ?? text ?? '',
    session,
    writer: textAt('session'),
    holder: textAt('holder'),
    released: note['released'] === true,
    ttlMs: ttlOf(note['ttl_ms']),
    leftToUs: place !== undefined && note['heir'] === place,
    ready: note['ready'] !== false,
    wanted: textAt(WANTED_BY) !== undefined,
  };
  return { kind: 'value', value };
}

export function sameLock(a: LockEntry | undefined, b: LockEntry | undefined): boolean {
  return a?.beat === b?.beat && a?.session === b?.session && a?.wanted === b?.wanted;
}

/** Beside the words of a leader: who asks it for the lead. */
const WANTED_BY = 'wanted_by';

/** What the leader has written, so without what another has added to it; undefined where nothing was added. */
function beatOf({ [WANTED_BY]: wantedBy, ...note }: Readonly<Record<string, unknown>>): string | undefined {
  return wantedBy === undefined ? undefined : JSON.stringify(note);
}

/** Names are shown to people and written into logs. */
const MAX_NAME = 128;
const SHORTEST_TTL_MS = 10_000;
const LONGEST_TTL_MS = 86_400_000;

/** What a configuration can ask for (`session_ttl`); anything else says nothing. */
function ttlOf(value: unknown): number | undefined {
  return typeof value === 'number' && value >= SHORTEST_TTL_MS && value <= LONGEST_TTL_MS ? value : undefined;
}

function noteOf(text: string | undefined): Readonly<Record<string, unknown>> {
  let note: unknown;
  try {
    note = JSON.parse(text ?? '');
  } catch {
    // Not ours.
  }
  return Object.assign(Object.create(null) as Record<string, unknown>, typeof note === 'object' ? note : {});
}
