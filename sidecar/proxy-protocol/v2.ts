/** PROXY protocol version 2: binary (section 2.2 of the specification). Big-endian; the length counts what follows it. */
import { PROXY_V2_SIGNATURE } from '../../src/local-proxy-header.ts';
import { crc32c } from './crc32c.ts';
import type { ConnectionEnds, ProxyHeaderRead } from './header.ts';
import { asIpv6, bytesOfIp, ipOfBytes } from './ip-bytes.ts';

/** Signature, version and command, family and protocol, length. */
const FIXED_BYTES = 16;
/** The format allows 65,535; addresses and the usual extensions take a few hundred. */
const MAX_V2_BYTES = FIXED_BYTES + 4_096;

const LOCAL = 0x20;
const PROXY = 0x21;
const UNSPECIFIED = 0x00;
const TCP_OVER_IPV4 = 0x11;
const TCP_OVER_IPV6 = 0x21;

/** Bytes of the address block by family and protocol; no others are sent over a stream. */
const ADDRESS_BYTES: Readonly<Record<number, number>> = {
  [UNSPECIFIED]: 0,
  [TCP_OVER_IPV4]: 12,
  [TCP_OVER_IPV6]: 36,
  // A unix socket: two paths.
  49: 216,
};

/** Extensions (TLVs): type in one byte, length in two, value. */
const TLV_HEAD_BYTES = 3;
const CRC32C_TYPE = 0x03;

/** `bytes` begin with the signature, or with as much of it as has come. */
export function readV2(bytes: Uint8Array): ProxyHeaderRead {
  const command = bytes[12] ?? PROXY;
  if (command !== PROXY && command !== LOCAL) return 'malformed';
  const family = bytes[13] ?? UNSPECIFIED;
  // With LOCAL the family means nothing.
  const addressBytes = command === LOCAL ? 0 : ADDRESS_BYTES[family];
  if (addressBytes === undefined) return 'malformed';
  if (bytes.length < FIXED_BYTES) return 'incomplete';
  const end = FIXED_BYTES + uint16(bytes, 14);
  if (end > MAX_V2_BYTES || end < FIXED_BYTES + addressBytes) return 'malformed';
  if (bytes.length < end) return 'incomplete';
  if (command === LOCAL) return { ends: undefined, end };
  if (!areExtensionsSound(bytes.subarray(0, end), FIXED_BYTES + addressBytes)) return 'malformed';
  if (family === TCP_OVER_IPV4) return { ends: readEnds(bytes, 4), end };
  return { ends: family === TCP_OVER_IPV6 ? readEnds(bytes, 16) : undefined, end };
}

/** Both addresses, then both ports. */
function readEnds(bytes: Uint8Array, size: 4 | 16): ConnectionEnds {
  const to = FIXED_BYTES + size;
  const ports = to + size;
  return {
    source: { address: ipOfBytes(bytes.subarray(FIXED_BYTES, to)), port: uint16(bytes, ports) },
    destination: { address: ipOfBytes(bytes.subarray(to, ports)), port: uint16(bytes, ports + 2) },
  };
}

/** They fill the rest of the header exactly, and a checksum among them is right. */
function areExtensionsSound(header: Uint8Array, from: number): boolean {
  let at = from;
  while (at < header.length) {
    const value = at + TLV_HEAD_BYTES;
    if (value > header.length) return false;
    const next = value + uint16(header, at + 1);
    if (next > header.length) return false;
    if (header[at] === CRC32C_TYPE && !isChecksumRight(header, value, next)) return false;
    at = next;
  }
  return true;
}

function isChecksumRight(header: Uint8Array, from: number, to: number): boolean {
  if (to - from !== 4) return false;
  const told = uint16(header, from) * 0x10000 + uint16(header, from + 2);
  return told === crc32c(header, from, to);
}

/** Without ends the family is unspecified. Ends of two families are both written as IPv6. */
export function writeV2(ends: ConnectionEnds | undefined): Uint8Array {
  const source = bytesOfIp(ends?.source.address ?? '');
  const destination = bytesOfIp(ends?.destination.address ?? '');
  if (ends === undefined || source === undefined || destination === undefined) {
    return Uint8Array.of(...PROXY_V2_SIGNATURE, PROXY, UNSPECIFIED, 0, 0);
  }
  const ports = [ends.source.port, ends.destination.port].flatMap((port) => [port >> 8, port & 0xff]);
  const isIpv4 = source.length === 4 && destination.length === 4;
  const addresses = isIpv4 ? [...source, ...destination] : [...asIpv6(source), ...asIpv6(destination)];
  const family = isIpv4 ? TCP_OVER_IPV4 : TCP_OVER_IPV6;
  return Uint8Array.of(
    ...PROXY_V2_SIGNATURE,
    PROXY,
    family,
    0,
    addresses.length + ports.length,
    ...addresses,
    ...ports,
  );
}

function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
