/** One RRset as prebuilt bytes that begin at a different record each time. */
import { HEADER_BYTES } from './codes.ts';
import { copyOctets } from './copy-octets.ts';
import { suffixOffsets } from './name.ts';
import type { RecordData, RecordEncoder } from './record.ts';

/** Owner (a pointer at the question), type and class stand before the TTL. */
const TTL_OFFSET = 6;
const NO_NAMES: ReadonlyMap<string, number> = new Map();
const NO_TARGETS: readonly string[] = [];

/**
 * The records of one type that a name has. Its bytes go into an answer right after the question, whose name is the
 * set's owner: every pointer in them aims at the question and none at another record, so the order is free.
 * Encoded when it is first asked for, so that a large zone starts at once; the bytes never change after that.
 */
export class AnswerSet {
  readonly type: number;
  /** Seconds. */
  readonly ttl: number;
  readonly count: number;
  /** Names in the data whose addresses are worth sending along, or whose own data is meant (CNAME); never ''. */
  readonly targets: readonly string[];
  readonly #owner: string;
  readonly #records: readonly RecordData[];
  readonly #encode: RecordEncoder;
  #bytes: Buffer | undefined;
  /** Where each record starts, and where the last one ends. */
  #starts: readonly number[] = [];
  #turn = 0;
  #tails: readonly Buffer[] | undefined;

  /** `records` are of one type and at least one; `owner` is absolute, lower-cased and without final dot. */
  constructor(owner: string, ttl: number, records: readonly RecordData[], encode: RecordEncoder) {
    this.type = records[0]?.type ?? 0;
    this.ttl = ttl;
    this.count = records.length;
    this.targets = targetsOf(records);
    this.#owner = owner;
    this.#records = records;
    this.#encode = encode;
  }

  /** Octets that {@link copyTo} writes. */
  get byteLength(): number {
    return this.#encoded().length;
  }

  /** Copies all records to `target`, beginning one record further each time. */
  copyTo(target: Buffer, at: number): void {
    const bytes = this.#encoded();
    const from = this.#starts[this.#turn] ?? 0;
    this.#turn = this.#turn + 1 < this.count ? this.#turn + 1 : 0;
    copyOctets(bytes, target, at, from, bytes.length);
    if (from > 0) copyOctets(bytes, target, at + bytes.length - from, 0, from);
  }

  /**
   * The records without their owner and without any pointer, for a message in which something else than the question's
   * name owns them; beginning one record further each time.
   */
  tails(): readonly Buffer[] {
    this.#tails ??= this.#records.map((data) => this.#encode({ name: '', ttl: this.ttl, data }, NO_NAMES).subarray(1));
    const from = this.#turn;
    this.#turn = from + 1 < this.count ? from + 1 : 0;
    return from === 0 ? this.#tails : [...this.#tails.slice(from), ...this.#tails.slice(0, from)];
  }

  /** The same records with another TTL; what is encoded already is not encoded again. */
  withTtl(ttl: number): AnswerSet {
    const set = new AnswerSet(this.#owner, ttl, this.#records, this.#encode);
    if (this.#bytes === undefined) return set;
    const bytes = Buffer.from(this.#bytes);
    for (const start of this.#starts.slice(0, -1)) bytes.writeUInt32BE(ttl, start + TTL_OFFSET);
    set.#bytes = bytes;
    set.#starts = this.#starts;
    set.#turn = this.#turn;
    return set;
  }

  #encoded(): Buffer {
    if (this.#bytes !== undefined) return this.#bytes;
    const known = suffixOffsets(this.#owner, HEADER_BYTES);
    const parts = this.#records.map((data) => this.#encode({ name: this.#owner, ttl: this.ttl, data }, known));
    const starts = [0];
    for (const part of parts) starts.push((starts.at(-1) ?? 0) + part.length);
    this.#starts = starts;
    this.#bytes = Buffer.concat(parts);
    return this.#bytes;
  }
}

function targetsOf(records: readonly RecordData[]): readonly string[] {
  const targets = new Set(records.flatMap((data) => ('host' in data && data.host !== '' ? [data.host] : NO_TARGETS)));
  return targets.size === 0 ? NO_TARGETS : [...targets];
}
