/** One query in, one answer out (or none): the whole path that needs neither a socket nor a clock. */
import { writeAnswer, writeError, writeNegative } from './answer.ts';
import { AnswerSet } from './answer-set.ts';
import { RCODE, TYPE } from './codes.ts';
import { parseQuery, type Query } from './message.ts';
import { questionKey } from './name.ts';
import type { RecordEncoder } from './record.ts';
import type { Tally } from './tally.ts';
import { answerLimit, type Transport } from './truncate.ts';
import type { ZoneNode, ZoneTree } from './zone-tree.ts';

/** RFC 8482 section 4.2 leaves it open; an hour keeps those who ask for ANY from asking soon again. */
const ANY_TTL_SECONDS = 3_600;

export class Responder {
  #tree: ZoneTree;
  readonly #tally: Tally;
  /** The answer to ANY is the same for every name, because its owner is a pointer at the question. */
  readonly #anySet: AnswerSet;

  constructor(tree: ZoneTree, tally: Tally, encode: RecordEncoder) {
    this.#tree = tree;
    this.#tally = tally;
    this.#anySet = new AnswerSet('any', ANY_TTL_SECONDS, [{ type: TYPE.HINFO, cpu: 'RFC8482', os: '' }], encode);
  }

  /** Answers from this tree from the next query on. */
  replaceTree(tree: ZoneTree): void {
    this.#tree = tree;
  }

  /**
   * The answer to `query`, in a buffer of its own, or undefined where there must be none. Never throws and never
   * waits, whatever the bytes are.
   */
  respond(query: Buffer, transport: Transport): Buffer | undefined {
    const parsed = parseQuery(query);
    if (typeof parsed === 'string') {
      this.#tally.drop(parsed);
      return undefined;
    }
    if (parsed.rcode !== RCODE.NOERROR) {
      this.#tally.count(-1, parsed.type, parsed.rcode);
      return writeError(query, parsed, parsed.rcode);
    }
    const key = questionKey(query, parsed.nameEnd);
    const node = this.#tree.node(key);
    if (node !== undefined) return this.#answer(node, query, parsed, answerLimit(parsed, transport));
    const zone = this.#tree.zoneOf(key);
    const rcode = zone === undefined ? RCODE.REFUSED : RCODE.NXDOMAIN;
    this.#tally.count(zone?.slot ?? -1, parsed.type, rcode);
    if (zone === undefined) return writeError(query, parsed, rcode);
    return writeNegative(query, parsed, rcode, zone.negative(parsed.nameEnd), answerLimit(parsed, transport));
  }

  #answer(node: ZoneNode, query: Buffer, parsed: Query, maxBytes: number): Buffer {
    const { zone } = node;
    if (!node.known) {
      this.#tally.count(zone.slot, parsed.type, RCODE.SERVFAIL);
      return writeError(query, parsed, RCODE.SERVFAIL);
    }
    this.#tally.count(zone.slot, parsed.type, RCODE.NOERROR);
    const set = this.#setOf(node, parsed.type);
    if (set !== undefined) return writeAnswer(query, parsed, set, maxBytes);
    return writeNegative(query, parsed, RCODE.NOERROR, zone.negative(parsed.nameEnd), maxBytes);
  }

  #setOf(node: ZoneNode, type: number): AnswerSet | undefined {
    // A name has a handful of types at most, so looking at each is faster than any index.
    for (const set of node.sets) if (set.type === type) return set;
    if (type === TYPE.SOA && node.name === node.zone.name) return node.zone.soaSet;
    if (type === TYPE.ANY && (node.sets.length > 0 || node.name === node.zone.name)) return this.#anySet;
    return undefined;
  }
}
