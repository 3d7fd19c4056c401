/** Addresses that no endpoint can have, whoever says so: they reach this machine, everyone, or a neighbour's metadata. */
import { BlockList, isIP } from 'node:net';

export type AddressRefusal = 'unspecified' | 'multicast' | 'broadcast' | 'link-local' | 'not a plain name';

const UNSPECIFIED = blockList(['0.0.0.0/8', '::/128']);
const MULTICAST = blockList(['224.0.0.0/4', 'ff00::/8']);
const BROADCAST = blockList(['255.255.255.255/32']);
const LINK_LOCAL = blockList(['169.254.0.0/16', 'fe80::/10']);

/** Why `host` (an IP address or a host name) must not be connected to; undefined when it may. Looks nothing up. */
export function refusedAddress(host: string): AddressRefusal | undefined {
  const family = isIP(host);
  // Resolvers take `0x7f.1` and the like for addresses, which would get around the lists below.
  if (family === 0) return /(^|\.)(0x[0-9a-f]*|[0-9]+)\.?$/i.test(host) ? 'not a plain name' : undefined;
  const kind = family === 4 ? 'ipv4' : 'ipv6';
  if (UNSPECIFIED.check(host, kind)) return 'unspecified';
  if (MULTICAST.check(host, kind)) return 'multicast';
  if (BROADCAST.check(host, kind)) return 'broadcast';
  return LINK_LOCAL.check(host, kind) ? 'link-local' : undefined;
}

function blockList(subnets: readonly string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [address = '', prefix] = subnet.split('/');
    list.addSubnet(address, Number(prefix), isIP(address) === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}
