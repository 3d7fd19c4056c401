/**
 * The consistent-hash ring: each endpoint has points in proportion to its weight, which depend on its id alone. So the
 * loss of one endpoint moves its own keys and no others (Karger et al. 1997; Lamping and Veach 2014 on why rescaling a
 * ring to a fixed size moves keys that need not move).
 */
import type { Endpoint } from './endpoint.ts';
import { bytesOf, murmur3Seeds, murmur3Words } from './hash.ts';
import { type OwnerTable, ownerArray, possibleOwners, walkOwners } from './owner-table.ts';
import { pointCounts } from './ring-points.ts';
import { Visited } from './visited.ts';

/** A built ring. Points ascend by (hash, endpoint id), so the order in which endpoints arrived never matters. */
export interface Ring extends OwnerTable {
  readonly hashes: Uint32Array;
  /** How many points each of `endpoints` was given. */
  readonly counts: Uint32Array;
  /** `starts[b]` is the index of the first point whose hash, shifted right by `shift`, is `b` or more. */
  readonly starts: Uint32Array;
  readonly shift: number;
}

/** Points that were drawn endpoint after endpoint, `counts[i]` of the `i`th. */
export interface DrawnPoints extends Pick<Ring, 'endpoints' | 'counts'> {
  readonly drawn: Uint32Array;
}

/**
 * Builds the ring of the endpoints whose weight is above 0; ids must be unique. Takes time in proportion to the
 * number of points (`node bench/micro.ts`: 1,000 endpoints in some 7 ms).
 */
export function buildRing(endpoints: readonly Endpoint[]): Ring {
  const ordered = possibleOwners(endpoints);
  return ringOfPoints(drawPoints(ordered, pointCounts(ordered)));
}

/** Point `i` of an endpoint is its id hashed with seed `i`. */
export function drawPoints(endpoints: readonly Endpoint[], counts: Uint32Array): DrawnPoints {
  const drawn = new Uint32Array(sumOf(counts));
  let next = 0;
  for (const [i, { id }] of endpoints.entries()) {
    const end = next + (counts[i] as number);
    murmur3Seeds(bytesOf(id), drawn.subarray(next, end));
    next = end;
  }
  return { endpoints, counts, drawn };
}

export function sumOf(counts: Uint32Array): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Sorts them. */
export function ringOfPoints({ endpoints, counts, drawn }: DrawnPoints): Ring {
  const owners = ownerArray(endpoints.length, drawn.length);
  let next = 0;
  for (const [owner, count] of counts.entries()) {
    owners.fill(owner, next, next + count);
    next += count;
  }
  const gathered = gather({ hashes: drawn, owners });
  const ring = {
    hashes: new Uint32Array(drawn.length),
    owners: ownerArray(endpoints.length, drawn.length),
    endpoints,
    counts,
    ...bucketStarts(gathered.hashes),
    asked: new Visited(endpoints.length),
  };
  placePoints(ring, gathered);
  return ring;
}

type Points = Pick<Ring, 'hashes' | 'owners'>;

/** The ring of points that are sorted already. */
export function ringOfSorted({ endpoints, counts, hashes, owners }: Pick<Ring, 'endpoints' | 'counts'> & Points): Ring {
  return { hashes, owners, endpoints, counts, ...bucketStarts(hashes), asked: new Visited(endpoints.length) };
}

/** Fewer than this fit into a processor's cache. */
const MANY_POINTS = 65_536;
const PARTS = 256;

/**
 * Roughly sorted, points of equal hash as they were: what is done with them one after the other is then done in one
 * small part of memory after the other, which makes a million of them three times as fast.
 */
function gather({ hashes, owners }: Points): Points {
  if (hashes.length < MANY_POINTS) return { hashes, owners };
  const filled = new Uint32Array(PARTS + 1);
  for (let i = 0; i < hashes.length; i += 1) {
    const part = ((hashes[i] as number) >>> 24) + 1;
    filled[part] = (filled[part] as number) + 1;
  }
  for (let part = 1; part < PARTS; part += 1) filled[part] = (filled[part] as number) + (filled[part - 1] as number);
  const gathered = { hashes: hashes.slice(), owners: owners.slice() };
  for (let i = 0; i < hashes.length; i += 1) {
    const hash = hashes[i] as number;
    const part = hash >>> 24;
    const at = filled[part] as number;
    filled[part] = at + 1;
    gathered.hashes[at] = hash;
    gathered.owners[at] = owners[i] as number;
  }
  return gathered;
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

/**
 * Puts each point into its bucket behind all that are not greater: equal hashes stay in order of their owners. Hashes are
 * spread evenly, about one falls into each of as many buckets, so this all but sorts them.
 */
function placePoints({ hashes, owners, starts, shift }: Ring, points: Points): void {
  const filled = starts.slice();
  for (let i = 0; i < points.hashes.length; i += 1) {
    const hash = points.hashes[i] as number;
    const bucket = hash >>> shift;
    const start = starts[bucket] as number;
    let at = filled[bucket] as number;
    filled[bucket] = at + 1;
    for (; at > start && (hashes[at - 1] as number) > hash; at -= 1) {
      hashes[at] = hashes[at - 1] as number;
      owners[at] = owners[at - 1] as number;
    }
    hashes[at] = hash;
    owners[at] = points.owners[i] as number;
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
