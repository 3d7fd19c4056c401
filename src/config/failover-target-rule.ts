/** `failover_target`: refused where the values beside it cannot meet it. */
import { formatSpan } from '../duration.ts';
import type { FailoverWindow } from '../failover-window.ts';
import type { BalancedRecordConfig } from './dns.ts';
import { failoverFix } from './failover-fix.ts';
import type { ConfigPath } from './problem.ts';
import { recordWindows, worstWindow } from './record-window.ts';
import type { RuleContext } from './rule.ts';

const PARTS = ['failover_target', 'pools', 'probe', 'ttl'];

/** A failure that no probe of this kind notices is told by `outrigger dns-window`, and no reason to refuse a target. */
export function failoverTargetRule(context: RuleContext, path: ConfigPath, record: BalancedRecordConfig): void {
  if (!PARTS.every((part) => context.isSound([...path, part]))) return;
  const { failover_target: targetMs, probe, ttl } = record;
  // Where they cross that is a problem already.
  if (targetMs === undefined || ttl.min > ttl.max) return;
  const at = [...path, 'failover_target'];
  const windows = recordWindows(record);
  const worst = worstWindow(windows);
  if (probe === undefined || worst?.window === undefined) {
    context.report(at, `cannot be met: ${windows[0]?.why ?? 'there are no pools'}`, 'key');
  } else if (worst.window.totalMs > targetMs) {
    context.report(at, `cannot be met: ${sumOf(worst.window)}; ${failoverFix({ ...record, probe }, targetMs)}`, 'key');
  }
}

/** `detection 3.5s + propagation 20ms + TTL 2s = 5.52s`. */
function sumOf({ detectionMs, propagationMs, ttlMs, totalMs }: FailoverWindow): string {
  const terms = `detection ${formatSpan(detectionMs)} + propagation ${formatSpan(propagationMs)} + TTL ${formatSpan(ttlMs)}`;
  return `${terms} = ${formatSpan(totalMs)}`;
}
