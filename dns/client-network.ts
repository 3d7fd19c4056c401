/** The network that a query is answered for, where the answer goes by that. */
import { murmur3 } from '../src/hash.ts';
import type { ClientSubnet } from './edns-options.ts';
import type { Query } from './message.ts';
import { networkLength, networkOf } from './network.ts';

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
    if (subnet === undefined || subnet.bits === 0) return hashOf(networkOf(this.#address) ?? Buffer.alloc(0));
    const length = networkLength(subnet.family === 1 ? 4 : 16);
    replyOptions[subnet.scopeAt] = Math.min(subnet.bits, length * 8);
    return hashOf(padded(subnet, length));
  }
}

function padded({ address }: ClientSubnet, length: number): Buffer {
  return address.length >= length ? address.subarray(0, length) : Buffer.concat([address], length);
}

function hashOf(network: Buffer): number {
  return murmur3(network.toString('latin1'));
}
