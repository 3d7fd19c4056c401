/** How long an answer may be, and whether it is. */
import { OPT_BYTES, TCP_BYTES } from './codes.ts';
import type { Query } from './message.ts';

export type Transport = 'udp' | 'tcp';

/** UDP: what the client says it takes, at least 512 and at most 1232 octets; 512 without EDNS. TCP: 65,535. */
export function answerLimit(query: Query, transport: Transport): number {
  return transport === 'tcp' ? TCP_BYTES : query.udpBytes;
}

/** True when header, question, `recordBytes` of records and OPT together take no more than `maxBytes`. */
export function fits(query: Query, recordBytes: number, maxBytes: number): boolean {
  return query.questionEnd + recordBytes + (query.edns ? OPT_BYTES : 0) <= maxBytes;
}
