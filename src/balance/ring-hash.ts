/** Consistent hashing on a ring: a key stays with its endpoint for as long as that endpoint is accepted. */
import type { Endpoint } from '../endpoint.ts';
import { murmur3 } from '../hash.ts';
import { buildRing, pointAfter, type Ring, walkRing } from '../ring.ts';
import type { Accept, Candidate, KeyPlace, Picker, Policy } from './policy.ts';

export class RingHashPicker implements Picker {
  readonly ring: Ring;

  constructor(endpoints: readonly Endpoint[]) {
    this.ring = buildRing(endpoints);
  }

  pick(key: string, accept: Accept): Endpoint | undefined {
    return walkRing(this.ring, murmur3(key), accept);
  }

  locate(key: string): KeyPlace {
    const hash = murmur3(key);
    const candidates: Candidate[] = [];
    // A walk that nobody ends is the order.
    walkRing(this.ring, hash, (endpoint) => {
      candidates.push({ endpoint, bound: undefined });
      return false;
    });
    return { hash, position: pointAfter(this.ring, hash), positions: this.ring.hashes.length, candidates };
  }
}

export const ringHash: Policy = {
  name: 'ring_hash',
  keyed: true,
  build: (endpoints) => new RingHashPicker(endpoints),
};
