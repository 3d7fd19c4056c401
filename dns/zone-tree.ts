/** All names of all zones, and the way from a question to the name or the zone that answers it. */

import type { AnswerSet } from './answer-set.ts';
import { type NameKey, nameKey, parentKey } from './name.ts';
import type { Zone } from './zone.ts';

/** One name that exists. Its answers are replaced as a whole by one assignment, never altered. */
export interface ZoneNode {
  readonly zone: Zone;
  /** Absolute, lower-cased, without final dot. */
  readonly name: string;
  /** At most one per type; empty for a name that exists only because there are names below it (RFC 8020). */
  sets: readonly AnswerSet[];
  /** False while nobody knows what the sets are: the answer is SERVFAIL, never "no such data". */
  known: boolean;
}

export class ZoneTree {
  readonly #nodes = new Map<NameKey, ZoneNode>();
  readonly #zones = new Map<NameKey, Zone>();
  #longestZone = -1;

  get zones(): readonly Zone[] {
    return [...this.#zones.values()];
  }

  /** All zones come before the first name, because the longest match decides which zone a name is in. */
  addZone(zone: Zone): void {
    this.#zones.set(zone.key, zone);
    this.#longestZone = Math.max(this.#longestZone, zone.key.length);
    this.#nodes.set(zone.key, { zone, name: zone.name, sets: [], known: true });
  }

  /** The node of a name in `zone`, made with its empty ancestors if need be; undefined if another zone owns it. */
  addNode(name: string, zone: Zone): ZoneNode | undefined {
    const key = nameKey(name);
    if (this.zoneOf(key) !== zone) return undefined;
    const existing = this.#nodes.get(key);
    if (existing !== undefined) return existing;
    const node = { zone, name, sets: [], known: true };
    this.#nodes.set(key, node);
    // The apex is there already, so this ends there.
    this.addNode(name.slice(name.indexOf('.') + 1), zone);
    return node;
  }

  /** The node of exactly this name, of any zone. */
  node(key: NameKey): ZoneNode | undefined {
    return this.#nodes.get(key);
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
