/** The ring of `ring_hash` with the client's address as the key: for clients that come back, and for tcp listeners. */
import type { Policy } from './policy.ts';
import { outriggerRing, RingHashPicker } from './ring-hash.ts';

export const ipHash: Policy = {
  name: 'ip_hash',
  keyed: 'client',
  build: (endpoints, { previous }) => new RingHashPicker(outriggerRing(endpoints, previous), 'outrigger'),
};
