/** What became of the attempts to change the configuration while it runs, for metrics and for people. Pure. */
import type { MetricsText } from './metrics.ts';

/**
 * applied: it is in force now · unchanged: it was in force already · refused: the one before stays ·
 * superseded: another one came before it was ready.
 */
const RELOAD_RESULTS = ['applied', 'unchanged', 'refused', 'superseded'] as const;

export type ReloadResult = (typeof RELOAD_RESULTS)[number];

export interface ReloadRecord {
  /** Milliseconds since 1970 of the start, or of the last change that was applied. */
  readonly inForceSinceMs: number;
  readonly counts: Readonly<Record<ReloadResult, number>>;
  /** Undefined where the last attempt was not refused. */
  readonly refusal: { readonly atMs: number; readonly reason: string } | undefined;
  /** Sections of the file that are not in force as they are written there: they need a restart. */
  readonly needsRestart: readonly string[];
}

export function firstRecord(nowMs: number): ReloadRecord {
  const counts = { applied: 0, unchanged: 0, refused: 0, superseded: 0 };
  return { inForceSinceMs: nowMs, counts, refusal: undefined, needsRestart: [] };
}

export type ReloadOutcome =
  | { readonly result: 'applied' | 'unchanged'; readonly needsRestart: readonly string[] }
  | { readonly result: 'refused'; readonly reason: string }
  | { readonly result: 'superseded' };

export function recordReload(record: ReloadRecord, outcome: ReloadOutcome, nowMs: number): ReloadRecord {
  const counts = { ...record.counts, [outcome.result]: record.counts[outcome.result] + 1 };
  switch (outcome.result) {
    case 'applied':
      return { inForceSinceMs: nowMs, counts, refusal: undefined, needsRestart: outcome.needsRestart };
    case 'unchanged':
      return { ...record, counts, refusal: undefined, needsRestart: outcome.needsRestart };
    case 'refused':
      return { ...record, counts, refusal: { atMs: nowMs, reason: outcome.reason } };
    case 'superseded':
      return { ...record, counts };
  }
}

/** As `/clusters` shows it, in JSON's words. */
export interface ReloadReport {
  /** ISO 8601. */
  readonly in_force_since: string;
  readonly reloads: Readonly<Record<ReloadResult, number>>;
  readonly refusal: { readonly at: string; readonly reason: string } | null;
  readonly needs_restart: readonly string[];
}

export function reportReloads({ inForceSinceMs, counts, refusal, needsRestart }: ReloadRecord): ReloadReport {
  const at = (ms: number): string => new Date(ms).toISOString();
  return {
    in_force_since: at(inForceSinceMs),
    reloads: counts,
    refusal: refusal === undefined ? null : { at: at(refusal.atMs), reason: refusal.reason },
    needs_restart: needsRestart,
  };
}

export function collectReloadMetrics({ counts, inForceSinceMs, refusal }: ReloadRecord, writer: MetricsText): void {
  writer.family('outrigger_config_reloads_total', 'counter', 'Attempts to change the configuration, by result.');
  for (const result of RELOAD_RESULTS) writer.sample({ result }, counts[result]);
  writer.family(
    'outrigger_config_in_force_timestamp_seconds',
    'gauge',
    'Since when the present configuration is in force, in seconds since 1970.',
  );
  writer.sample({}, inForceSinceMs / 1_000);
  writer.family(
    'outrigger_config_last_reload_refused',
    'gauge',
    'Whether the last attempt was refused (1) or not (0).',
  );
  writer.sample({}, refusal === undefined ? 0 : 1);
}
