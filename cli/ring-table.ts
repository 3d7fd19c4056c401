/** The tables of `outrigger ring show` and `ring diff`. Pure. */

import type { MoveReport } from '../src/key-moves.ts';
import type { ShareReport } from '../src/key-shares.ts';
import { formatRatio } from '../src/ratio.ts';
import { alignColumns, printable } from './columns.ts';

export interface TableHead {
  readonly cluster: string;
  readonly policy: string;
}

const BAR_CELLS = 24;

/** Lines without colours. */
export function formatShares({ cluster, policy }: TableHead, report: ShareReport): string[] {
  const { endpoints, keys, fingerprint, worst } = report;
  const facts = [policy, count(endpoints.length, 'endpoint'), ...ringOf(fingerprint), `${whole(keys)} keys sampled`];
  if (endpoints.length === 0) return [printable(`${cluster}: ${facts.join(', ')}`), '  no endpoints'];
  const isWhole = endpoints.every(({ status }) => status === 'up');
  const largest = Math.max(...endpoints.flatMap(({ expected, actual }) => [expected, actual]));
  const head = ['ENDPOINT', 'ADDRESS', 'WEIGHT', 'EXPECTED', 'ACTUAL', '', ...(isWhole ? [] : ['NOW', 'STATUS'])];
  const rows = endpoints.map((it) => [
    it.id,
    it.address,
    String(it.weight),
    formatRatio(it.expected),
    formatRatio(it.actual),
    bar(it.actual / largest, it.expected / largest),
    ...(isWhole ? [] : [formatRatio(it.now), it.status]),
  ]);
  return [
    `${cluster}: ${facts.join(', ')}`,
    ...alignColumns([head, ...rows]).map((line) => `  ${line}`),
    `most loaded for its weight: ${worst.toFixed(2)} × its expected share`,
  ].map(printable);
}

/** `█` up to the actual share and `│` where the weight would have it end. */
function bar(actual: number, expected: number): string {
  const filled = Math.round((Number.isFinite(actual) ? actual : 0) * BAR_CELLS);
  const mark = Math.round((Number.isFinite(expected) ? expected : 0) * BAR_CELLS);
  const cells = Array.from({ length: BAR_CELLS + 1 }, (_, i) => (i === mark ? '│' : i < filled ? '█' : ' '));
  return cells.join('');
}

export function formatMoves({ cluster, policy }: TableHead, report: MoveReport): string[] {
  const { keys, moved, needed, collateral, endpoints, fingerprintBefore, fingerprintAfter } = report;
  const rings = fingerprintBefore === '' ? [] : [`ring ${fingerprintBefore} → ${fingerprintAfter}`];
  const rows = endpoints.map((it) => [
    it.id,
    it.address,
    change(it.weightBefore, it.weightAfter),
    formatRatio(it.shareBefore),
    formatRatio(it.shareAfter),
    it.gained === 0 ? '' : `+${whole(it.gained)}`,
    it.lost === 0 ? '' : `-${whole(it.lost)}`,
  ]);
  return [
    `${cluster}: ${[policy, ...rings, `${whole(keys)} keys sampled`].join(', ')}`,
    `  would move  ${whole(moved)} (${formatRatio(moved / keys)}); by the weights ${formatRatio(needed)} have to`,
    `  collateral  ${whole(collateral)} (${formatRatio(collateral / keys)}) from an endpoint that stays to another that stays`,
    ...alignColumns([['ENDPOINT', 'ADDRESS', 'WEIGHT', 'BEFORE', 'AFTER', 'GAINS', 'LOSES'], ...rows]).map(
      (line) => `  ${line}`,
    ),
  ].map(printable);
}

function change(before: number | null, after: number | null): string {
  if (before === null) return `new, ${after}`;
  if (after === null) return `${before}, gone`;
  return before === after ? String(before) : `${before} → ${after}`;
}

function ringOf(fingerprint: string): readonly string[] {
  return fingerprint === '' ? [] : [`ring ${fingerprint}`];
}

function count(many: number, word: string): string {
  return `${whole(many)} ${word}${many === 1 ? '' : 's'}`;
}

/** `1,234`. */
function whole(value: number): string {
  return value.toLocaleString('en-US');
}
