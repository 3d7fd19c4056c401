/** `failover_target`: refused where the values beside it cannot meet it. */
import { formatSpan } from '../duration.ts';
import type { FailoverWindow } from '../failover-window.ts';
import type { BalancedRecordConfig } from './dns.ts';
import { failoverFix } from './failover-fix.ts';
import type { ConfigPath } from './problem.ts';
import { type RecordWindow, recordWindows, worstWindow } from './record-window.ts';
import type { RuleContext } from './rule.ts';

const PARTS = ['failover_target', 'pools', 'probe', 'ttl'];

/** A target is for each way to fail: one that nobody notices is never over, so no time is long enough for it. */
export function failoverTargetRule(context: RuleContext, path: ConfigPath, record: BalancedRecordConfig): void {
  if (!PARTS.every((part) => context.isSound([...path, part]))) return;
  const { failover_target: targetMs, probe, ttl } = record;
  // Where they cross that is a problem already.
  if (targetMs === undefined || ttl.min > ttl.max) return;
  const at = [...path, 'failover_target'];
  const windows = recordWindows(record);
  const worst = worstWindow(windows);
  if (probe === undefined || worst === undefined) {
    context.report(at, whyUnbounded(windows), 'key');
  } else if (worst.totalMs > targetMs) {
    context.report(at, `cannot be met: ${sumOf(worst)}; ${failoverFix({ ...record, probe }, targetMs)}`, 'key');
  }
}

/** Where only some failures go unnoticed, it is for the kind of the probe. */
function whyUnbounded(windows: readonly RecordWindow[]): string {
  const missed = windows.find(({ outcome }) => outcome !== 'calculated');
  if (missed === undefined) return 'cannot be met: there are no pools';
  if (windows.every(({ outcome }) => outcome !== 'calculated')) return `cannot be met: ${missed.why}`;
  return `cannot be met where a member is ${missed.failure}: ${missed.why}; an http or exec probe would notice`;
}

/** `detection 3.5s + propagation 20ms + TTL 2s = 5.52s`. */
function sumOf({ detectionMs, propagationMs, ttlMs, totalMs }: FailoverWindow): string {
  const terms = `detection ${formatSpan(detectionMs)} + propagation ${formatSpan(propagationMs)} + TTL ${formatSpan(ttlMs)}`;
  return `${terms} = ${formatSpan(totalMs)}`;
}
