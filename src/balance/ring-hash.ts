/** Consistent hashing on a ring: a key stays with its endpoint for as long as that endpoint is accepted. */
import type { Endpoint } from '../endpoint.ts';
import { murmur3 } from '../hash.ts';
import { buildRing, type Ring, walkRing } from '../ring.ts';
import type { Accept, Picker, Policy } from './policy.ts';

export class RingHashPicker implements Picker {
  readonly ring: Ring;

  constructor(endpoints: readonly Endpoint[]) {
    this.ring = buildRing(endpoints);
  }

  pick(key: string, accept: Accept): Endpoint | undefined {
    return walkRing(this.ring, murmur3(key), accept);
  }
}

export const ringHash: Policy = {
  name: 'ring_hash',
  keyed: true,
  build: (endpoints) => new RingHashPicker(endpoints),
};
