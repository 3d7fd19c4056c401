/** Durations with a unit, as the configuration writes them. */

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

export const DURATION_HINT = 'must be a duration with a unit, such as 250ms, 2s, 5m or 1h';

/** Milliseconds of `250ms`, `1.5s`, `5m`, `1h`; undefined for anything else, a bare number included. */
export function parseDurationMs(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,6})?)(ms|s|m|h)$/.exec(text);
  if (match === null) return undefined;
  const [, amount, unit] = match;
  return Math.round(Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS]);
}

/** The shortest exact form: 1500 → `1500ms`, 2000 → `2s`, 300000 → `5m`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  if (ms % UNIT_MS.h === 0) return `${ms / UNIT_MS.h}h`;
  if (ms % UNIT_MS.m === 0) return `${ms / UNIT_MS.m}m`;
  if (ms % UNIT_MS.s === 0) return `${ms / UNIT_MS.s}s`;
  return `${ms}ms`;
}

/** For people to read beside others: 5520 → `5.52s`, 20 → `20ms`, 90000 → `90s`; rounded to a millisecond. */
export function formatSpan(ms: number): string {
  const whole = Math.round(ms);
  return whole < 1_000 ? `${whole}ms` : `${whole / 1_000}s`;
}
