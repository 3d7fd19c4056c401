/** What is remembered of a source's answers, and the status that people are shown. Pure. */
import type { DiscoveryStatus } from './cluster-view.ts';

export interface DiscoveryRecord {
  readonly answeredAtMs: number | undefined;
  readonly absent: boolean;
  readonly error: string | undefined;
  readonly fromSaved: boolean;
  readonly skipped: readonly string[];
  readonly updates: DiscoveryStatus['updates'];
}

export const NO_ANSWER_YET: DiscoveryRecord = Object.freeze({
  answeredAtMs: undefined,
  absent: false,
  error: undefined,
  fromSaved: false,
  skipped: [],
  updates: Object.freeze({ applied: 0, unchanged: 0, held: 0, failed: 0 }),
});

export interface Answered {
  readonly result: 'applied' | 'unchanged' | 'held';
  readonly absent: boolean;
  readonly skipped: readonly string[];
  readonly nowMs: number;
}

export function recordAnswer(record: DiscoveryRecord, { result, absent, skipped, nowMs }: Answered): DiscoveryRecord {
  const updates = count(record.updates, result);
  return { answeredAtMs: nowMs, absent, error: undefined, fromSaved: false, skipped, updates };
}

export function recordFailure(record: DiscoveryRecord, error: string): DiscoveryRecord {
  return { ...record, error, updates: count(record.updates, 'failed') };
}

/** Updates that were counted elsewhere come on top. */
export function addUpdates(record: DiscoveryRecord, more: DiscoveryStatus['updates']): DiscoveryRecord {
  const { applied, unchanged, held, failed } = record.updates;
  const updates = Object.freeze({
    applied: applied + more.applied,
    unchanged: unchanged + more.unchanged,
    held: held + more.held,
    failed: failed + more.failed,
  });
  return { ...record, updates };
}

export interface StatusInputs {
  readonly source: DiscoveryStatus['source'];
  readonly index: string | undefined;
  readonly held: string | undefined;
  readonly nowMs: number;
}

/**
 *   last attempt | a set is in use       | state
 *   -------------|-----------------------|---------
 *   none, failed | no                    | waiting
 *   none, failed | yes, saved or answered| stale
 *   answered     | "no such thing"       | absent
 *   answered     | yes                   | current
 */
export function discoveryStatus(record: DiscoveryRecord, inputs: StatusInputs): DiscoveryStatus {
  const { answeredAtMs, absent, error, fromSaved, skipped, updates } = record;
  const failed = error !== undefined || answeredAtMs === undefined;
  const inUse = answeredAtMs !== undefined || fromSaved;
  return {
    source: inputs.source,
    state: failed ? (inUse ? 'stale' : 'waiting') : absent ? 'absent' : 'current',
    ageSeconds: answeredAtMs === undefined ? undefined : Math.max(0, inputs.nowMs - answeredAtMs) / 1000,
    index: inputs.index,
    error,
    held: inputs.held,
    fromSaved,
    skipped,
    updates,
  };
}

function count(updates: DiscoveryStatus['updates'], result: keyof DiscoveryStatus['updates']): typeof updates {
  return Object.freeze({ ...updates, [result]: updates[result] + 1 });
}
