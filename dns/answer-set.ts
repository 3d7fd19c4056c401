/** One RRset as prebuilt bytes that begin at a different record each time. */
import type { ClientNetwork } from './client-network.ts';
import { HEADER_BYTES } from './codes.ts';
import { copyOctets } from './copy-octets.ts';
import { suffixOffsets } from './name.ts';
import type { RecordData, RecordEncoder } from './record.ts';

/** Owner (a pointer at the question), type and class stand before the TTL. */
const TTL_OFFSET = 6;
const NO_NAMES: ReadonlyMap<string, number> = new Map();
const NO_TARGETS: readonly string[] = [];
const NO_STARTS: readonly number[] = [];
/** Of a single record; its end is never asked for. */
const ONE_START: readonly number[] = [0, 0];

/** Who of several is next. */
export interface Turns {
  /** A position; takes the turn. */
  next(): number;
}

/** One of several for each query. */
export interface Chooser {
  /** A position. */
  choose(client: ClientNetwork): number;
}

/** How the records of a set take turns. Without any: all of them, beginning one further each time. */
export interface RecordOrder {
  /** The record that is first, of all of them. */
  readonly turns?: Turns | undefined;
  /** The only record that a query gets. */
  readonly chooser?: Chooser | undefined;
}

const IN_TURN: RecordOrder = {};

/**
 * The records of one type that a name has. Its bytes go into an answer right after the question, whose name is the
 * set's owner: every pointer in them aims at the question and none at another record, so the order is free.
 * Encoded when it is first asked for, so that a large zone starts at once; the bytes never change after that.
 */
export class AnswerSet implements RecordOrder {
  readonly type: number;
  /** Seconds. */
  readonly ttl: number;
  readonly count: number;
  /** Names in the data whose addresses are worth sending along, or whose own data is meant (CNAME); never ''. */
  readonly targets: readonly string[];
  readonly turns: Turns | undefined;
  readonly chooser: Chooser | undefined;
  readonly #owner: string;
  readonly #records: readonly RecordData[];
  readonly #encode: RecordEncoder;
  #parts: readonly AnswerSet[] | undefined;
  #bytes: Buffer | undefined;
  /** Where each record starts, and where the last one ends. */
  #starts: readonly number[] = NO_STARTS;
  #turn = 0;
  #tails: readonly Buffer[] | undefined;

  /** `records` are of one type and at least one; `owner` is absolute, lower-cased and without final dot. */
  constructor(owner: string, ttl: number, records: readonly RecordData[], encode: RecordEncoder, order = IN_TURN) {
    this.type = records[0]?.type ?? 0;
    this.ttl = ttl;
    this.count = records.length;
    this.targets = targetsOf(records);
    this.#owner = owner;
    this.#records = records;
    this.#encode = encode;
    this.turns = order.turns;
    this.chooser = order.chooser;
  }

  /** The set that answers this query: this one, or that one of its records which the client gets. */
  partFor(client: ClientNetwork): AnswerSet {
    const { chooser } = this;
    if (chooser === undefined) return this;
    this.#parts ??= this.#records.map((data) => new AnswerSet(this.#owner, this.ttl, [data], this.#encode));
    return this.#parts[chooser.choose(client)] ?? this;
  }

  /** Octets that {@link copyTo} writes. */
  get byteLength(): number {
    return this.#encoded().length;
  }

  /** Copies all records to `target`, beginning at another record each time. */
  copyTo(target: Buffer, at: number): void {
    const bytes = this.#encoded();
    const from = this.#starts[this.#nextTurn()] ?? 0;
    copyOctets(bytes, target, at, from, bytes.length);
    if (from > 0) copyOctets(bytes, target, at + bytes.length - from, 0, from);
  }

  /**
   * The records without their owner and without any pointer, for a message in which something else than the question's
   * name owns them; beginning at another record each time.
   */
  tails(): readonly Buffer[] {
    this.#tails ??= this.#records.map((data) => this.#encode({ name: '', ttl: this.ttl, data }, NO_NAMES).subarray(1));
    const from = this.#nextTurn();
    return from === 0 ? this.#tails : [...this.#tails.slice(from), ...this.#tails.slice(0, from)];
  }

  /** The same records with another TTL; what is encoded already is not encoded again. */
  withTtl(ttl: number): AnswerSet {
    const set = new AnswerSet(this.#owner, ttl, this.#records, this.#encode, this);
    set.#parts = this.#parts?.map((part) => part.withTtl(ttl));
    set.#turn = this.#turn;
    if (this.#bytes === undefined) return set;
    const bytes = Buffer.from(this.#bytes);
    for (const start of this.#starts.slice(0, -1)) bytes.writeUInt32BE(ttl, start + TTL_OFFSET);
    set.#bytes = bytes;
    set.#starts = this.#starts;
    return set;
  }

  #nextTurn(): number {
    if (this.turns !== undefined) return this.turns.next();
    const turn = this.#turn;
    this.#turn = turn + 1 < this.count ? turn + 1 : 0;
    return turn;
  }

  #encoded(): Buffer {
    if (this.#bytes !== undefined) return this.#bytes;
    const known = suffixOffsets(this.#owner, HEADER_BYTES);
    const parts = this.#records.map((data) => this.#encode({ name: this.#owner, ttl: this.ttl, data }, known));
    const [first, ...more] = parts;
    if (first !== undefined && more.length === 0) {
      this.#starts = ONE_START;
      this.#bytes = first;
      return first;
    }
    const starts = [0];
    for (const part of parts) starts.push((starts.at(-1) ?? 0) + part.length);
    this.#starts = starts;
    this.#bytes = Buffer.concat(parts);
    return this.#bytes;
  }
}

function targetsOf(records: readonly RecordData[]): readonly string[] {
  const [first] = records;
  if (first === undefined || !('host' in first)) return NO_TARGETS;
  const targets = new Set(records.flatMap((data) => ('host' in data && data.host !== '' ? [data.host] : NO_TARGETS)));
  return targets.size === 0 ? NO_TARGETS : [...targets];
}
