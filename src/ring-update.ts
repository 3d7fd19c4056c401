/** One ring from another: the points of endpoints that stay are kept, those of the others are taken out or put in. */
import type { Endpoint } from './endpoint.ts';
import { ownerArray, possibleOwners } from './owner-table.ts';
import { buildRing, drawPoints, pointCount, type Ring, ringOfPoints, ringOfSorted } from './ring.ts';

/** Marks a former owner of whom nothing is kept. */
const GONE = 0xffff_ffff;

/**
 * Exactly what `buildRing(endpoints)` gives, sooner: hashing and sorting cost only as much as has changed. `previous`
 * must have been built by `buildRing` or by this.
 */
export function updateRing(previous: Ring, endpoints: readonly Endpoint[]): Ring {
  const ordered = possibleOwners(endpoints);
  const { successors, fresh } = compare(previous, ordered);
  const freshPoints = fresh.reduce((sum, owner) => sum + pointCount(ordered[owner] as Endpoint), 0);
  if (freshPoints * 2 > previous.hashes.length) return buildRing(endpoints);
  const changed = fresh.map((owner) => ordered[owner] as Endpoint);
  const added = ringOfPoints(changed, drawPoints(changed));
  return ringOfSorted(ordered, merge({ previous, successors, added, fresh, ordered }));
}

interface Comparison {
  /** Former owner → owner now, or GONE where it left or its weight is another. */
  readonly successors: Uint32Array;
  /** Owners all of whose points are new. */
  readonly fresh: readonly number[];
}

function compare(previous: Ring, ordered: readonly Endpoint[]): Comparison {
  const former = new Map(previous.endpoints.map((endpoint, owner) => [endpoint.id, owner]));
  const successors = new Uint32Array(previous.endpoints.length).fill(GONE);
  const fresh: number[] = [];
  for (const [owner, endpoint] of ordered.entries()) {
    const before = former.get(endpoint.id);
    if (before !== undefined && previous.endpoints[before]?.weight === endpoint.weight) successors[before] = owner;
    else fresh.push(owner);
  }
  return { successors, fresh };
}

interface Merge extends Comparison {
  readonly previous: Ring;
  readonly added: Ring;
  readonly ordered: readonly Endpoint[];
}

/** Both lists ascend by (hash, id), and owners are in order of id before as after: so does what comes of them. */
function merge({ previous, successors, added, fresh, ordered }: Merge): Pick<Ring, 'hashes' | 'owners'> {
  const length = ordered.reduce((sum, endpoint) => sum + pointCount(endpoint), 0);
  const hashes = new Uint32Array(length);
  const owners = ownerArray(ordered.length, length);
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
