/** The part of `outrigger status` that a name server has: its balanced names, a line each. Pure. */
import type { RecordReport } from '../dns/records-report.ts';
import { alignColumns } from './columns.ts';

/** How many addresses a line lists. */
const ADDRESSES = 4;

/** Nothing where there are none. */
export function formatRecords(records: readonly RecordReport[]): string[] {
  if (records.length === 0) return [];
  const rows = records.map(({ name, policy, basis, pools, ttl_seconds: ttl, why, ...rest }) => [
    name,
    policy,
    basis,
    pools
      .filter((pool) => pool.in_use)
      .map((pool) => pool.name)
      .join(' '),
    `${ttl} s`,
    shown(rest),
    why,
  ]);
  return [
    '',
    'balanced names',
    ...alignColumns([['NAME', 'POLICY', 'BASIS', 'POOL', 'TTL', 'ADDRESSES', 'WHY'], ...rows]).map((it) => `  ${it}`),
  ];
}

/** Where weights count, each address with its own: `192.0.2.1*3`. */
function shown({ addresses, weights }: Pick<RecordReport, 'addresses' | 'weights'>): string {
  const some = addresses.slice(0, ADDRESSES).map((it, i) => (weights === null ? it : `${it}*${weights[i] ?? 1}`));
  const more = addresses.length - ADDRESSES;
  return [...some, ...(more > 0 ? [`and ${more} more`] : [])].join(' ');
}
