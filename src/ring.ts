/**
 * The consistent-hash ring: 160 points per unit of weight, always, each depending on its endpoint's id alone.
 * So the loss of one endpoint moves its own keys and no others (Karger et al. 1997; Lamping and Veach 2014 on why
 * rescaling a ring to a fixed size moves keys that need not move).
 */
import type { Endpoint } from './endpoint.ts';
import { bytesOf, murmur3Seeds, murmur3Words } from './hash.ts';
import { type OwnerTable, ownerArray, possibleOwners, walkOwners } from './owner-table.ts';
import { Visited } from './visited.ts';

/** Points per unit of weight. Fixed: another number would move keys of endpoints that stay. */
export const POINTS_PER_WEIGHT = 160;

/** Weights above this count as this: a point costs 10 bytes, and 160,000 of them for one endpoint are enough. */
export const MAX_RING_WEIGHT = 1_000;

/** The same for a member of a DNS record with policy `hash`: a name server has a ring for each name. */
export const MAX_HASH_WEIGHT = 100;

/** A built ring. Points ascend by (hash, endpoint id), so the order in which endpoints arrived never matters. */
export interface Ring extends OwnerTable {
  readonly hashes: Uint32Array;
  /** `starts[b]` is the index of the first point whose hash, shifted right by `shift`, is `b` or more. */
  readonly starts: Uint32Array;
  readonly shift: number;
}

/**
 * Builds the ring of the endpoints whose weight is above 0; ids must be unique. Takes time in proportion to the
 * number of points (`node bench/micro.ts`: 1,000 endpoints in some 10 ms).
 */
export function buildRing(endpoints: readonly Endpoint[]): Ring {
  const ordered = possibleOwners(endpoints);
  return ringOfPoints(ordered, drawPoints(ordered));
}

export function pointCount(endpoint: Endpoint): number {
  return Math.min(endpoint.weight, MAX_RING_WEIGHT) * POINTS_PER_WEIGHT;
}

/** The hashes of all points, endpoint after endpoint. Point `i` of an endpoint is its id hashed with seed `i`. */
export function drawPoints(endpoints: readonly Endpoint[]): Uint32Array {
  const drawn = new Uint32Array(endpoints.reduce((sum, endpoint) => sum + pointCount(endpoint), 0));
  let next = 0;
  for (const endpoint of endpoints) {
    const end = next + pointCount(endpoint);
    murmur3Seeds(bytesOf(endpoint.id), drawn.subarray(next, end));
    next = end;
  }
  return drawn;
}

/**
 * Sorts points that were drawn endpoint after endpoint, `pointCount` of each. Hashes are spread evenly: about one
 * falls into each of as many buckets, so placing a point in its bucket all but sorts it.
 */
export function ringOfPoints(endpoints: readonly Endpoint[], drawn: Uint32Array): Ring {
  const ring = {
    hashes: new Uint32Array(drawn.length),
    owners: ownerArray(endpoints.length, drawn.length),
    endpoints,
    ...bucketStarts(drawn),
    asked: new Visited(endpoints.length),
  };
  placePoints(ring, drawn);
  return ring;
}

/** The ring of points that are sorted already. */
export function ringOfSorted(
  endpoints: readonly Endpoint[],
  { hashes, owners }: Pick<Ring, 'hashes' | 'owners'>,
): Ring {
  return { hashes, owners, endpoints, ...bucketStarts(hashes), asked: new Visited(endpoints.length) };
}

function bucketStarts(hashes: Uint32Array): Pick<Ring, 'starts' | 'shift'> {
  // At least one bit: JavaScript shifts by 32 not at all. At most 2^24 buckets.
  const shift = 32 - Math.min(24, Math.max(1, Math.floor(Math.log2(hashes.length))));
  const starts = new Uint32Array(2 ** (32 - shift));
  for (let i = 0; i < hashes.length; i += 1) {
    const bucket = (hashes[i] as number) >>> shift;
    starts[bucket] = (starts[bucket] as number) + 1;
  }
  let before = 0;
  for (let bucket = 0; bucket < starts.length; bucket += 1) {
    const count = starts[bucket] as number;
    starts[bucket] = before;
    before += count;
  }
  return { starts, shift };
}

/** Puts each point into its bucket behind all that are not greater: equal hashes stay in order of their owners. */
function placePoints(ring: Ring, drawn: Uint32Array): void {
  const { hashes, owners, starts, shift } = ring;
  const filled = starts.slice();
  let next = 0;
  for (const [owner, endpoint] of ring.endpoints.entries()) {
    for (const end = next + pointCount(endpoint); next < end; next += 1) {
      const hash = drawn[next] as number;
      const bucket = hash >>> shift;
      const start = starts[bucket] as number;
      let at = filled[bucket] as number;
      filled[bucket] = at + 1;
      for (; at > start && (hashes[at - 1] as number) > hash; at -= 1) {
        hashes[at] = hashes[at - 1] as number;
        owners[at] = owners[at - 1] as number;
      }
      hashes[at] = hash;
      owners[at] = owner;
    }
  }
}

/** Index of the first point at or after `hash`, clockwise (so the last point is followed by the first). 0 when empty. */
export function pointAfter(ring: Ring, hash: number): number {
  const { hashes } = ring;
  let at = ring.starts[hash >>> ring.shift] as number;
  while (at < hashes.length && (hashes[at] as number) < hash) at += 1;
  return at === hashes.length ? 0 : at;
}

/** First endpoint clockwise from `hash` that `accept` allows; undefined when it allows none. */
export function walkRing(ring: Ring, hash: number, accept: (endpoint: Endpoint) => boolean): Endpoint | undefined {
  return walkOwners(ring, pointAfter(ring, hash), accept);
}

/** Eight hex digits over the sorted points: equal on every sidecar with the same ring, however it learned of it. */
export function ringFingerprint(ring: Ring): string {
  return murmur3Words(ring.hashes).toString(16).padStart(8, '0');
}
