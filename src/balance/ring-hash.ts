/** Consistent hashing on a ring: a key stays with its endpoint for as long as that endpoint is accepted. */
import type { Layout, PolicyOptions } from '../config/balance-options.ts';
import type { Endpoint } from '../endpoint.ts';
import { murmur3 } from '../hash.ts';
import { buildNginxRing, nginxHash } from '../nginx-ring.ts';
import { buildRing, pointAfter, type Ring, ringFingerprint } from '../ring.ts';
import { updateRing } from '../ring-update.ts';
import { LoadBound } from './bounded-load.ts';
import { KeyedPicker } from './keyed-picker.ts';
import type { Picker, Policy } from './policy.ts';

export class RingHashPicker extends KeyedPicker {
  readonly ring: Ring;
  readonly layout: Layout;
  readonly fingerprint: string;

  constructor(ring: Ring, layout: Layout, bound?: LoadBound) {
    super(ring, bound);
    this.ring = ring;
    this.layout = layout;
    this.fingerprint = ringFingerprint(ring);
  }

  protected hashOf(key: string): number {
    return this.layout === 'nginx' ? nginxHash(key) : murmur3(key);
  }

  protected placeOf(hash: number): number {
    return pointAfter(this.ring, hash);
  }
}

/** Our own ring, made from that of the picker before where there is one: little of it has changed. */
export function outriggerRing(endpoints: readonly Endpoint[], previous: Picker | undefined): Ring {
  const isOurs = previous instanceof RingHashPicker && previous.layout === 'outrigger';
  return isOurs ? updateRing(previous.ring, endpoints) : buildRing(endpoints);
}

function withOptions({ layout = 'outrigger', bounded_load: bound }: PolicyOptions): Policy {
  return {
    name: 'ring_hash',
    keyed: 'request',
    options: ['bounded_load', 'layout'],
    withOptions,
    build(endpoints, inputs) {
      const ring = layout === 'nginx' ? buildNginxRing(endpoints) : outriggerRing(endpoints, inputs.previous);
      return new RingHashPicker(ring, layout, bound && new LoadBound(bound, inputs));
    },
  };
}

export const ringHash: Policy = withOptions({});
