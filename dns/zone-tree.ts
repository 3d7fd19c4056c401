/** All names of all zones, and the way from a question to the name or the zone that answers it. */

import type { AnswerSet } from './answer-set.ts';
import { HEADER_BYTES } from './codes.ts';
import { type NameKey, nameKey, nameText, parentKey } from './name.ts';
import { NameTable } from './name-table.ts';
import type { Zone } from './zone.ts';

const NO_SETS: readonly AnswerSet[] = [];
const ROOT = nameKey('');
const WILDCARD = nameKey('*');

/** One name that exists. Its answers are replaced as a whole by one assignment, never altered. */
export class ZoneNode {
  readonly zone: Zone;
  readonly key: NameKey;
  /** At most one per type; empty for a name that exists only because there are names below it (RFC 8020). */
  sets: readonly AnswerSet[] = NO_SETS;
  /** False while nobody knows the addresses: the answer to who asks for them is SERVFAIL, never "no such data". */
  known = true;
  /** True while the addresses are those that were up last. */
  isStale = false;
  /** The delegation at this name or above it in the zone: questions are referred to its servers. */
  readonly cut: ZoneNode | undefined;
  /** The child `*`, which answers for names below this one that do not exist (RFC 4592 section 3.3.1). */
  wildcard: ZoneNode | undefined;

  /** `cut` is that of the name above, or `self` where the name is delegated. */
  constructor(zone: Zone, key: NameKey, cut: ZoneNode | 'self' | undefined) {
    this.zone = zone;
    this.key = key;
    this.cut = cut === 'self' ? this : cut;
    this.wildcard = undefined;
  }

  /** Absolute, lower-cased, without final dot. Made each time: a large zone would have each name twice. */
  get name(): string {
    return nameText(this.key);
  }
}

/** Where the answer to a question is. */
export interface Place {
  /** The longest name that exists and is the asked one or above it (RFC 4592: the closest encloser). */
  readonly encloser: ZoneNode;
  /** The name itself, or the wildcard that stands in for it; undefined where there is no such name. */
  readonly node: ZoneNode | undefined;
}

export class ZoneTree {
  readonly #nodes: NameTable<ZoneNode>;
  readonly #zones = new Map<NameKey, Zone>();
  #longestZone = -1;

  /** `names` is about how many there will be. */
  constructor(names = 0) {
    this.#nodes = new NameTable(names);
  }

  /** How many names there are, empty ones included. */
  get size(): number {
    return this.#nodes.size;
  }

  get zones(): readonly Zone[] {
    return [...this.#zones.values()];
  }

  /** All zones come before the first name, because the longest match decides which zone a name is in. */
  addZone(zone: Zone): void {
    this.#zones.set(zone.key, zone);
    this.#longestZone = Math.max(this.#longestZone, zone.key.length);
    this.#nodes.add(new ZoneNode(zone, zone.key, undefined));
  }

  /**
   * The node of a name in `zone`, made with its empty ancestors if need be; undefined if another zone owns it.
   * Delegations come before the names below them.
   */
  addNode(name: string, zone: Zone, isCut = false): ZoneNode | undefined {
    const key = nameKey(name);
    return this.zoneOf(key) === zone ? this.#nodeAt(key, zone, isCut) : undefined;
  }

  #nodeAt(key: NameKey, zone: Zone, isCut: boolean): ZoneNode {
    const existing = this.#nodes.get(key);
    if (existing !== undefined) return existing;
    // The apex is there already, so this ends there.
    const parent = this.#nodeAt(parentKey(key) ?? ROOT, zone, false);
    const node = new ZoneNode(zone, key, isCut && parent.cut === undefined ? 'self' : parent.cut);
    if (key.startsWith(WILDCARD)) parent.wildcard = node;
    this.#nodes.add(node);
    return node;
  }

  /** A zone that lies in another exists there as well, and so does what is between them (RFC 8020). Behind the delegations. */
  joinZones(): void {
    for (const { key, name } of this.zones) {
      const outer = this.parentOf(key);
      if (outer !== undefined) this.addNode(name.slice(name.indexOf('.') + 1), outer);
    }
  }

  /** The node of exactly this name, of any zone. */
  node(key: NameKey): ZoneNode | undefined {
    return this.#nodes.get(key);
  }

  /** Where the answer to a question is whose name ends at `nameEnd`; undefined when no zone of ours holds it. */
  placeOfQuestion(query: Uint8Array, nameEnd: number): Place | undefined {
    const encloser = this.#nodes.closest(query, nameEnd);
    if (encloser === undefined) return undefined;
    // Both begin behind the header, and end with the same octets.
    const isWhole = encloser.key.length === nameEnd - 1 - HEADER_BYTES;
    return { encloser, node: isWhole ? encloser : encloser.wildcard };
  }

  /** The same for a name of our own records. */
  placeOf(key: NameKey): Place | undefined {
    for (let rest: NameKey | undefined = key; rest !== undefined; rest = parentKey(rest)) {
      const encloser = this.#nodes.get(rest);
      if (encloser !== undefined) return { encloser, node: rest.length === key.length ? encloser : encloser.wildcard };
    }
    return undefined;
  }

  /**
   * The apex of a zone as the zone above has it, where that is ours: what lies there says how the zone is signed (RFC 4035
   * section 3.1.4.1).
   */
  placeAbove(apex: Place): Place {
    const above = parentKey(apex.encloser.key);
    const encloser = above === undefined ? undefined : this.placeOf(above)?.encloser;
    return encloser === undefined ? apex : { encloser, node: apex.node };
  }

  /** The zone around the zone of this key, if we serve that too. */
  parentOf(zoneKey: NameKey): Zone | undefined {
    const above = parentKey(zoneKey);
    return above === undefined ? undefined : this.zoneOf(above);
  }

  /** The zone with the longest name among those that `key` is in or below; undefined when we serve none of them. */
  zoneOf(key: NameKey): Zone | undefined {
    for (let rest: NameKey | undefined = key; rest !== undefined; rest = parentKey(rest)) {
      if (rest.length > this.#longestZone) continue;
      const zone = this.#zones.get(rest);
      if (zone !== undefined) return zone;
    }
    return undefined;
  }
}
