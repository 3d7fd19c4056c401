/** `dns.zones` of the configuration → the tree of names, with the static records in it and the balanced ones listed. */
import type { BalancedRecordConfig, DnsConfig, StaticRecordConfig, ZoneConfig } from '../src/config/dns.ts';
import { AnswerSet } from './answer-set.ts';
import { MAX_ADDRESSES } from './balanced-record.ts';
import { TYPE } from './codes.ts';
import { canonicalIp } from './ip.ts';
import { absoluteName } from './name.ts';
import type { RecordData, RecordEncoder } from './record.ts';
import { ttlSeconds } from './ttl.ts';
import { Zone } from './zone.ts';
import { type ZoneNode, ZoneTree } from './zone-tree.ts';

/** A record that still has to be given its pools. */
export interface BalancedPlace {
  readonly node: ZoneNode;
  readonly config: BalancedRecordConfig;
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
export function buildZones(
  zones: DnsConfig['zones'],
  nowSeconds: number,
  encode: RecordEncoder,
  slotOf?: (zone: string) => number,
): BuiltZones {
  const tree = new ZoneTree();
  const built = Object.entries(zones).map(([name, config], place) => {
    const zone = newZone(name, config, { slot: slotOf?.(name) ?? place, serial: nowSeconds, encode });
    tree.addZone(zone);
    return { zone, config };
  });
  const balanced: BalancedPlace[] = [];
  for (const { zone, config } of built) {
    const apex = placeOf('@', zone, tree);
    const servers = config.ns.map((host): RecordData => ({ type: TYPE.NS, host }));
    apex.sets = [new AnswerSet(zone.name, zone.soaTtl, servers, encode)];
    for (const [key, record] of Object.entries(config.records)) {
      const node = placeOf(key, zone, tree);
      if ('policy' in record) balanced.push({ node, config: record });
      else node.sets = [...node.sets, ...staticSets(node.name, record, encode)];
    }
  }
  return { tree, balanced };
}

function newZone(
  name: string,
  config: ZoneConfig,
  rest: { slot: number; serial: number; encode: RecordEncoder },
): Zone {
  const { mname, rname, ttl, negative_ttl: negativeTtl } = config.soa;
  return new Zone({ name, mname, rname, soaTtl: ttlSeconds(ttl), negativeTtl: ttlSeconds(negativeTtl), ...rest });
}

function placeOf(key: string, zone: Zone, tree: ZoneTree): ZoneNode {
  const name = absoluteName(key, zone.name);
  if (name === undefined) throw new Error(`dns.zones.${zone.name}.records.${key}: not a name that can be served`);
  const node = tree.addNode(name, zone);
  if (node === undefined) throw new Error(`dns.zones.${zone.name}.records.${key}: belongs to another zone`);
  return node;
}

function staticSets(owner: string, record: StaticRecordConfig, encode: RecordEncoder): readonly AnswerSet[] {
  const sets: AnswerSet[] = [];
  for (const [type, addresses] of [
    [TYPE.A, record.a],
    [TYPE.AAAA, record.aaaa],
  ] as const) {
    const unique = new Set((addresses ?? []).map((address) => canonicalIp(address)));
    const records = [...unique].flatMap((address): RecordData[] => (address === undefined ? [] : [{ type, address }]));
    if (records.length === 0) continue;
    sets.push(new AnswerSet(owner, ttlSeconds(record.ttl), records.slice(0, MAX_ADDRESSES), encode));
  }
  return sets;
}
