/** Who the client is: the peer, or the first hop that no trusted proxy vouches for. */
import { BlockList, isIP } from 'node:net';

/** `::ffff:10.0.0.1`, as dual-stack sockets name IPv4 peers, is `10.0.0.1`. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return '';
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
}

/** The blocks of `trusted_proxies`, ready to be asked. */
export class TrustedProxies {
  readonly #blocks = new BlockList();
  readonly #isEmpty: boolean;

  /** `blocks` are addresses or CIDR blocks that the configuration has checked. */
  constructor(blocks: readonly string[]) {
    this.#isEmpty = blocks.length === 0;
    for (const block of blocks) {
      const [address = '', prefix] = block.split('/');
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      if (prefix === undefined) this.#blocks.addAddress(address, family);
      else this.#blocks.addSubnet(address, Number(prefix), family);
    }
  }

  has(address: string): boolean {
    if (this.#isEmpty) return false;
    const family = isIP(address);
    return family !== 0 && this.#blocks.check(address, family === 6 ? 'ipv6' : 'ipv4');
  }

  /**
   * The client behind a trusted peer: from the right end of X-Forwarded-For, the first address that is not trusted
   * itself. What stands left of it was written by that client and proves nothing.
   */
  clientBehind(peer: string, forwardedFor: string): string {
    const hops = forwardedFor.split(',').map((hop) => hop.trim());
    let client = peer;
    for (const hop of hops.toReversed()) {
      if (isIP(hop) === 0) return client;
      client = plainAddress(hop);
      if (!this.has(client)) return client;
    }
    return client;
  }
}
