/** A hash ring of addresses: the same client network gets the same address for as long as that is up. */
import { endpointId, holdEndpoint } from '../src/endpoint.ts';
import { buildRing, type Ring, walkRing } from '../src/ring.ts';
import { updateRing } from '../src/ring-update.ts';
import type { Candidate } from './candidate.ts';
import type { ClientNetwork } from './client-network.ts';

const anyone = (): boolean => true;

/**
 * Points depend on the address and its weight alone. So servers that know the same members give the same answers; when an
 * address leaves, its networks and no others move, to whoever follows on the ring; and when it is back, they come home.
 * 1.6 kB per unit of weight; `ring-weight.ts` says how many units there are.
 */
export class NetworkRing {
  readonly #ring: Ring;

  /** At least one candidate, each of a weight above 0; from `former` it takes the points of those that stay. */
  constructor(candidates: readonly Candidate[], former: NetworkRing | undefined) {
    const endpoints = candidates.map(({ ip, weight }, place) =>
      holdEndpoint({ id: endpointId(ip), host: ip, port: 0, weight, health: 'up', healthReason: '' }, place),
    );
    this.#ring = former === undefined ? buildRing(endpoints) : updateRing(former.#ring, endpoints);
  }

  /** The position of the candidate that the client's network belongs to. */
  choose(client: ClientNetwork): number {
    return walkRing(this.#ring, client.hash(), anyone)?.slot ?? 0;
  }
}
