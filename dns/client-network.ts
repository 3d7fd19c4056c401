/** The network that a query is answered for, where the answer goes by that. */
import { murmur3 } from '../src/hash.ts';
import { SUBNET_ADDRESS_AT } from './edns-options.ts';
import { ipOctets } from './ip.ts';
import type { Query } from './message.ts';
import { networkLength } from './network.ts';

const NOTHING = Buffer.alloc(0);

/**
 * The client's network as its resolver tells it (RFC 7871), or else the network that the query came from: a /24 or a
 * /56. A subnet that is shorter than that is taken as it is; one of no bits tells nothing.
 */
export class ClientNetwork {
  readonly #query: Pick<Query, 'subnet' | 'replyOptions'>;
  readonly #address: string;

  /** `address` is the IP address that the query came from. */
  constructor(query: Pick<Query, 'subnet' | 'replyOptions'>, address: string) {
    this.#query = query;
    this.#address = address;
  }

  /**
   * 32 bits, equal on every server. From here on the answer is one for this network: where the subnet was used, the option
   * in the answer says so, with as many bits as were used.
   */
  hash(): number {
    const { subnet, replyOptions } = this.#query;
    if (subnet === undefined || subnet.bits === 0) {
      const octets = ipOctets(this.#address) ?? NOTHING;
      return hashOf(octets, 0, networkLength(octets.length));
    }
    const length = networkLength(subnet.family === 1 ? 4 : 16);
    replyOptions[subnet.scopeAt] = Math.min(subnet.bits, length * 8);
    return hashOf(subnet.data, SUBNET_ADDRESS_AT, length);
  }
}

/** Octets that are not there count as 0: a shorter subnet is the first network in it. */
function hashOf(octets: Buffer, from: number, length: number): number {
  let key = '';
  for (let i = from; i < from + length; i++) key += String.fromCharCode(octets[i] ?? 0);
  return murmur3(key);
}
