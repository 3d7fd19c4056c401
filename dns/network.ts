/** Networks: what counts as one client where single addresses say too much or too little. */
import { ipOctets } from './ip.ts';

/** Octets of a /24 and a /56: what RFC 7871 section 11.1 takes for one client's network. */
const IPV4_OCTETS = 3;
const IPV6_OCTETS = 7;

/** How many octets of an address of `length` octets are its network. */
export function networkLength(length: number): number {
  return length === 4 ? IPV4_OCTETS : IPV6_OCTETS;
}

/** The /24 or /56 around an IP address; undefined for what is none. */
export function networkOf(address: string): Buffer | undefined {
  const octets = ipOctets(address);
  return octets?.subarray(0, networkLength(octets.length));
}
