import { describe, expect, test } from 'vitest';
import { formatRecords } from '../../cli/records-table.ts';
import type { RecordReport } from '../../dns/records-report.ts';

const PRIMARY = { name: 'primary', up: 1, members: 2, held: 0, min_up: 1, settled: true, in_use: true };
const BACKUP = { name: 'backup', up: 1, members: 1, held: 0, min_up: 1, settled: true, in_use: false };

const WWW: RecordReport = {
  zone: 'lb.test',
  name: 'www.lb.test',
  policy: 'failover',
  basis: 'up',
  addresses: ['192.0.2.1'],
  serving: 'all',
  weights: null,
  ttl_seconds: 3,
  serial: 1_700_000_000,
  changes: 0,
  why: 'members that are up: primary 1 of 2',
  pools: [PRIMARY, BACKUP],
};

describe('the table of balanced names', () => {
  test('has a line for each, with the pools in use and a few of many addresses', () => {
    const addresses = Array.from({ length: 6 }, (_, i) => `192.0.2.${i + 1}`);
    const why = 'members that are up: primary 5 of 5, backup 1 of 1';
    const pools = [PRIMARY, { ...BACKUP, in_use: true }];
    const all: RecordReport = { ...WWW, name: 'all.lb.test', policy: 'all', addresses, ttl_seconds: 30, pools, why };
    expect(`\n${formatRecords([WWW, all]).join('\n')}`).toBe(`

balanced names
  NAME         POLICY    BASIS  POOL            TTL   ADDRESSES                                           WHY
  www.lb.test  failover  up     primary         3 s   192.0.2.1                                           members that are up: primary 1 of 2
  all.lb.test  all       up     primary backup  30 s  192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4 and 2 more  members that are up: primary 5 of 5, backup 1 of 1`);
  });

  test('shows weights where they count', () => {
    const web: RecordReport = { ...WWW, policy: 'weighted', addresses: ['192.0.2.1', '192.0.2.2'], weights: [3, 1] };
    expect(formatRecords([web]).at(-1)).toContain('  192.0.2.1*3 192.0.2.2*1  ');
  });

  test('is not there without names', () => {
    expect(formatRecords([])).toEqual([]);
  });
});
