/** One RRset as prebuilt bytes that begin at a different record each time. */
import { HEADER_BYTES } from './codes.ts';
import { suffixOffsets } from './name.ts';
import type { RecordData, RecordEncoder } from './record.ts';

/** Owner (a pointer at the question), type and class stand before the TTL. */
const TTL_OFFSET = 6;

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
  readonly #owner: string;
  readonly #records: readonly RecordData[];
  readonly #encode: RecordEncoder;
  #bytes: Buffer | undefined;
  /** Where each record starts, and where the last one ends. */
  #starts: readonly number[] = [];
  #turn = 0;

  /** `records` are of one type and at least one; `owner` is absolute, lower-cased and without final dot. */
  constructor(owner: string, ttl: number, records: readonly RecordData[], encode: RecordEncoder) {
    this.type = records[0]?.type ?? 0;
    this.ttl = ttl;
    this.count = records.length;
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
    bytes.copy(target, at, from);
    if (from > 0) bytes.copy(target, at + bytes.length - from, 0, from);
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
