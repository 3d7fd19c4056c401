/** The part of `outrigger status` that a name server has: its balanced names, a line each. Pure. */
import type { RecordReport } from '../dns/records-report.ts';
import { alignColumns } from './columns.ts';

/** How many addresses a line lists. */
const ADDRESSES = 4;

/** Nothing where there are none. */
export function formatRecords(records: readonly RecordReport[]): string[] {
  if (records.length === 0) return [];
  const rows = records.map(({ name, policy, basis, pools, ttl_seconds: ttl, addresses, why }) => [
    name,
    policy,
    basis,
    pools
      .filter((pool) => pool.in_use)
      .map((pool) => pool.name)
      .join(' '),
    `${ttl} s`,
    shown(addresses),
    why,
  ]);
  return [
    '',
    'balanced names',
    ...alignColumns([['NAME', 'POLICY', 'BASIS', 'POOL', 'TTL', 'ADDRESSES', 'WHY'], ...rows]).map((it) => `  ${it}`),
  ];
}

function shown(addresses: readonly string[]): string {
  const more = addresses.length - ADDRESSES;
  return [...addresses.slice(0, ADDRESSES), ...(more > 0 ? [`and ${more} more`] : [])].join(' ');
}
