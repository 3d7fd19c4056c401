/** The tables of `outrigger dns-window`. Pure. */
import type { RecordWindow } from '../src/config/record-window.ts';
import { formatSpan } from '../src/duration.ts';
import { alignColumns, printable } from './columns.ts';
import type { RecordReport } from './dns-window-run.ts';

const HEAD = ['FAILURE', 'DETECTION', 'PROPAGATION', 'TTL', 'TOTAL'];

const LEGEND = [
  'TTL: what can be left of it when the answer changes. Not included: the way of a packet; resolvers and clients that keep',
  'an answer beyond its TTL (some have a least TTL of their own; RFC 8767), that never ask again, or whose connection',
  'is open. One failure at a time.',
];

/** Lines without colours. */
export function formatRecords(records: readonly RecordReport[]): string[] {
  return [...records.flatMap((record) => [...formatRecord(record), '']), ...LEGEND].map(printable);
}

function formatRecord(record: RecordReport): string[] {
  const { name, config } = record;
  const pools = config.pools.map((pool) => pool.name).join(config.policy === 'all' ? ', ' : ' → ');
  const lines = merged(record.windows);
  const notes = lines.filter(({ it }) => it.outcome !== 'calculated').map(({ label, it }) => `  ${label}: ${it.why}`);
  return [
    `${name}: ${config.policy}, ${pools}${targetOf(record)}`,
    ...alignColumns([HEAD, ...lines.map(({ label, it }) => [label, ...termsOf(it)])]).map((line) => `  ${line}`),
    ...notes,
    ...ttlLine(record),
  ];
}

function termsOf({ outcome, why, window }: RecordWindow): readonly string[] {
  if (window === undefined) return ['never', '-', '-', '-'];
  const rest = [formatSpan(window.propagationMs), formatSpan(window.ttlMs)];
  if (outcome === 'unknown') return ['unknown', ...rest, `unknown + ${formatSpan(window.totalMs)}`];
  return [`${why} = ${formatSpan(window.detectionMs)}`, ...rest, formatSpan(window.totalMs)];
}

/** Failures of the same pools with the same consequences share a line; pools are named where not all are alike. */
function merged(windows: readonly RecordWindow[]): readonly { label: string; it: RecordWindow }[] {
  const lines = new Map<string, { failures: string[]; it: RecordWindow }>();
  for (const it of windows) {
    const key = [it.pools.join(), it.why, ...termsOf(it)].join('\n');
    const line = lines.get(key);
    if (line === undefined) lines.set(key, { failures: [it.failure], it });
    else line.failures.push(it.failure);
  }
  const alike = new Set(windows.map((it) => it.pools.join())).size === 1;
  return [...lines.values()].map(({ failures, it }) => ({
    label: failures.join(', ') + (alike ? '' : ` (${it.pools.join(', ')})`),
    it,
  }));
}

function targetOf({ config, worstMs }: RecordReport): string {
  if (config.failover_target === undefined || worstMs === undefined) return '';
  const spare = formatSpan(config.failover_target - worstMs);
  return `; failover_target ${formatSpan(config.failover_target)} is met, with ${spare} to spare`;
}

/** The TTL falls with each failed probe, which is why what is left of it is less than `ttl.max`. */
function ttlLine({ config, windows, ttls }: RecordReport): string[] {
  if (windows.every(({ outcome }) => outcome === 'never')) return [];
  const [first = 0, ...rest] = ttls;
  const falls = rest.some((seconds) => seconds !== first);
  const served = falls ? `${first}s in good health, ${listed(rest)} as probes fail` : `${first}s`;
  return [`  TTL served: ${served} (${formatSpan(config.ttl.min)} to ${formatSpan(config.ttl.max)} are configured)`];
}

function listed(seconds: readonly number[]): string {
  return seconds.map((it) => `${it}s`).join(', ');
}
