import { describe, expect, it } from 'vitest';
import { collectLeaderMetrics, type LeaderStatus, reportLeader } from '../../src/leader-report.ts';
import { MetricsText } from '../../src/metrics.ts';
import { parsePrometheusText, seriesValue } from '../support/prometheus-text.ts';

const FOLLOWS: LeaderStatus = {
  lock: 'edge/leader',
  leading: false,
  holder: undefined,
  address: undefined,
  renewalAgeMs: undefined,
  changes: 2,
  failure: undefined,
};
const LEADS: LeaderStatus = {
  ...FOLLOWS,
  leading: true,
  holder: 'edge-1/7',
  address: '192.0.2.10/24',
  renewalAgeMs: 1_234.5,
  changes: 3,
};

describe('who leads', () => {
  it('is told in JSON, with nothing left out', () => {
    const nothing = { holder: null, address: null, renewal_age_ms: null, failure: null };
    expect(reportLeader(FOLLOWS)).toEqual({ lock: 'edge/leader', leading: false, changes: 2, ...nothing });
    const all = { holder: 'edge-1/7', address: '192.0.2.10/24', renewal_age_ms: 1_235, failure: null };
    expect(reportLeader(LEADS)).toEqual({ lock: 'edge/leader', leading: true, changes: 3, ...all });
  });

  it('is told in metrics, the age of a renewal only by whoever leads', () => {
    const valuesOf = (status: LeaderStatus) => {
      const writer = new MetricsText();
      collectLeaderMetrics(status, writer);
      const page = parsePrometheusText(writer.toString());
      const names = ['outrigger_leader', 'outrigger_leader_changes_total', 'outrigger_leader_renewal_age_seconds'];
      return names.map((name) => seriesValue(page, name, { lock: 'edge/leader' }));
    };
    expect(valuesOf(FOLLOWS)).toEqual([0, 2, undefined]);
    expect(valuesOf(LEADS)).toEqual([1, 3, 1.2345]);
  });
});
