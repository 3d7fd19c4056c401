/**
 * The consistent-hash ring: 160 points per unit of weight, always, each depending on its endpoint's id alone.
 * So the loss of one endpoint moves its own keys and no others (Karger et al. 1997; Lamping and Veach 2014 on why
 * rescaling a ring to a fixed size moves keys that need not move).
 */
import type { Endpoint } from './endpoint.ts';
import { bytesOf, murmur3 } from './hash.ts';

/** Points per unit of weight. Fixed: another number would move keys of endpoints that stay. */
export const POINTS_PER_WEIGHT = 160;

/** Weights above this share their points: 1,000 × 160 points per endpoint is where exactness stops paying for memory. */
const MAX_RING_WEIGHT = 1_000;

/** A built ring. Points ascend by (hash, endpoint id), so the order in which endpoints arrived never matters. */
export interface Ring {
  readonly hashes: Uint32Array;
  /** `owners[i]` is the index in `endpoints` that owns point `i`. */
  readonly owners: Uint16Array | Uint32Array;
  /** Ordered by id. */
  readonly endpoints: readonly Endpoint[];
}

export function buildRing(endpoints: readonly Endpoint[]): Ring {
  const ordered = endpoints
    .filter((endpoint) => endpoint.weight > 0)
    .sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const counts = ordered.map((endpoint) => Math.min(endpoint.weight, MAX_RING_WEIGHT) * POINTS_PER_WEIGHT);
  const total = counts.reduce((sum, count) => sum + count, 0);
  // Sorting (hash, owner) pairs as one double: 32 bits of hash above, owner below; owners are ordered by id.
  const packed = new Float64Array(total);
  const span = Math.max(1, ordered.length);
  let next = 0;
  for (const [owner, endpoint] of ordered.entries()) {
    const id = bytesOf(endpoint.id);
    const count = counts[owner] ?? 0;
    for (let i = 0; i < count; i += 1) packed[next++] = murmur3(id, i) * span + owner;
  }
  packed.sort();
  const hashes = new Uint32Array(total);
  const owners = span <= 0xffff ? new Uint16Array(total) : new Uint32Array(total);
  for (let i = 0; i < total; i += 1) {
    const pair = packed[i] as number;
    const hash = Math.floor(pair / span);
    hashes[i] = hash;
    owners[i] = pair - hash * span;
  }
  return { hashes, owners, endpoints: ordered };
}

/** Index of the first point at or after `hash`, clockwise (so the last point is followed by the first). 0 when empty. */
export function pointAfter(hashes: Uint32Array, hash: number): number {
  let low = 0;
  let high = hashes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((hashes[middle] as number) < hash) low = middle + 1;
    else high = middle;
  }
  return low === hashes.length ? 0 : low;
}

/** First endpoint clockwise from `hash` that `accept` allows; undefined when it allows none. */
export function walkRing(ring: Ring, hash: number, accept: (endpoint: Endpoint) => boolean): Endpoint | undefined {
  const { owners, endpoints } = ring;
  const length = owners.length;
  if (length === 0) return undefined;
  const start = pointAfter(ring.hashes, hash);
  const first = endpoints[owners[start] as number] as Endpoint;
  if (accept(first)) return first;
  return walkOn(ring, start, accept);
}

/** The rest of the walk, apart so that the common case stays small. Asks `accept` once per endpoint. */
function walkOn(ring: Ring, start: number, accept: (endpoint: Endpoint) => boolean): Endpoint | undefined {
  const { owners, endpoints } = ring;
  const refused = new Uint8Array(endpoints.length);
  refused[owners[start] as number] = 1;
  let left = endpoints.length - 1;
  for (let step = 1; left > 0 && step < owners.length; step += 1) {
    const owner = owners[(start + step) % owners.length] as number;
    if (refused[owner] === 1) continue;
    const endpoint = endpoints[owner] as Endpoint;
    if (accept(endpoint)) return endpoint;
    refused[owner] = 1;
    left -= 1;
  }
  return undefined;
}

/** Eight hex digits that are equal on every sidecar with the same ring, whatever the order in which it learned of it. */
export function ringFingerprint(ring: Ring): string {
  let hash = 0;
  for (const endpoint of ring.endpoints) hash = murmur3(`${bytesOf(endpoint.id)}\n${endpoint.weight}`, hash);
  return hash.toString(16).padStart(8, '0');
}
