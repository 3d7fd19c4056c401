/** Messages with more than one owner in them: aliases, referrals, and addresses that are sent along. */
import type { AnswerSet } from './answer-set.ts';
import type { ClientNetwork } from './client-network.ts';
import { HEADER_BYTES, TCP_BYTES, TYPE } from './codes.ts';
import type { Query } from './message.ts';
import { type NameKey, nameText, suffixOffsets } from './name.ts';

export const ANSWER = 0;
export const AUTHORITY = 1;
export const ADDITIONAL = 2;
export type Section = typeof ANSWER | typeof AUTHORITY | typeof ADDITIONAL;

const POINTER = 0xc000;
/** What a pointer can reach (RFC 1035 section 4.1.4). */
const REACH = 0x3fff;
/** Of the question's name, which stands right behind the header. */
const QUESTION = Buffer.of(POINTER >> 8, HEADER_BYTES);

const ROOT = Buffer.of(0);

/** Behind type, class and TTL: how long the data is. */
const LENGTH_AT = 8;
const DATA_AT = 10;
/** Where the name begins with which the data of a type ends, of those that may point at others (RFC 3597 section 4). */
const NAME_AT: ReadonlyMap<number, number> = new Map([
  [TYPE.NS, DATA_AT],
  [TYPE.CNAME, DATA_AT],
  [TYPE.MX, DATA_AT + 2],
]);

export interface Beginning {
  /** A name of ours that the question's name is or ends with. */
  readonly anchor: string;
  /** Octets of that name, without the root's. */
  readonly anchorOctets: number;
  /** What all records together may take. */
  readonly room: number;
  /** For whom. */
  readonly client: ClientNetwork;
}

/** Puts one message together at a time; the next {@link begin} forgets the one before. */
export class Composer {
  readonly counts = [0, 0, 0];
  readonly #bytes = Buffer.allocUnsafe(TCP_BYTES);
  #from = 0;
  #at = 0;
  #end = 0;
  /** Name → where it stands in the message. */
  #known = new Map<string, number>();
  #client: ClientNetwork | undefined;

  begin(parsed: Query, { anchor, anchorOctets, room, client }: Beginning): void {
    this.counts.fill(0);
    this.#from = parsed.questionEnd;
    this.#at = parsed.questionEnd;
    this.#end = Math.min(parsed.questionEnd + room, TCP_BYTES);
    this.#known = new Map(suffixOffsets(anchor, parsed.nameEnd - 1 - anchorOctets));
    this.#client = client;
  }

  /** The records of `set` that the client gets; without `owner` they are the question's name's. False, with nothing added, without room. */
  add(section: Section, owner: string | undefined, whole: AnswerSet): boolean {
    const set = this.#client === undefined ? whole : whole.partFor(this.#client);
    const start = this.#at;
    const nameAt = NAME_AT.get(set.type);
    for (const tail of set.tails()) if (!this.#addOne(owner, tail, nameAt)) return this.#takeBack(start);
    this.counts[section] = (this.counts[section] ?? 0) + set.count;
    return true;
  }

  /** One record whose pointers are right already. */
  addRecord(section: Section, record: Buffer): boolean {
    if (!this.#put(record)) return false;
    this.counts[section] = (this.counts[section] ?? 0) + 1;
    return true;
  }

  /** All records so far, which belong right behind the question; a view that the next message overwrites. */
  get records(): Buffer {
    return this.#bytes.subarray(this.#from, this.#at);
  }

  #addOne(owner: string | undefined, tail: Buffer, nameAt: number | undefined): boolean {
    if (!(owner === undefined ? this.#put(QUESTION) : this.#putName(owner))) return false;
    if (nameAt === undefined) return this.#put(tail);
    const lengthAt = this.#at + LENGTH_AT;
    const host = nameText(tail.toString('latin1', nameAt, tail.length - 1) as NameKey);
    if (!this.#put(tail.subarray(0, nameAt)) || !this.#putName(host)) return false;
    this.#bytes.writeUInt16BE(this.#at - lengthAt - 2, lengthAt);
    return true;
  }

  #takeBack(start: number): false {
    this.#at = start;
    for (const [name, offset] of this.#known) if (offset >= start) this.#known.delete(name);
    return false;
  }

  /** Where there is room for it. */
  #put(bytes: Buffer): boolean {
    if (this.#at + bytes.length > this.#end) return false;
    bytes.copy(this.#bytes, this.#at);
    this.#at += bytes.length;
    return true;
  }

  /** The labels that stand nowhere yet, which are known from here on; then a pointer at the rest, or the root. */
  #putName(name: string): boolean {
    for (let rest = name; rest !== ''; ) {
      const known = this.#known.get(rest);
      if (known !== undefined) return this.#put(Buffer.of((POINTER | known) >> 8, known & 0xff));
      const dot = rest.indexOf('.');
      const length = dot < 0 ? rest.length : dot;
      if (this.#at + 1 + length > this.#end) return false;
      if (this.#at <= REACH) this.#known.set(rest, this.#at);
      this.#bytes[this.#at] = length;
      this.#bytes.write(rest.slice(0, length), this.#at + 1, 'latin1');
      this.#at += 1 + length;
      rest = rest.slice(length + 1);
    }
    return this.#put(ROOT);
  }
}
