/** What the zones of a configuration say of a name, as a query for it would find out. */
import type { ZoneConfig } from './dns.ts';
import { nameInZone, namesUpFrom } from './domain-name.ts';
import type { RuleContext } from './rule.ts';

/** The message for a name of a server that nobody could reach. */
export const HAS_NO_ADDRESS = 'has no address here, though its name lies in a zone that is served here';

/** The message for a name of a server that is an alias. */
export const IS_ALIAS = 'is an alias (cname) here; a server must be named by the name that has its addresses';

export type ServedName =
  /** In no zone of ours, or in one that could not be read: nothing can be said. */
  'elsewhere' | 'missing' | 'alias' | 'addresses' | 'other data';

export type ServedRecord = ZoneConfig['records'][string];

type Zones = Readonly<Record<string, ZoneConfig>>;

/** Undefined where the zone has no record for the name. */
interface Place {
  readonly zone: string;
  readonly relative: string | undefined;
}

export class ServedNames {
  readonly #context: RuleContext;
  readonly #zones: Zones;
  /** By zone, once somebody asks: all names that exist in it, those between others included (RFC 8020). */
  readonly #existing = new Map<string, ReadonlySet<string>>();

  constructor(context: RuleContext, zones: Zones) {
    this.#context = context;
    this.#zones = zones;
  }

  /** `name` is absolute, lower-cased, without final dot. */
  find(name: string): ServedName {
    const place = this.#placeOf(name);
    if (place === undefined) return 'elsewhere';
    const record = this.#recordAt(place, this.#context.isShaped);
    if (record === undefined) return place.relative === undefined ? 'missing' : 'elsewhere';
    if ('pools' in record) return 'addresses';
    if (record.cname !== undefined) return 'alias';
    return (record.a ?? []).length + (record.aaaa ?? []).length > 0 ? 'addresses' : 'other data';
  }

  /** Its own record, or that of a wildcard; undefined where it has none, or none in which nothing is wrong. */
  recordOf(name: string): ServedRecord | undefined {
    const place = this.#placeOf(name);
    return place && this.#recordAt(place, this.#context.isSound);
  }

  /** As {@link recordOf}, without what a wildcard stands in with. */
  ownRecordOf(name: string): ServedRecord | undefined {
    const zone = this.zoneOf(name);
    if (zone === undefined || !this.#context.isShaped(['dns', 'zones', zone, 'records'])) return undefined;
    return this.#recordAt({ zone, relative: relativeTo(name, zone) }, this.#context.isSound);
  }

  #placeOf(name: string): Place | undefined {
    const zone = this.zoneOf(name);
    if (zone === undefined || !this.#context.isShaped(['dns', 'zones', zone, 'records'])) return undefined;
    return { zone, relative: this.#keyFor(name, zone) };
  }

  #recordAt({ zone, relative }: Place, isGood: RuleContext['isSound']): ServedRecord | undefined {
    if (relative === undefined || !isGood(['dns', 'zones', zone, 'records', relative])) return undefined;
    return this.#zones[zone]?.records[relative];
  }

  /** True at a delegation and below it: what is there is for the servers of the delegation to say. */
  isDelegated(name: string): boolean {
    const zone = this.zoneOf(name);
    if (zone === undefined || !this.#context.isShaped(['dns', 'zones', zone, 'records'])) return false;
    const records = this.#zones[zone]?.records ?? {};
    for (let at = name; at !== zone; at = at.slice(at.indexOf('.') + 1)) {
      const relative = at.slice(0, -zone.length - 1);
      if (!this.#context.isShaped(['dns', 'zones', zone, 'records', relative])) continue;
      const record = records[relative];
      if (record !== undefined && 'ns' in record && record.ns !== undefined) return true;
    }
    return false;
  }

  /** The longest zone that `name` is in. */
  zoneOf(name: string): string | undefined {
    for (const at of namesUpFrom(name)) if (at in this.#zones) return at;
    return undefined;
  }

  /** The key of its own record, or of the wildcard that stands in for it (RFC 4592). */
  #keyFor(name: string, zone: string): string | undefined {
    const records = this.#zones[zone]?.records ?? {};
    if (relativeTo(name, zone) in records) return relativeTo(name, zone);
    const existing = this.#existingIn(zone);
    let encloser = name;
    while (encloser !== zone && !existing.has(encloser)) encloser = encloser.slice(encloser.indexOf('.') + 1);
    const wildcard = encloser === zone ? '*' : `*.${relativeTo(encloser, zone)}`;
    return encloser !== name && wildcard in records ? wildcard : undefined;
  }

  #existingIn(zone: string): ReadonlySet<string> {
    const known = this.#existing.get(zone);
    if (known !== undefined) return known;
    const names = new Set<string>();
    for (const relative of Object.keys(this.#zones[zone]?.records ?? {})) {
      for (const at of namesUpFrom(nameInZone(relative, zone))) {
        if (names.has(at)) break;
        names.add(at);
      }
    }
    this.#existing.set(zone, names);
    return names;
  }
}

/** The key of a name in its zone. */
function relativeTo(name: string, zone: string): string {
  return name === zone ? '@' : name.slice(0, -zone.length - 1);
}
