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
  const each = addressRecordBytes(type);
  for (const [i, ip] of ips.entries()) {
    const at = to.start + i * each;
    const address = ipOctets(ip);
    if (address?.length !== each - ADDRESS_AT) throw new Error(`${ip} is no address of type ${type}`);
    to.octets.writeUInt16BE(OWNER, at);
    to.octets.writeUInt16BE(type, at + 2);
    to.octets.writeUInt16BE(CLASS_IN, at + 4);
    to.octets.writeUInt32BE(ttl, at + 6);
    to.octets.writeUInt16BE(address.length, at + 10);
    to.octets.set(address, at + ADDRESS_AT);
  }
}
