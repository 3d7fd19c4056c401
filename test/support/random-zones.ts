/** Zones put together by chance: wildcards, delegations, aliases and zones in zones, in whatever way `check` allows. */
import type { ZoneConfig } from '../../src/config/dns.ts';
import { isInZone, namesUpFrom } from '../../src/config/domain-name.ts';
import { parseConfig } from '../../src/config/parse-config.ts';

export type Zones = Readonly<Record<string, ZoneConfig>>;

type Random = () => number;
type Drawn = Readonly<Record<string, readonly string[] | string>>;
/** Zone → name relative to it → its record. */
type Draft = Map<string, Map<string, Drawn>>;

const TOP = 'z.test';
const LABELS = ['a', 'b', 'c', '*'] as const;
const ELSEWHERE = 'ns.example.org';
const SOA = { mname: ELSEWHERE, rname: 'hostmaster.example.org' };

/** The same ones for the same `random`. */
export function randomZones(random: Random): Zones {
  for (;;) {
    const zones = accepted(draft(random));
    if (zones !== undefined && isComparable(zones)) return zones;
  }
}

function draft(random: Random): Draft {
  const names = [TOP, ...[0.7, 0.4].filter((share) => random() < share).map(() => `${plainName(random)}.${TOP}`)];
  const zones: Draft = new Map(names.map((name) => [name, new Map()]));
  for (const [zone, records] of zones) {
    for (let left = 2 + below(random, 6); left > 0; left--) addRecord(random, zone, records);
  }
  // What lies in another zone is delegated there, as it has to be in other servers.
  for (const zone of zones.keys()) {
    const above = zoneAbove(zone, names);
    if (above !== undefined) zones.get(above)?.set(zone.slice(0, -above.length - 1), { ns: [ELSEWHERE] });
  }
  return zones;
}

function addRecord(random: Random, zone: string, records: Map<string, Drawn>): void {
  const at = relativeName(random);
  const target = random() < 0.15 ? 'www.example.org' : `${plainName(random)}.${zone}`;
  const kinds: readonly (() => Drawn)[] = [
    () => ({ a: [`192.0.2.${1 + below(random, 250)}`] }),
    () => ({ a: ['192.0.2.9'], txt: ['text'] }),
    () => ({ cname: target }),
    () => ({ mx: [`10 ${target}.`] }),
    () => ({ ns: [ELSEWHERE] }),
    () => {
      records.set(`ns.${at}`, { a: ['192.0.2.77'] });
      return { ns: [`ns.${at}.${zone}`] };
    },
  ];
  records.set(at, kinds[below(random, kinds.length)]?.() ?? {});
}

/** Without the records in which something is wrong; undefined where it is not a record's fault. */
function accepted(zones: Draft): Zones | undefined {
  for (;;) {
    const written = [...zones].map(([name, records]) => [
      name,
      { soa: SOA, ns: [ELSEWHERE], records: Object.fromEntries(records) },
    ]);
    const dns = { listen: ['127.0.0.1:0'], zones: Object.fromEntries(written) };
    const parsed = parseConfig(JSON.stringify({ dns }), { file: 'random.yaml', env: {} });
    if (parsed.ok) return parsed.config.dns?.zones;
    if (!parsed.problems.map(({ path }) => drop(zones, path)).includes(true)) return undefined;
  }
}

/** The record that a path leads into: names have dots too, so the longest that fits. */
function drop(zones: Draft, path: string): boolean {
  const places = [...zones].flatMap(([zone, records]) =>
    [...records.keys()].map((name) => ({ records, name, at: `dns.zones.${zone}.records.${name}` })),
  );
  const fitting = places.filter(({ at }) => path.startsWith(at) && /^($|\.|\[)/.test(path.slice(at.length)));
  const place = fitting.toSorted((a, b) => b.at.length - a.at.length)[0];
  return place?.records.delete(place.name) ?? false;
}

/** Zones in zones are delegated, and no alias leads from one to another: there we answer otherwise than Knot does. */
function isComparable(zones: Zones): boolean {
  const names = Object.keys(zones);
  return Object.entries(zones).every(([zone, { records }]) => {
    const above = zoneAbove(zone, names);
    const isDelegated = [...namesUpFrom(zone)].some((name) => {
      const record =
        above && isInZone(name, above) ? zones[above]?.records[name.slice(0, -above.length - 1)] : undefined;
      return record !== undefined && 'ns' in record && record.ns !== undefined;
    });
    const aliases = Object.values(records).flatMap((it) => ('cname' in it && it.cname !== undefined ? [it.cname] : []));
    const staysInside = (name: string) => !isInZone(name, TOP) || zoneAbove(`x.${name}`, names) === zone;
    return (above === undefined || isDelegated) && aliases.every(staysInside);
  });
}

function zoneAbove(name: string, zones: readonly string[]): string | undefined {
  for (const at of namesUpFrom(name)) if (at !== name && zones.includes(at)) return at;
  return undefined;
}

function relativeName(random: Random): string {
  return Array.from({ length: 1 + below(random, 3) }, () => LABELS[below(random, LABELS.length)]).join('.');
}

function plainName(random: Random): string {
  return relativeName(random).replaceAll('*', 'a');
}

function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}
