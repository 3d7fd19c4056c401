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

/** The 4 or 16 octets of an address; undefined for what is none. A scope (`fe80::1%eth0`) is no part of them. */
export function ipOctets(text: string): Buffer | undefined {
  const address = text.split('%', 1)[0] ?? '';
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  return isIP(address) === 6 ? Buffer.from(groupsOf(address).join(''), 'hex') : undefined;
}

/** The eight groups of four hexadecimal digits. */
function groupsOf(address: string): readonly string[] {
  const canonical = address.includes('.') ? (canonicalIp(address) ?? '') : address;
  const [head = '', tail = ''] = canonical.split('::');
  const groups = (part: string): readonly string[] => (part === '' ? [] : part.split(':'));
  const [before, after] = [groups(head), groups(tail)];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].map((group) => group.padStart(4, '0'));
}
