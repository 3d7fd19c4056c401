/**
 * The ring as nginx lays it out for `hash … consistent` (ngx_http_upstream_hash_module.c, since 1.7.2), which is that
 * of Cache::Memcached::Fast with its ketama points: the same keys go to the same addresses.
 *
 * Each unit of a server's weight has 160 points, and a point is crc32(HOST, a zero byte, PORT, the point before it as
 * four bytes, the least significant first; four zero bytes for the first). Of points with equal hash only one is kept.
 */
import { CRC32_START, crc32, crc32Finish, crc32Update, crc32UpdateWord } from './crc32.ts';
import type { Endpoint } from './endpoint.ts';
import { bytesOf } from './hash.ts';
import { ownerArray, possibleOwners } from './owner-table.ts';
import { type Ring, ringOfPoints, ringOfSorted, sumOf } from './ring.ts';
import { pointCounts } from './ring-points.ts';

/**
 * Points depend on addresses, not on ids: nginx knows no others. Where two servers have a point in common, nginx keeps
 * that of the server it lists first, and this that of the lower id.
 */
export function buildNginxRing(endpoints: readonly Endpoint[]): Ring {
  const ordered = possibleOwners(endpoints);
  const counts = pointCounts(ordered);
  const drawn = new Uint32Array(sumOf(counts));
  let next = 0;
  for (const [i, endpoint] of ordered.entries()) {
    const end = next + (counts[i] as number);
    drawChain(endpoint, drawn.subarray(next, end));
    next = end;
  }
  return withoutTwins(ringOfPoints({ endpoints: ordered, counts, drawn }));
}

/** Where a key falls. */
export const nginxHash = crc32;

/** Fills `into` with the points of one endpoint. */
function drawChain(endpoint: Endpoint, into: Uint32Array): void {
  const base = crc32Update(CRC32_START, hostAndPort(endpoint.address));
  let previous = 0;
  for (let i = 0; i < into.length; i += 1) into[i] = previous = crc32Finish(crc32UpdateWord(base, previous));
}

/** `10.0.0.7:80` → `10.0.0.7`, a zero byte, `80`; the brackets of an IPv6 address stay, as nginx keeps them. */
function hostAndPort(address: string): string {
  const colon = address.lastIndexOf(':');
  return bytesOf(`${address.slice(0, colon)}\0${address.slice(colon + 1)}`);
}

function withoutTwins(ring: Ring): Ring {
  const { hashes, owners, endpoints, counts } = ring;
  let kept = 0;
  const keptHashes = new Uint32Array(hashes.length);
  const keptOwners = ownerArray(endpoints.length, hashes.length);
  for (let i = 0; i < hashes.length; i += 1) {
    if (i > 0 && hashes[i] === hashes[i - 1]) continue;
    keptHashes[kept] = hashes[i] as number;
    keptOwners[kept++] = owners[i] as number;
  }
  if (kept === hashes.length) return ring;
  return ringOfSorted({ endpoints, counts, hashes: keptHashes.slice(0, kept), owners: keptOwners.slice(0, kept) });
}
