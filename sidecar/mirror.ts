/** `mirror` of a route without its sockets: what becomes of copies, their head, and what their answer says. */
import { type NewCounts, ownCounts } from './traffic.ts';

/** Of a body; a request with a larger one is not copied. */
export const MAX_MIRRORED_BYTES = 64 * 1_024;

/**
 * What became of a request that was drawn. Sent ones: the class of the answer's status, `timeout` where it did not come
 * in time, `failed` where the connection ended before it. Not sent: the body was too large or never whole, too many were
 * under way (`overloaded`), no endpoint was up, or only one that the request itself could go to (`same_endpoint`).
 */
export const MIRROR_OUTCOMES = [
  '2xx',
  '3xx',
  '4xx',
  '5xx',
  'timeout',
  'failed',
  'too_large',
  'incomplete',
  'overloaded',
  'no_endpoint',
  'same_endpoint',
] as const;

export type MirrorOutcome = (typeof MIRROR_OUTCOMES)[number];

const SLOT = Object.fromEntries(MIRROR_OUTCOMES.map((outcome, slot) => [outcome, slot])) as Readonly<
  Record<MirrorOutcome, number>
>;

/** Of one route. */
export class MirrorCounts {
  readonly #counts: Float64Array;

  constructor(newCounts: NewCounts = ownCounts) {
    this.#counts = newCounts('mirrored', MIRROR_OUTCOMES.length);
  }

  count(outcome: MirrorOutcome): void {
    this.#counts[SLOT[outcome]] = this.of(outcome) + 1;
  }

  of(outcome: MirrorOutcome): number {
    return this.#counts[SLOT[outcome]] as number;
  }
}

/** Clients cannot send it (X-Outrigger-* ends at the listener), so whoever gets it can believe it. */
const MARK = 'x-outrigger-mirror: 1\r\nconnection: close\r\n';

/** The head of a copy, from a request's own as it goes upstream. Its connection serves nothing else. */
export function mirrorHead(upstreamHead: string): string {
  const fields = upstreamHead.slice(0, -2).replace(/connection: te\r\nte: trailers\r\n$/, '');
  return `${fields}${MARK}\r\n`;
}

const INTERIM = /^HTTP\/1\.[01] 1\d\d[ \r]/;
const FINAL = /^HTTP\/1\.[01] ([2-5])\d\d[ \r]/;

/**
 * The status class of an answer from its first bytes, past interim ones; undefined while more of them are needed,
 * `failed` where they are no answer.
 */
export function statusClassOf(text: string): MirrorOutcome | undefined {
  let rest = text;
  while (INTERIM.test(rest)) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    rest = rest.slice(end + 4);
  }
  const digit = FINAL.exec(rest)?.[1];
  if (digit !== undefined) return `${digit}xx` as MirrorOutcome;
  return rest.length < 13 ? undefined : 'failed';
}
