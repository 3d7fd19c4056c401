/** How evenly keys are spread: exact, from the arcs of rings and the entries of tables, not from sampled keys. */
import type { Endpoint } from '../../src/endpoint.ts';
import { buildMaglevTable } from '../../src/maglev-table.ts';
import { buildRing } from '../../src/ring.ts';
import { type Effort, type Figure, meanOf, shownOf } from './figure.ts';
import { fleet } from './fleet.ts';

/** Promised of a ring of ten, and of every table. */
const RING_OF_TEN = 1.25;
const TABLE = 1.01;

/** How far the busiest endpoint is above the mean. */
export function shareFigure({ sizes, sets }: Effort): Figure {
  const broken: string[] = [];
  const rows = shownOf(sizes).map((size) => {
    const excessOf = (sharesOf: (endpoints: readonly Endpoint[]) => readonly number[]): readonly number[] =>
      Array.from({ length: sets }, (_, set) => Math.max(...sharesOf(fleet(size, set))) * size);
    const [ring, table] = [excessOf(ringShares), excessOf(tableShares)];
    if (size === 10 && meanOf(ring) > RING_OF_TEN) broken.push(`the busiest of a ring of ten has ${meanOf(ring)}`);
    if (Math.max(...table) > TABLE) broken.push(`the busiest of a table of ${size} has ${Math.max(...table)}`);
    return [String(size), ...[ring, table].map((it) => `${meanOf(it).toFixed(3)} (${Math.max(...it).toFixed(3)})`)];
  });
  return {
    name: 'shares',
    table: [['endpoints', '`ring_hash`', '`maglev`'], ...rows],
    note: `Share of the busiest endpoint ÷ mean share, equal weights: the mean of ${sets} sets, and the worst of them.`,
    broken,
  };
}

function ringShares(endpoints: readonly Endpoint[]): readonly number[] {
  const { hashes, owners } = buildRing(endpoints);
  const shares = endpoints.map(() => 0);
  for (const [i, hash] of hashes.entries()) {
    // A point has the keys from behind the one before it; the first has those behind the last as well.
    const before = hashes[i - 1] ?? (hashes.at(-1) as number) - 2 ** 32;
    const owner = owners[i] as number;
    shares[owner] = (shares[owner] as number) + (hash - before) / 2 ** 32;
  }
  return shares;
}

function tableShares(endpoints: readonly Endpoint[]): readonly number[] {
  const { owners } = buildMaglevTable(endpoints);
  const shares = endpoints.map(() => 0);
  for (const owner of owners) shares[owner] = (shares[owner] as number) + 1 / owners.length;
  return shares;
}
