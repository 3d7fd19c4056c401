import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Candidate } from '../../dns/candidate.ts';
import { ClientNetwork } from '../../dns/client-network.ts';
import type { Ip } from '../../dns/ip.ts';
import { NetworkRing } from '../../dns/network-ring.ts';

const NOBODY = { subnet: undefined, replyOptions: Buffer.alloc(0) };
const NETWORKS = Array.from({ length: 500 }, (_, i) => `10.${i >> 8}.${i & 255}.9`);

function ownerOf(candidates: readonly Candidate[], ring: NetworkRing, address: string): Ip | undefined {
  return candidates[ring.choose(new ClientNetwork(NOBODY, address))]?.ip;
}

/** Network → address, over all networks. */
function owners(candidates: readonly Candidate[], former?: NetworkRing): readonly (Ip | undefined)[] {
  const ring = new NetworkRing(candidates, former);
  return NETWORKS.map((network) => ownerOf(candidates, ring, network));
}

const fleet = fc
  .uniqueArray(fc.integer({ min: 1, max: 250 }), { minLength: 2, maxLength: 8 })
  .chain((hosts) => fc.tuple(...hosts.map((host) => fc.tuple(fc.constant(host), fc.integer({ min: 1, max: 5 })))))
  .map((all) => all.map(([host, weight]): Candidate => ({ ip: `192.0.2.${host}` as Ip, weight })));

describe('a ring of networks', () => {
  it('moves only the networks of the address that leaves, and brings them home when it is back', () => {
    fc.assert(
      fc.property(fleet, fc.nat(), (all, pick) => {
        const gone = all[pick % all.length]!;
        const rest = all.filter((it) => it !== gone);
        const before = owners(all);
        const ring = new NetworkRing(all, undefined);
        const ringWithout = new NetworkRing(rest, ring);
        const without = NETWORKS.map((network) => ownerOf(rest, ringWithout, network));
        for (const [i, owner] of before.entries()) if (owner !== gone.ip) expect(without[i]).toBe(owner);
        expect(without).not.toContain(gone.ip);
        expect(owners(all, ringWithout)).toEqual(before);
      }),
      { numRuns: 40 },
    );
  });

  it('is the same wherever it was built, in whatever order the addresses were found and whoever was there before', () => {
    fc.assert(
      fc.property(fleet, fleet, (all, others) => {
        const sorted = all.toSorted((a, b) => (a.ip < b.ip ? -1 : 1));
        expect(owners(all.toReversed())).toEqual(owners(sorted));
        expect(owners(sorted, new NetworkRing(others, undefined))).toEqual(owners(sorted));
      }),
      { numRuns: 40 },
    );
  });

  it('gives each address its share of the networks, by weight', () => {
    const candidates = [
      { ip: '192.0.2.1' as Ip, weight: 3 },
      { ip: '192.0.2.2' as Ip, weight: 1 },
    ];
    const ring = new NetworkRing(candidates, undefined);
    const addresses = Array.from({ length: 20_000 }, (_, i) => `${10 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.1`);
    const first = addresses.filter((it) => ownerOf(candidates, ring, it) === '192.0.2.1').length;
    // 640 points: a share is off by a few hundredths.
    expect(first / addresses.length).toBeGreaterThan(0.68);
    expect(first / addresses.length).toBeLessThan(0.82);
  });
});
