/** Numbers of the DNS registries that this server knows by name (IANA "Domain Name System (DNS) Parameters"). */

export const TYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  HINFO: 13,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  DS: 43,
  DNSKEY: 48,
  SVCB: 64,
  HTTPS: 65,
  TKEY: 249,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  MAILB: 253,
  MAILA: 254,
  ANY: 255,
  CAA: 257,
} as const;

export const CLASS_IN = 1;

export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  /** Twelve bits long: the upper eight travel in the OPT record (RFC 6891 section 6.1.3). */
  BADVERS: 16,
} as const;

export type Rcode = (typeof RCODE)[keyof typeof RCODE];

/** Octets before the question. */
export const HEADER_BYTES = 12;
/** Octets of an OPT record without options: root owner, type, size, extended flags, length (RFC 6891 section 6.1.2). */
export const OPT_BYTES = 11;
/** What a client without EDNS can take over UDP (RFC 1035 section 4.2.1). */
export const PLAIN_UDP_BYTES = 512;
/** The most we send, and say that we take, over UDP: fits an IPv6 path of the smallest MTU unfragmented. */
export const EDNS_UDP_BYTES = 1232;
/** What the length prefix of a TCP message can say. */
export const TCP_BYTES = 65_535;
