/** EDNS options of a query, and those of its answer. */
import { CLIENT_COOKIE_BYTES } from './server-cookie.ts';

const NSID = 3;
const CLIENT_SUBNET = 8;
const COOKIE = 10;
const EXTENDED_ERROR = 15;

/** RFC 7873 section 5.2.2: 8 octets of the client, then none or 8 to 32 of the server. */
const MIN_FULL_COOKIE = 16;
const MAX_FULL_COOKIE = 40;
/** RFC 7871 section 6: address family 1 is IPv4, 2 is IPv6. */
const SUBNET_BITS = [0, 32, 128];

/** Behind family, source and scope. */
export const SUBNET_ADDRESS_AT = 4;

/** A client subnet that is sound, and its place in the answer. */
export interface ClientSubnet {
  /** Address family: 1 is IPv4, 2 is IPv6, 0 without bits is none. */
  readonly family: number;
  /** Source prefix length: how much of the address there is. */
  readonly bits: number;
  /** From {@link SUBNET_ADDRESS_AT} on as many octets of the address as `bits` need, unused bits 0. */
  readonly data: Buffer;
  /** Where the scope is among the options of the answer, one octet: for how many bits that answer is meant. */
  readonly scopeAt: number;
}

export interface AskedOptions {
  /** The client's 8 octets, and behind them what it calls our cookie. */
  readonly cookie: Buffer | undefined;
  readonly wantsNsid: boolean;
  /** The data of the client subnet, sound, its scope 0. */
  readonly subnet: Buffer | undefined;
}

/** The options between the two offsets, which fill that space exactly; undefined where one that we know is malformed. */
export function readOptions(query: Buffer, from: number, end: number): AskedOptions | undefined {
  let cookie: Buffer | undefined;
  let subnet: Buffer | undefined;
  let wantsNsid = false;
  for (let at = from; at + 4 <= end; ) {
    const code = query.readUInt16BE(at);
    const data = query.subarray(at + 4, at + 4 + query.readUInt16BE(at + 2));
    at += 4 + data.length;
    if (code === NSID) wantsNsid = true;
    // Of several cookies only the first counts (RFC 7873 section 5.2).
    if (code === COOKIE && cookie === undefined) {
      if (!isCookie(data)) return undefined;
      cookie = data;
    }
    if (code === CLIENT_SUBNET) {
      if (subnet !== undefined || !isSubnet(data)) return undefined;
      subnet = data;
    }
  }
  return { cookie, wantsNsid, subnet };
}

function isCookie({ length }: Buffer): boolean {
  return length === CLIENT_COOKIE_BYTES || (length >= MIN_FULL_COOKIE && length <= MAX_FULL_COOKIE);
}

/** RFC 7871 section 6: as many octets as the prefix needs, its unused bits 0, and no scope in a query. */
function isSubnet(data: Buffer): boolean {
  if (data.length < 4 || data[3] !== 0) return false;
  const most = SUBNET_BITS[data.readUInt16BE(0)];
  const bits = data[2] ?? 0;
  if (most === undefined || bits > most || data.length !== 4 + Math.ceil(bits / 8)) return false;
  return bits % 8 === 0 || ((data.at(-1) ?? 0) & (0xff >> (bits % 8))) === 0;
}

/** `data` is that of a sound option, which is to end at `end` among the options of the answer. */
export function clientSubnet(data: Buffer, end: number): ClientSubnet {
  const scopeAt = end - data.length + 3;
  return { family: data.readUInt16BE(0), bits: data[2] ?? 0, data, scopeAt };
}

export function cookieOption(cookie: Buffer): Buffer {
  return option(COOKIE, cookie);
}

export function nsidOption(id: Buffer): Buffer {
  return option(NSID, id);
}

/** The subnet as it came: its scope of 0 says that the answer is the same for all, as long as nothing else is written there. */
export function subnetOption(subnet: Buffer): Buffer {
  return option(CLIENT_SUBNET, subnet);
}

/** Those of `options`, in their order, that find room in so many octets; a long one does not keep shorter ones out. */
export function optionsWithin(options: Buffer, octets: number): Buffer {
  if (options.length <= octets) return options;
  const kept: Buffer[] = [];
  let left = octets;
  for (let at = 0; at < options.length; ) {
    const it = options.subarray(at, at + 4 + options.readUInt16BE(at + 2));
    at += it.length;
    if (it.length > left) continue;
    kept.push(it);
    left -= it.length;
  }
  return Buffer.concat(kept);
}

function option(code: number, data: Buffer): Buffer {
  return Buffer.concat([Buffer.of(code >> 8, code & 255, data.length >> 8, data.length & 255), data]);
}

/** Why an answer is as it is (RFC 8914 section 4), as options that are ready to be sent. */
export const EXTENDED = {
  staleAnswer: option(EXTENDED_ERROR, Buffer.of(0, 3)),
  notReady: option(EXTENDED_ERROR, Buffer.of(0, 14)),
  prohibited: option(EXTENDED_ERROR, Buffer.of(0, 18)),
  notAuthoritative: option(EXTENDED_ERROR, Buffer.of(0, 20)),
  notSupported: option(EXTENDED_ERROR, Buffer.of(0, 21)),
} as const;
