/** Who leads, as metrics and `/clusters` tell it. Pure. */
import type { MetricsText } from './metrics.ts';

export interface LeaderStatus {
  readonly lock: string;
  /** Whether this process leads. */
  readonly leading: boolean;
  /** Who leads, by the name that it has given itself; undefined while nobody does or it is not known. */
  readonly holder: string | undefined;
  /** With the length of its prefix; undefined where there is none to own. */
  readonly address: string | undefined;
  /** Since the last renewal was sent that was confirmed; undefined while this process does not lead. */
  readonly renewalAgeMs: number | undefined;
  /** How often this process has begun or ceased to lead. */
  readonly changes: number;
  /** Why Consul cannot be asked now; undefined where it can. */
  readonly failure: string | undefined;
}

/** As `/clusters` shows it, in JSON's words. */
export interface LeaderReport {
  readonly lock: string;
  readonly leading: boolean;
  readonly holder: string | null;
  readonly address: string | null;
  readonly renewal_age_ms: number | null;
  readonly changes: number;
  readonly failure: string | null;
}

export function reportLeader({ renewalAgeMs, ...status }: LeaderStatus): LeaderReport {
  const { lock, leading, holder = null, address = null, changes, failure = null } = status;
  const age = renewalAgeMs === undefined ? null : Math.round(renewalAgeMs);
  return { lock, leading, holder, address, renewal_age_ms: age, changes, failure };
}

export function collectLeaderMetrics({ lock, leading, changes, renewalAgeMs }: LeaderStatus, to: MetricsText): void {
  to.family('outrigger_leader', 'gauge', 'Whether this process leads (1) or follows (0).');
  to.sample({ lock }, leading ? 1 : 0);
  to.family('outrigger_leader_changes_total', 'counter', 'How often this process has begun or ceased to lead.');
  to.sample({ lock }, changes);
  to.family('outrigger_leader_renewal_age_seconds', 'gauge', 'Since its last confirmed renewal, while it leads.');
  if (renewalAgeMs !== undefined) to.sample({ lock }, renewalAgeMs / 1_000);
}
