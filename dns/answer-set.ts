/** One RRset as prebuilt bytes that begin at a different record each time. */
import { type AddressType, addressRecordBytes, type OctetRoom, writeAddressRecords } from './address-octets.ts';
import type { ClientNetwork } from './client-network.ts';
import { HEADER_BYTES } from './codes.ts';
import { copyOctets } from './copy-octets.ts';
import type { Ip } from './ip.ts';
import { suffixOffsets } from './name.ts';
import type { RecordData, RecordEncoder } from './record.ts';

/** Owner (a pointer at the question), type and class stand before the TTL. */
const OWNER_BYTES = 2;
const TTL_OFFSET = 6;
const NO_NAMES: ReadonlyMap<string, number> = new Map();
const NO_TARGETS: readonly string[] = [];
const NO_OCTETS = Buffer.alloc(0);

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

export interface AddressSetOptions {
  readonly order?: RecordOrder | undefined;
  /** Where its octets are to be. Default: in memory of their own. */
  readonly room?: OctetRoom | undefined;
}

/** What its bytes are made of. */
interface Source {
  readonly owner: string;
  readonly records: readonly RecordData[];
  readonly encode: RecordEncoder;
}

/** What only some sets need. */
interface Extras {
  readonly source?: Source | undefined;
  /** Where each record starts. Without it all are as long as each other. */
  starts?: readonly number[];
  parts?: readonly AnswerSet[];
  tails?: readonly Buffer[];
}

const IN_TURN: RecordOrder = {};

/**
 * The records of one type that a name has. Its bytes go into an answer right after the question, whose name is the
 * set's owner: every pointer in them aims at the question and none at another record, so the order is free.
 * Few fields, because a large zone has a hundred thousand of them.
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
  /** The records are in there from `#start` to `#end`, once they are encoded: never empty then. */
  #octets: Buffer = NO_OCTETS;
  #start = 0;
  #end = 0;
  #turn = 0;
  #extras: Extras | undefined;

  private constructor(head: { type: number; ttl: number; count: number }, targets: readonly string[], order = IN_TURN) {
    this.type = head.type;
    this.ttl = head.ttl;
    this.count = head.count;
    this.targets = targets;
    this.turns = order.turns;
    this.chooser = order.chooser;
  }

  /**
   * `records` are of one type and at least one; `owner` is absolute, lower-cased and without final dot. They are encoded
   * when they are first asked for, so that a large zone starts at once.
   */
  static of(owner: string, ttl: number, records: readonly RecordData[], encode: RecordEncoder): AnswerSet {
    const set = new AnswerSet({ type: records[0]?.type ?? 0, ttl, count: records.length }, targetsOf(records));
    set.#extras = { source: { owner, records, encode } };
    return set;
  }

  /** `ips` are at least one, all of the type's family; throws where one is not. */
  static ofAddresses(type: AddressType, ttl: number, ips: readonly Ip[], options: AddressSetOptions = {}): AnswerSet {
    const length = ips.length * addressRecordBytes(type);
    const slice = options.room?.take(length) ?? { octets: Buffer.allocUnsafe(length), start: 0 };
    writeAddressRecords(type, ttl, ips, slice);
    const set = new AnswerSet({ type, ttl, count: ips.length }, NO_TARGETS, options.order);
    return set.#holding(slice.octets, slice.start, slice.start + length);
  }

  #holding(octets: Buffer, start: number, end: number): this {
    this.#octets = octets;
    this.#start = start;
    this.#end = end;
    return this;
  }

  /** The set that answers this query: this one, or that one of its records which the client gets. */
  partFor(client: ClientNetwork): AnswerSet {
    const { chooser } = this;
    if (chooser === undefined) return this;
    this.#extras ??= {};
    this.#extras.parts ??= this.#partsOf();
    return this.#extras.parts[chooser.choose(client)] ?? this;
  }

  /** Octets that {@link copyTo} writes. */
  get byteLength(): number {
    if (this.#octets === NO_OCTETS) this.#encode();
    return this.#end - this.#start;
  }

  /** Copies all records to `target`, beginning at another record each time. */
  copyTo(target: Buffer, at: number): void {
    if (this.#octets === NO_OCTETS) this.#encode();
    const from = this.#startOf(this.#nextTurn());
    copyOctets(this.#octets, target, at, from, this.#end);
    if (from > this.#start) copyOctets(this.#octets, target, at + this.#end - from, this.#start, from);
  }

  /**
   * The records without their owner and without any pointer, for a message in which something else than the question's
   * name owns them; beginning at another record each time.
   */
  tails(): readonly Buffer[] {
    this.#extras ??= {};
    this.#extras.tails ??= this.#tailsOf(this.#extras.source);
    const { tails } = this.#extras;
    const from = this.#nextTurn();
    return from === 0 ? tails : [...tails.slice(from), ...tails.slice(0, from)];
  }

  /** The same records with another TTL; what is encoded already is not encoded again. */
  withTtl(ttl: number): AnswerSet {
    const set = new AnswerSet({ type: this.type, ttl, count: this.count }, this.targets, this);
    const { source, starts } = this.#extras ?? {};
    if (source !== undefined) set.#extras = { source, ...(starts === undefined ? {} : { starts }) };
    set.#turn = this.#turn;
    if (this.#octets === NO_OCTETS) return set;
    const octets = Buffer.from(this.#octets.subarray(this.#start, this.#end));
    for (let i = 0; i < this.count; i++) octets.writeUInt32BE(ttl, this.#startOf(i) - this.#start + TTL_OFFSET);
    return set.#holding(octets, 0, octets.length);
  }

  #nextTurn(): number {
    if (this.turns !== undefined) return this.turns.next();
    const turn = this.#turn;
    this.#turn = turn + 1 < this.count ? turn + 1 : 0;
    return turn;
  }

  #startOf(record: number): number {
    const starts = this.#extras?.starts;
    if (starts !== undefined) return this.#start + (starts[record] ?? 0);
    return this.#start + (record * (this.#end - this.#start)) / this.count;
  }

  #encode(): void {
    const source = this.#extras?.source;
    if (source === undefined) return;
    const { owner, records, encode } = source;
    const known = suffixOffsets(owner, HEADER_BYTES);
    const parts = records.map((data) => encode({ name: owner, ttl: this.ttl, data }, known));
    if (parts.length > 1) this.#extras = { ...this.#extras, starts: startsOf(parts) };
    const octets = parts.length === 1 ? (parts[0] ?? NO_OCTETS) : Buffer.concat(parts);
    this.#holding(octets, 0, octets.length);
  }

  /** One set for each record, with the same octets. Only addresses are chosen from. */
  #partsOf(): readonly AnswerSet[] {
    return Array.from({ length: this.count }, (_, i) => {
      const part = new AnswerSet({ type: this.type, ttl: this.ttl, count: 1 }, NO_TARGETS);
      return part.#holding(this.#octets, this.#startOf(i), this.#startOf(i + 1));
    });
  }

  #tailsOf(source: Source | undefined): readonly Buffer[] {
    if (source !== undefined) {
      const { records, encode } = source;
      return records.map((data) => encode({ name: '', ttl: this.ttl, data }, NO_NAMES).subarray(1));
    }
    return Array.from({ length: this.count }, (_, i) => {
      return this.#octets.subarray(this.#startOf(i) + OWNER_BYTES, this.#startOf(i + 1));
    });
  }
}

function startsOf(parts: readonly Buffer[]): readonly number[] {
  const starts: number[] = [];
  let at = 0;
  for (const part of parts) {
    starts.push(at);
    at += part.length;
  }
  return starts;
}

function targetsOf(records: readonly RecordData[]): readonly string[] {
  const [first] = records;
  if (first === undefined || !('host' in first)) return NO_TARGETS;
  const targets = new Set(records.flatMap((data) => ('host' in data && data.host !== '' ? [data.host] : NO_TARGETS)));
  return targets.size === 0 ? NO_TARGETS : [...targets];
}
