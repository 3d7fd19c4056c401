/** Messages with more than one owner in them: aliases, referrals, and addresses that are sent along. */
import type { AnswerSet } from './answer-set.ts';
import type { ClientNetwork } from './client-network.ts';
import { HEADER_BYTES, TCP_BYTES } from './codes.ts';
import type { Query } from './message.ts';
import { suffixOffsets } from './name.ts';

export const ANSWER = 0;
export const AUTHORITY = 1;
export const ADDITIONAL = 2;
export type Section = typeof ANSWER | typeof AUTHORITY | typeof ADDITIONAL;

const POINTER = 0xc000;
/** What a pointer can reach (RFC 1035 section 4.1.4). */
const REACH = 0x3fff;

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
    for (const tail of set.tails()) {
      const name = owner === undefined ? undefined : this.#ownerBytes(owner);
      const nameBytes = name?.length ?? 2;
      if (this.#at + nameBytes + tail.length > this.#end) return this.#takeBack(start);
      if (name === undefined) this.#bytes.writeUInt16BE(POINTER | HEADER_BYTES, this.#at);
      else this.#write(name, owner ?? '');
      tail.copy(this.#bytes, this.#at + nameBytes);
      this.#at += nameBytes + tail.length;
    }
    this.counts[section] = (this.counts[section] ?? 0) + set.count;
    return true;
  }

  /** One record whose pointers are right already. */
  addRecord(section: Section, record: Buffer): boolean {
    if (this.#at + record.length > this.#end) return false;
    record.copy(this.#bytes, this.#at);
    this.#at += record.length;
    this.counts[section] = (this.counts[section] ?? 0) + 1;
    return true;
  }

  /** All records so far, which belong right behind the question; a view that the next message overwrites. */
  get records(): Buffer {
    return this.#bytes.subarray(this.#from, this.#at);
  }

  #takeBack(start: number): false {
    this.#at = start;
    for (const [name, offset] of this.#known) if (offset >= start) this.#known.delete(name);
    return false;
  }

  /** The labels that stand nowhere yet, then a pointer at the rest, or the root. */
  #ownerBytes(name: string): Buffer {
    const parts: Buffer[] = [];
    for (let rest = name; rest !== ''; ) {
      const known = this.#known.get(rest);
      if (known !== undefined) return Buffer.concat([...parts, Buffer.of((POINTER | known) >> 8, known & 0xff)]);
      const dot = rest.indexOf('.');
      const label = dot < 0 ? rest : rest.slice(0, dot);
      parts.push(Buffer.of(label.length), Buffer.from(label, 'latin1'));
      rest = rest.slice(label.length + 1);
    }
    return Buffer.concat([...parts, Buffer.of(0)]);
  }

  #write(bytes: Buffer, name: string): void {
    bytes.copy(this.#bytes, this.#at);
    if (this.#known.has(name)) return;
    for (const [suffix, offset] of suffixOffsets(name, this.#at)) {
      if (offset <= REACH && !this.#known.has(suffix)) this.#known.set(suffix, offset);
      else break;
    }
  }
}
