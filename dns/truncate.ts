/** How long an answer may be, and whether it is. */
import { OPT_BYTES, TCP_BYTES } from './codes.ts';
import type { Query } from './message.ts';

export type Transport = 'udp' | 'tcp';

/** UDP: what the client says it takes, at least 512 and at most 1232 octets; 512 without EDNS. TCP: 65,535. */
export function answerLimit(query: Query, transport: Transport): number {
  return transport === 'tcp' ? TCP_BYTES : query.udpBytes;
}

/** Octets that header, question and OPT leave for records; below 0 where they alone are too long. */
export function roomFor(query: Query, maxBytes: number): number {
  return maxBytes - query.questionEnd - (query.edns ? OPT_BYTES + query.replyOptions.length : 0);
}
