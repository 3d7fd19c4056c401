/** One ring from another: the points of endpoints that stay are kept, those of the others are taken out or put in. */
import type { Endpoint } from './endpoint.ts';
import { ownerArray, possibleOwners } from './owner-table.ts';
import { buildRing, drawPoints, type Ring, ringOfPoints, ringOfSorted, sumOf } from './ring.ts';
import { pointCounts } from './ring-points.ts';

/** Marks a former owner of whom nothing is kept. */
const GONE = 0xffff_ffff;

/**
 * Exactly what `buildRing(endpoints)` gives, sooner: hashing and sorting cost only as much as has changed. `previous`
 * must have been built by `buildRing` or by this.
 */
export function updateRing(previous: Ring, endpoints: readonly Endpoint[]): Ring {
  const ordered = possibleOwners(endpoints);
  const counts = pointCounts(ordered);
  const { successors, fresh } = compare(previous, ordered, counts);
  const freshCounts = Uint32Array.from(fresh, (owner) => counts[owner] as number);
  if (sumOf(freshCounts) * 2 > previous.hashes.length) return buildRing(endpoints);
  const changed = fresh.map((owner) => ordered[owner] as Endpoint);
  const added = ringOfPoints(drawPoints(changed, freshCounts));
  return ringOfSorted({ endpoints: ordered, counts, ...merge({ previous, successors, added, fresh, counts }) });
}

interface Comparison {
  /** Former owner → owner now, or GONE where it left or has another number of points. */
  readonly successors: Uint32Array;
  /** Owners all of whose points are new. */
  readonly fresh: readonly number[];
}

function compare(previous: Ring, ordered: readonly Endpoint[], counts: Uint32Array): Comparison {
  const former = new Map(previous.endpoints.map((endpoint, owner) => [endpoint.id, owner]));
  const successors = new Uint32Array(previous.endpoints.length).fill(GONE);
  const fresh: number[] = [];
  for (const [owner, endpoint] of ordered.entries()) {
    const before = former.get(endpoint.id);
    if (before !== undefined && previous.counts[before] === counts[owner]) successors[before] = owner;
    else fresh.push(owner);
  }
  return { successors, fresh };
}

interface Merge extends Comparison {
  readonly previous: Ring;
  readonly added: Ring;
  readonly counts: Uint32Array;
}

/** Both lists ascend by (hash, id), and owners are in order of id before as after: so does what comes of them. */
function merge({ previous, successors, added, fresh, counts }: Merge): Pick<Ring, 'hashes' | 'owners'> {
  const length = sumOf(counts);
  const hashes = new Uint32Array(length);
  const owners = ownerArray(counts.length, length);
  const addedHashes = added.hashes;
  const addedOwners = Uint32Array.from(added.owners, (owner) => fresh[owner] as number);
  let next = 0;
  const isBefore = (hash: number, owner: number): boolean => {
    const addedHash = addedHashes[next] as number;
    return addedHash < hash || (addedHash === hash && (addedOwners[next] as number) < owner);
  };
  let at = 0;
  for (let i = 0; i < previous.hashes.length; i += 1) {
    const owner = successors[previous.owners[i] as number] as number;
    if (owner === GONE) continue;
    const hash = previous.hashes[i] as number;
    while (next < addedHashes.length && isBefore(hash, owner)) {
      hashes[at] = addedHashes[next] as number;
      owners[at++] = addedOwners[next++] as number;
    }
    hashes[at] = hash;
    owners[at++] = owner;
  }
  hashes.set(addedHashes.subarray(next), at);
  owners.set(addedOwners.subarray(next), at);
  return { hashes, owners };
}
