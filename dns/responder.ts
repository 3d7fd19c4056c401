/** One query in, one answer out (or none): the whole path that needs neither a socket nor a clock. */
import { writeAnswer, writeComposed, writeError, writeNegative, writeSlip } from './answer.ts';
import { AnswerSet } from './answer-set.ts';
import { ClientNetwork } from './client-network.ts';
import { RCODE, TYPE } from './codes.ts';
import { Composer } from './composer.ts';
import { type EdnsSettings, NO_EDNS_SETTINGS, withOption, withReplyOptions } from './edns-answer.ts';
import { EXTENDED } from './edns-options.ts';
import { parseQuery, type Query } from './message.ts';
import { questionKey } from './name.ts';
import type { RateLimit } from './rate-limit.ts';
import type { RecordEncoder } from './record.ts';
import { findSet, isUnknown, resolve } from './resolution.ts';
import type { Tally } from './tally.ts';
import { answerLimit, roomFor, type Transport } from './truncate.ts';
import type { Place, ZoneNode, ZoneTree } from './zone-tree.ts';

/** RFC 8482 section 4.2 leaves it open; an hour keeps those who ask for ANY from asking soon again. */
const ANY_TTL_SECONDS = 3_600;

export class Responder {
  #tree: ZoneTree;
  readonly #tally: Tally;
  /** The answer to ANY is the same for every name, because its owner is a pointer at the question. */
  readonly #anySet: AnswerSet;
  readonly #composer = new Composer();

  readonly #nowMs: () => number;
  #limit: RateLimit | undefined;
  #settings: EdnsSettings = NO_EDNS_SETTINGS;

  /** `nowMs` gives milliseconds since 1970, for cookies and the rate limit. */
  constructor(tree: ZoneTree, tally: Tally, encode: RecordEncoder, nowMs: () => number = () => 0) {
    this.#tree = tree;
    this.#tally = tally;
    this.#nowMs = nowMs;
    this.#anySet = AnswerSet.of('any', ANY_TTL_SECONDS, [{ type: TYPE.HINFO, cpu: 'RFC8482', os: '' }], encode);
  }

  /** Answers from this tree from the next query on. */
  replaceTree(tree: ZoneTree): void {
    this.#tree = tree;
  }

  /** Cookies and a name of its own, from the next query on; none of both at first. */
  replaceSettings(settings: EdnsSettings): void {
    this.#settings = settings;
  }

  /** Limits answers over UDP from the next query on; undefined: no limit, as at first. */
  replaceLimit(limit: RateLimit | undefined): void {
    this.#limit = limit;
  }

  /**
   * The answer to `query`, in a buffer of its own, or undefined where there must be none. Never throws and never
   * waits, whatever the bytes are. `address` is the IP address that it came from, which cookies, the
   * rate limit and answers by client network need.
   */
  respond(query: Buffer, transport: Transport, address = ''): Buffer | undefined {
    const plain = parseQuery(query);
    if (typeof plain === 'string') {
      this.#tally.drop(plain);
      return undefined;
    }
    const parsed = plain.optionsEnd > plain.optionsAt ? this.#withOptions(query, plain, address) : plain;
    if (this.#limit !== undefined && transport === 'udp' && !parsed.hasCookie) {
      const verdict = this.#limit.decide(address, this.#nowMs());
      if (verdict !== 'answer') return this.#limited(query, parsed, verdict === 'slip');
    }
    if (parsed.rcode !== RCODE.NOERROR) {
      this.#tally.count(-1, parsed.type, parsed.rcode);
      return writeError(query, explained(parsed), parsed.rcode);
    }
    const place = this.#tree.placeOfQuestion(query, parsed.nameEnd);
    if (place === undefined) {
      this.#tally.count(-1, parsed.type, RCODE.REFUSED);
      return writeError(query, withOption(parsed, EXTENDED.notAuthoritative), RCODE.REFUSED);
    }
    return this.#answer(query, parsed, { place, maxBytes: answerLimit(parsed, transport), address });
  }

  /** Nothing, or what makes a real client ask over TCP. What has no question to repeat gets nothing. */
  #limited(query: Buffer, parsed: Query, isSlip: boolean): Buffer | undefined {
    const isAnswered = isSlip && parsed.rcode !== RCODE.FORMERR;
    this.#tally.drop(isAnswered ? 'rate_limited_slip' : 'rate_limited');
    return isAnswered ? writeSlip(query, parsed) : undefined;
  }

  #withOptions(query: Buffer, parsed: Query, address: string): Query {
    if (parsed.rcode === RCODE.FORMERR || parsed.rcode === RCODE.BADVERS) return parsed;
    return withReplyOptions(query, parsed, { address, nowSeconds: Math.floor(this.#nowMs() / 1_000) }, this.#settings);
  }

  /** The short ways first: one set of records as it was prebuilt, or none and the SOA. */
  #answer(query: Buffer, parsed: Query, { place, maxBytes, address }: Asked): Buffer {
    const { encloser, node } = place;
    const { zone } = encloser;
    if (encloser.cut === undefined && parsed.type !== TYPE.DS) {
      const set = node === undefined ? undefined : this.#setOf(node, parsed.type);
      if (set !== undefined && set.targets.length === 0) {
        this.#tally.count(zone.slot, parsed.type, RCODE.NOERROR);
        // Before options are added to those that it may write to.
        const part = set.chooser === undefined ? set : set.partFor(new ClientNetwork(parsed, address));
        const told = node?.isStale ? stale(parsed, roomFor(parsed, maxBytes) - part.byteLength) : parsed;
        return writeAnswer(query, told, part, maxBytes);
      }
      const rcode = node === undefined ? RCODE.NXDOMAIN : RCODE.NOERROR;
      if (node === undefined || (set === undefined && !isUnknown(node, parsed.type) && !isAlias(node))) {
        this.#tally.count(zone.slot, parsed.type, rcode);
        return writeNegative(query, parsed, rcode, zone.negative(parsed.nameEnd), maxBytes);
      }
    }
    return this.#compose(query, parsed, { place, maxBytes, address });
  }

  #compose(query: Buffer, parsed: Query, { place: found, maxBytes, address }: Asked): Buffer {
    const key = questionKey(query, parsed.nameEnd);
    const isOfZone = key === found.encloser.zone.key;
    const place = parsed.type === TYPE.DS && isOfZone ? this.#tree.placeAbove(found) : found;
    const room = roomFor(parsed, maxBytes);
    const client = new ClientNetwork(parsed, address);
    const resolution = resolve(this.#tree, this.#composer, { parsed, key, place, room, client });
    this.#tally.count(place.encloser.zone.slot, parsed.type, resolution.rcode);
    if (resolution.rcode === RCODE.SERVFAIL) {
      return writeError(query, withOption(parsed, EXTENDED.notReady), RCODE.SERVFAIL);
    }
    const told = resolution.isStale ? stale(parsed, room - this.#composer.records.length) : parsed;
    return writeComposed(query, told, this.#composer, resolution);
  }

  #setOf(node: ZoneNode, type: number): AnswerSet | undefined {
    const set = findSet(node, type);
    if (set !== undefined || type !== TYPE.ANY) return set;
    return node.sets.length > 0 || node.key === node.zone.key ? this.#anySet : undefined;
  }
}

interface Asked {
  readonly place: Place;
  readonly maxBytes: number;
  readonly address: string;
}

/** What the parser refused, with the reason as far as the code of the answer does not say it. */
function explained(parsed: Query): Query {
  if (parsed.rcode === RCODE.REFUSED) return withOption(parsed, EXTENDED.prohibited);
  return parsed.rcode === RCODE.NOTIMP ? withOption(parsed, EXTENDED.notSupported) : parsed;
}

/** Says so where the octets that are left have room for it: for the reason alone nobody has to come back over TCP. */
function stale(parsed: Query, left: number): Query {
  return left < EXTENDED.staleAnswer.length ? parsed : withOption(parsed, EXTENDED.staleAnswer);
}

function isAlias(node: ZoneNode): boolean {
  return node.sets.length === 1 && node.sets[0]?.type === TYPE.CNAME;
}
