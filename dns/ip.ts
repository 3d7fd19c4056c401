/** IP addresses in the one form that this server compares and encodes. */
import { isIP } from 'node:net';

const DOT = 0x2e;
const ZERO = 0x30;

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
  const scopeAt = text.indexOf('%');
  const address = scopeAt < 0 ? text : text.slice(0, scopeAt);
  if (isIP(address) === 4) return ipv4Octets(address);
  return isIP(address) === 6 ? Buffer.from(groupsOf(address).join(''), 'hex') : undefined;
}

/** Character by character: it is on the way of queries, and a tenth of the time that splitting takes. */
function ipv4Octets(address: string): Buffer {
  const octets = Buffer.allocUnsafe(4);
  let value = 0;
  let at = 0;
  for (let i = 0; i < address.length; i++) {
    const code = address.charCodeAt(i);
    if (code === DOT) {
      octets[at++] = value;
      value = 0;
    } else value = value * 10 + code - ZERO;
  }
  octets[at] = value;
  return octets;
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
