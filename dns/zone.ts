/** One zone: its start of authority, its serial, and the negative answers that carry both. */
import { AnswerSet } from './answer-set.ts';
import { HEADER_BYTES, TYPE } from './codes.ts';
import { type NameKey, nameKey, suffixOffsets } from './name.ts';
import type { RecordEncoder, SoaData } from './record.ts';

// Nobody transfers our zones, so these bind no one; they are what RIPE-203 recommends for small zones.
const REFRESH_SECONDS = 86_400;
const RETRY_SECONDS = 7_200;
const EXPIRE_SECONDS = 3_600_000;

export interface ZoneOptions {
  readonly name: string;
  /** Position among all zones, for counters. */
  readonly slot: number;
  readonly mname: string;
  readonly rname: string;
  /** Seconds of the SOA record itself. */
  readonly soaTtl: number;
  /** Seconds for which an absence may be remembered. */
  readonly negativeTtl: number;
  /** Seconds since 1970. */
  readonly serial: number;
  readonly encode: RecordEncoder;
}

/** Everything of a zone but its names. */
export class Zone {
  readonly name: string;
  readonly key: NameKey;
  readonly slot: number;
  readonly soaTtl: number;
  readonly #options: ZoneOptions;
  #serial: number;
  #soaSet: AnswerSet;
  /** The SOA of negative answers by where the zone's name begins in the question: at most 243 places. */
  #negative: Buffer[] = [];

  constructor(options: ZoneOptions) {
    this.name = options.name;
    this.key = nameKey(options.name);
    this.slot = options.slot;
    this.soaTtl = options.soaTtl;
    this.#options = options;
    this.#serial = options.serial;
    this.#soaSet = this.#newSoaSet();
  }

  get serial(): number {
    return this.#serial;
  }

  /** The answer to a question for the zone's SOA. */
  get soaSet(): AnswerSet {
    return this.#soaSet;
  }

  /** To be called when content changed; the serial grows by at least 1 whatever the clock says. */
  contentChanged(nowSeconds: number): void {
    this.#serial = Math.max(this.#serial + 1, nowSeconds);
    this.#soaSet = this.#newSoaSet();
    this.#negative = [];
  }

  /** Takes the place of a zone of the same name; the serial grows where the content is another. */
  follow(former: { readonly serial: number }, isSame: boolean): void {
    this.#serial = isSame ? former.serial : Math.max(former.serial + 1, this.#serial);
    this.#soaSet = this.#newSoaSet();
    this.#negative = [];
  }

  /** The SOA record for a negative answer to a question whose name ends at `nameEnd` and lies in this zone. */
  negative(nameEnd: number): Buffer {
    // Both without or both with their root octet; what is left is what stands before the zone's name.
    const apexAt = nameEnd - this.key.length - 1;
    const built = this.#negative[apexAt - HEADER_BYTES];
    return built ?? this.#buildNegative(apexAt);
  }

  /** RFC 2308 section 5: TTL is the smaller of the SOA's own and its minimum field. */
  #buildNegative(apexAt: number): Buffer {
    const { name, soaTtl, negativeTtl, encode } = this.#options;
    const ttl = Math.min(soaTtl, negativeTtl);
    const soa = encode({ name, ttl, data: this.#soa() }, suffixOffsets(name, apexAt));
    this.#negative[apexAt - HEADER_BYTES] = soa;
    return soa;
  }

  #newSoaSet(): AnswerSet {
    return AnswerSet.of(this.name, this.soaTtl, [this.#soa()], this.#options.encode);
  }

  #soa(): SoaData {
    const { mname, rname, negativeTtl } = this.#options;
    return {
      type: TYPE.SOA,
      mname,
      rname,
      serial: this.#serial,
      refresh: REFRESH_SECONDS,
      retry: RETRY_SECONDS,
      expire: EXPIRE_SECONDS,
      minimum: negativeTtl,
    };
  }
}
