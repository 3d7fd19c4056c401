/** Address records as octets, many in one piece of memory: a zone can have a hundred thousand names. */
import { CLASS_IN, HEADER_BYTES, TYPE } from './codes.ts';
import { type Ip, ipOctets } from './ip.ts';

export type AddressType = typeof TYPE.A | typeof TYPE.AAAA;

/** The owner is the question's name (RFC 1035 section 4.1.4). */
const OWNER = 0xc000 | HEADER_BYTES;
/** Behind owner, type, class, TTL and length. */
const ADDRESS_AT = 12;
const FIRST_PIECE = 1_024;
const LARGEST_PIECE = 65_536;

/** Octets from `start` on, in memory that may be shared. */
export interface OctetSlice {
  readonly octets: Buffer;
  readonly start: number;
}

/** Memory for what stays as it is and goes together: a buffer for each would take several times as much. */
export class OctetRoom {
  #piece = Buffer.alloc(0);
  #used = 0;
  #next = FIRST_PIECE;

  /** Room for `length` octets that nobody else has. */
  take(length: number): OctetSlice {
    if (this.#piece.length - this.#used < length) {
      this.#piece = Buffer.allocUnsafeSlow(Math.max(this.#next, length));
      this.#used = 0;
      this.#next = Math.min(this.#next * 2, LARGEST_PIECE);
    }
    const slice = { octets: this.#piece, start: this.#used };
    this.#used += length;
    return slice;
  }
}

/** Of one record of this type, the same for each. */
export function addressRecordBytes(type: AddressType): number {
  return ADDRESS_AT + (type === TYPE.A ? 4 : 16);
}

/**
 * A record for each address, one behind the other. `ttl` in seconds. Throws where an address is not of the type's
 * family.
 */
export function writeAddressRecords(type: AddressType, ttl: number, ips: readonly Ip[], to: OctetSlice): void {
  const { octets } = to;
  let at = to.start;
  for (const ip of ips) {
    const address = ipOctets(ip);
    const length = addressRecordBytes(type) - ADDRESS_AT;
    if (address?.length !== length) throw new Error(`${ip} is no address of type ${type}`);
    // Octet by octet: a hundred thousand calls that check each number again would be felt at the start.
    octets[at] = OWNER >> 8;
    octets[at + 1] = OWNER & 0xff;
    octets[at + 2] = 0;
    octets[at + 3] = type;
    octets[at + 4] = 0;
    octets[at + 5] = CLASS_IN;
    octets[at + 6] = ttl >>> 24;
    octets[at + 7] = ttl >>> 16;
    octets[at + 8] = ttl >>> 8;
    octets[at + 9] = ttl;
    octets[at + 10] = 0;
    octets[at + 11] = length;
    for (let i = 0; i < length; i++) octets[at + ADDRESS_AT + i] = address[i] ?? 0;
    at += ADDRESS_AT + length;
  }
}
