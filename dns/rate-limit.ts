/** Response rate limiting: how many answers over UDP a network gets, so that forged queries cannot make us flood it. */
import { networkOf } from './network.ts';
import { sipHash24 } from './sip-hash.ts';

export interface RateLimitSettings {
  readonly responsesPerSecond: number;
  /** How far a network can fall behind: it is answered again at the latest this long after it has stopped. */
  readonly windowSeconds: number;
  /** Every so manieth answer over the limit goes out empty with TC, for those who really ask; 0: none. */
  readonly slip: number;
  readonly isExempt: (address: string) => boolean;
  /** 16 octets that nobody else knows, so that nobody can choose networks that share a place in the table. */
  readonly key: Buffer;
  /** From {@link rateTable}: what is known of networks. Threads may share one, with one key. Default: one of its own. */
  readonly table?: ArrayBufferLike | undefined;
}

export type RateVerdict = 'answer' | 'slip' | 'drop';

/** 16,384 networks at once: 450 kB. Where the four places of a network are taken, the longest silent one is forgotten. */
const PLACES = 16_384;
const WAYS = 4;
/** Three numbers of 8 octets and one of 4 for each place. */
const [LEFT_AT, SEEN_AT, OVER_AT, TABLE_BYTES] = [PLACES * 8, PLACES * 16, PLACES * 24, PLACES * 28];

/** Of nobody yet, in memory that threads can share. */
export function rateTable(): SharedArrayBuffer {
  return unseen(new SharedArrayBuffer(TABLE_BYTES));
}

function unseen<Table extends ArrayBufferLike>(table: Table): Table {
  new Float64Array(table, SEEN_AT, PLACES).fill(Number.NEGATIVE_INFINITY);
  return table;
}

/**
 * A network has an account of answers that gains `responsesPerSecond` each second up to as many, pays one for each
 * answer that is due, given or not, and goes no further down than a window's worth:
 *
 *   one left or more  → answered
 *   none              → dropped, but every `slip`-th is sent as TC
 */
export class RateLimit {
  readonly #settings: RateLimitSettings;
  /** Of the network in each place: its hash, what it has left, when that was, and how often it was over the limit. */
  readonly #hashes: BigUint64Array;
  readonly #left: Float64Array;
  readonly #seenMs: Float64Array;
  readonly #over: Uint32Array;

  /** Threads that share a table lose an answer or two of a network's account where they decide in the same moment. */
  constructor(settings: RateLimitSettings) {
    this.#settings = settings;
    const table = settings.table ?? unseen(new ArrayBuffer(TABLE_BYTES));
    this.#hashes = new BigUint64Array(table, 0, PLACES);
    this.#left = new Float64Array(table, LEFT_AT, PLACES);
    this.#seenMs = new Float64Array(table, SEEN_AT, PLACES);
    this.#over = new Uint32Array(table, OVER_AT, PLACES);
  }

  decide(address: string, nowMs: number): RateVerdict {
    const { responsesPerSecond, windowSeconds, slip, isExempt, key } = this.#settings;
    const network = networkOf(address);
    if (network === undefined || isExempt(address)) return 'answer';
    const place = this.#placeOf(sipHash24(key, network).readBigUInt64LE());
    const seconds = Math.max(0, nowMs - (this.#seenMs[place] ?? nowMs)) / 1_000;
    const left = Math.min(responsesPerSecond, (this.#left[place] ?? 0) + seconds * responsesPerSecond);
    this.#seenMs[place] = nowMs;
    this.#left[place] = Math.max(left - 1, -windowSeconds * responsesPerSecond);
    if (left >= 1) return 'answer';
    const over = (this.#over[place] ?? 0) + 1;
    this.#over[place] = over;
    return slip > 0 && over % slip === 0 ? 'slip' : 'drop';
  }

  /** Its place among the four that it can have, which may have been another's. */
  #placeOf(hash: bigint): number {
    const first = Number(hash & BigInt(PLACES / WAYS - 1)) * WAYS;
    let oldest = first;
    for (let place = first; place < first + WAYS; place++) {
      if (this.#hashes[place] === hash) return place;
      if ((this.#seenMs[place] ?? 0) < (this.#seenMs[oldest] ?? 0)) oldest = place;
    }
    this.#hashes[oldest] = hash;
    // Never seen: full, however much a network gains in the time since then.
    this.#seenMs[oldest] = Number.NEGATIVE_INFINITY;
    this.#left[oldest] = 0;
    this.#over[oldest] = 0;
    return oldest;
  }
}
