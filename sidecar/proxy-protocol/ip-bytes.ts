/** IP addresses: 4 or 16 bytes ↔ text. One address has one spelling, so that it is one client however it is written. */
import { isIP } from 'node:net';

/** Bytes 0…11 of an IPv4 address within IPv6. */
const MAPPED_PREFIX: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255];

/**
 * 4 bytes for IPv4, also where it is written as IPv6, else 16; undefined for what is no address, and for one with a zone
 * (`fe80::1%eth0`), which no other machine knows.
 */
export function bytesOfIp(text: string): Uint8Array | undefined {
  const family = isIP(text);
  if (family === 4) return Uint8Array.from(text.split('.'), Number);
  if (family !== 6 || text.includes('%')) return undefined;
  const bytes = bytesOfIpv6(text);
  return isMapped(bytes) ? bytes.subarray(MAPPED_PREFIX.length) : bytes;
}

/** The 16 bytes that stand for 4 where both ends of a connection must be of one family. */
export function asIpv6(bytes: Uint8Array): Uint8Array {
  return bytes.length === 16 ? bytes : Uint8Array.of(...MAPPED_PREFIX, ...bytes);
}

/** `bytes` are 4 or 16; IPv4 within IPv6 is IPv4. */
export function ipOfBytes(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  return isMapped(bytes) ? bytes.subarray(MAPPED_PREFIX.length).join('.') : ipv6Text(bytes);
}

/** Of 16 bytes, as RFC 5952 has it: no leading zeros, lower case, the first longest run of two or more zero groups is `::`. */
export function ipv6Text(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  let best = { from: 0, length: 1 };
  for (let from = 0; from < 8; from += 1) {
    let length = 0;
    while (groups[from + length] === 0) length += 1;
    if (length > best.length) best = { from, length };
  }
  const hex = groups.map((group) => group.toString(16));
  if (best.length < 2) return hex.join(':');
  return `${hex.slice(0, best.from).join(':')}::${hex.slice(best.from + best.length).join(':')}`;
}

function isMapped(bytes: Uint8Array): boolean {
  return MAPPED_PREFIX.every((byte, i) => byte === bytes[i]);
}

/** `text` has passed `isIP`. */
function bytesOfIpv6(text: string): Uint8Array {
  const [left = '', right] = text.split('::');
  const head = groupBytes(left);
  const tail = groupBytes(right ?? '');
  return Uint8Array.of(...head, ...Array<number>(16 - head.length - tail.length).fill(0), ...tail);
}

function groupBytes(text: string): readonly number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
