/** `dns.zones` of the configuration → the tree of names, with the static records in it and the balanced ones listed. */

import { ttlSeconds } from '../src/answer-ttl.ts';
import type { BalancedRecordConfig, DnsConfig, StaticRecordConfig, ZoneConfig } from '../src/config/dns.ts';
import { type Steps, toEnd } from '../src/steps.ts';
import { OctetRoom } from './address-octets.ts';
import { AnswerSet } from './answer-set.ts';
import { TYPE } from './codes.ts';
import { absoluteName, nameKey } from './name.ts';
import type { RecordData, RecordEncoder } from './record.ts';
import { besideBalanced, type StaticSetsOptions, staticSets } from './static-sets.ts';
import { Zone } from './zone.ts';
import { type ZoneNode, ZoneTree } from './zone-tree.ts';

/** They take less than a millisecond. */
const NAMES_PER_STEP = 100;

/** A record that still has to be given its pools. */
export interface BalancedPlace {
  readonly node: ZoneNode;
  readonly config: BalancedRecordConfig;
  /** What the name has beside its addresses. */
  readonly fixed: readonly AnswerSet[];
}

export interface BuiltZones {
  readonly tree: ZoneTree;
  readonly balanced: readonly BalancedPlace[];
}

/**
 * `nowSeconds` becomes the serial of every zone; `slotOf` gives its place among all that are counted (default: in the
 * order of the configuration). Throws an `Error` that names the record where one has a name that
 * cannot be served or that belongs to another zone of the configuration.
 */
export function buildZones(...options: Parameters<typeof buildZonesSteps>): BuiltZones {
  return toEnd(buildZonesSteps(...options));
}

/** The same in steps of a hundred names, but for the delegations. */
export function* buildZonesSteps(
  zones: DnsConfig['zones'],
  nowSeconds: number,
  encode: RecordEncoder,
  slotOf?: (zone: string) => number,
): Steps<BuiltZones> {
  const tree = new ZoneTree(namesIn(zones));
  const making = { encode, room: new OctetRoom() };
  const built = Object.entries(zones).map(([name, config], place) => {
    const zone = newZone(name, config, { slot: slotOf?.(name) ?? place, serial: nowSeconds, encode });
    tree.addZone(zone);
    return { zone, config };
  });
  for (const { zone, config } of built) addDelegations(tree, zone, config, making);
  yield;
  // Behind them, as a zone of ours can lie below a name that is delegated to others.
  tree.joinZones();
  const balanced: BalancedPlace[] = [];
  let made = 0;
  for (const { zone, config } of built) {
    const apex = nodeAt(zone.name, zone, tree);
    const servers = config.ns.map((host): RecordData => ({ type: TYPE.NS, host }));
    apex.sets = [AnswerSet.of(zone.name, zone.soaTtl, servers, encode)];
    // Not by entries, a list each: of a hundred thousand.
    for (const key of Object.keys(config.records)) {
      const record = config.records[key];
      if (record === undefined || isDelegation(record)) continue;
      const name = nameOf(key, zone);
      const node = nodeAt(name, zone, tree);
      if ('policy' in record) balanced.push({ node, config: record, fixed: besideBalanced(name, record, encode) });
      else node.sets = withSets(node.sets, staticSets(name, record, making));
      made += 1;
      if (made % NAMES_PER_STEP === 0) yield;
    }
  }
  return { tree, balanced };
}

function namesIn(zones: DnsConfig['zones']): number {
  return Object.values(zones).reduce((sum, { records }) => sum + 1 + Object.keys(records).length, 0);
}

/** A delegation to a zone that is served here too is only of use once that zone has moved away. */
function addDelegations(tree: ZoneTree, zone: Zone, { records }: ZoneConfig, making: StaticSetsOptions): void {
  for (const key of Object.keys(records)) {
    const record = records[key];
    if (record === undefined || !isDelegation(record)) continue;
    const name = nameOf(key, zone);
    if (tree.zoneOf(nameKey(name))?.name === name) continue;
    const node = nodeAt(name, zone, tree, true);
    node.sets = staticSets(name, record, making);
  }
}

function isDelegation(record: BalancedRecordConfig | StaticRecordConfig): record is StaticRecordConfig {
  return 'ns' in record && record.ns !== undefined;
}

function newZone(
  name: string,
  config: ZoneConfig,
  rest: { slot: number; serial: number; encode: RecordEncoder },
): Zone {
  const { mname, rname, ttl, negative_ttl: negativeTtl } = config.soa;
  return new Zone({ name, mname, rname, soaTtl: ttlSeconds(ttl), negativeTtl: ttlSeconds(negativeTtl), ...rest });
}

function nameOf(key: string, zone: Zone): string {
  const name = absoluteName(key, zone.name);
  if (name === undefined) throw new Error(`dns.zones.${zone.name}.records.${key}: not a name that can be served`);
  return name;
}

function nodeAt(name: string, zone: Zone, tree: ZoneTree, isCut = false): ZoneNode {
  const node = tree.addNode(name, zone, isCut);
  if (node !== undefined) return node;
  const key = name.slice(0, -zone.name.length - 1);
  throw new Error(`dns.zones.${zone.name}.records.${key}: belongs to another zone`);
}

function withSets(sets: readonly AnswerSet[], more: readonly AnswerSet[]): readonly AnswerSet[] {
  return sets.length === 0 ? more : [...sets, ...more];
}
