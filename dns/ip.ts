/** IP addresses in the one form that this server compares and encodes. */
import { isIP } from 'node:net';

export type Ip = string & { readonly __brand: 'Ip' };

/**
 * The usual short form of an address (`2001:DB8:0:0::7` → `2001:db8::7`, `::ffff:192.0.2.1` → `::ffff:c000:201`);
 * undefined for host names and for addresses that name an interface, which mean nothing to anyone else.
 */
export function canonicalIp(text: string): Ip | undefined {
  const family = isIP(text);
  if (family === 4) return text as Ip;
  if (family === 0 || text.includes('%')) return undefined;
  return new URL(`http://[${text}]/`).hostname.slice(1, -1) as Ip;
}

export function isIpv6(ip: Ip): boolean {
  return ip.includes(':');
}
