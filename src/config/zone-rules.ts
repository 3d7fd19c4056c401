/** Zones: names that fit, servers that can be found, records that can be answered. */
import { formatDuration } from '../duration.ts';
import { MAX_HASH_WEIGHT } from '../ring-points.ts';
import type { BalancedRecordConfig, StaticRecordConfig, ZoneConfig } from './dns.ts';
import { dampingRules } from './dns-damping.ts';
import { isInZone, MAX_NAME_LENGTH, nameInZone, namesUpFrom } from './domain-name.ts';
import { failoverTargetRule } from './failover-target-rule.ts';
import type { ConfigPath } from './problem.ts';
import { identityOf } from './record-identity.ts';
import type { RuleContext } from './rule.ts';
import { HAS_NO_ADDRESS, IS_ALIAS, ServedNames } from './served-names.ts';
import { uniqueNames } from './unique-names.ts';
import { contentRules } from './zone-content-rules.ts';

type Pool = BalancedRecordConfig['pools'][number];
type RecordConfig = BalancedRecordConfig | StaticRecordConfig;
type ZoneConfigs = Readonly<Record<string, ZoneConfig>>;

export function zoneRules(context: RuleContext): void {
  const { config, isShaped } = context;
  if (config.dns === undefined || !isShaped(['dns', 'zones'])) return;
  const { zones } = config.dns;
  const inner = zonesInside(zones);
  for (const [name, zone] of Object.entries(zones)) {
    const path = ['dns', 'zones', name];
    if (!isShaped(path)) continue;
    serverRules(context, { path, zone, zones });
    if (!isShaped([...path, 'records'])) continue;
    const records = Object.entries(zone.records);
    for (const [relative, record] of records) {
      const at = [...path, 'records', relative];
      const inside = inner.get(name) ?? [];
      nameRules(context, { path: at, record, name: nameInZone(relative, name), zone: name, zones, inner: inside });
      if (isShaped(at) && 'pools' in record) balancedRules(context, at, record);
    }
    contentRules(context, { path: [...path, 'records'], zone: name, zones });
    // Behind the content: of a record that is there twice and wrong as well, that is the reason to tell.
    for (const [relative, record] of records) {
      listRules(context, [...path, 'records', relative], record);
    }
  }
}

/** By zone, the others that lie in it, in their order. */
function zonesInside(zones: ZoneConfigs): ReadonlyMap<string, readonly string[]> {
  const inside = new Map<string, string[]>();
  for (const name of Object.keys(zones)) {
    for (const at of namesUpFrom(name)) {
      if (at !== name && at in zones) inside.set(at, [...(inside.get(at) ?? []), name]);
    }
  }
  return inside;
}

interface NamedRecord {
  readonly path: ConfigPath;
  readonly record: RecordConfig;
  readonly name: string;
  readonly zone: string;
  readonly zones: ZoneConfigs;
  /** The zones that lie in it. */
  readonly inner: readonly string[];
}

function nameRules({ isShaped, report }: RuleContext, named: NamedRecord): void {
  const { path, record, name, zone, zones, inner } = named;
  if (name.length > MAX_NAME_LENGTH) {
    report(path, `is longer than ${MAX_NAME_LENGTH} characters together with its zone`, 'key');
  }
  const relative = String(path.at(-1));
  // A zone of one label may have a name that is called like it; with two it is one that was meant to be absolute.
  if (zone.includes('.') && isInZone(relative, zone)) {
    const meant = relative === zone ? '@' : relative.slice(0, -zone.length - 1);
    report(path, `is relative to the zone, and so would mean ${name}; write ${JSON.stringify(meant)}`, 'key');
  } else {
    const other = otherZoneOf(relative, zones);
    const fix = `it is a name of the zone ${other}, and belongs there`;
    if (other !== undefined) report(path, `is relative to the zone, and so would mean ${name}; ${fix}`, 'key');
  }
  const owner = inner.find((it) => isInZone(name, it));
  // The zone above may say whose servers have the zone below, here or elsewhere.
  const isDelegation = name === owner && isShaped(path) && 'ns' in record && record.ns !== undefined;
  if (owner !== undefined && !isDelegation) report(path, `lies in the zone ${owner}, which answers instead`, 'key');
}

/** Of two labels or more: a name may well be called like a zone of one, `test` or `internal`. */
function otherZoneOf(relative: string, zones: ZoneConfigs): string | undefined {
  if (!relative.includes('.')) return undefined;
  for (const at of namesUpFrom(relative)) if (at.includes('.') && at in zones) return at;
  return undefined;
}

interface Servers {
  readonly path: ConfigPath;
  readonly zone: ZoneConfig;
  readonly zones: ZoneConfigs;
}

/** A server named inside of what we serve is found through our own answer, so there must be one. */
function serverRules(context: RuleContext, { path, zone, zones }: Servers): void {
  const { isShaped, isSound, report } = context;
  const names = new ServedNames(context, zones);
  const check = (at: ConfigPath, name: () => string) => {
    if (!isSound(at)) return;
    const found = names.find(name());
    if (found === 'missing') report(at, 'has no record here, though its name lies in a zone that is served here');
    else if (found === 'alias' && at.includes('ns')) report(at, IS_ALIAS);
    else if (found === 'other data' && at.includes('ns')) report(at, HAS_NO_ADDRESS);
  };
  if (isShaped([...path, 'soa'])) check([...path, 'soa', 'mname'], () => zone.soa.mname);
  if (!isShaped([...path, 'ns'])) return;
  const servers = [...zone.ns.entries()].map(([index, name]) => ({ path: [...path, 'ns', index], name: () => name }));
  uniqueNames(context, servers);
  for (const server of servers) check(server.path, server.name);
}

function balancedRules(context: RuleContext, path: ConfigPath, record: BalancedRecordConfig): void {
  const { isSound, isShaped, report } = context;
  if (isSound([...path, 'ttl']) && record.ttl.min > record.ttl.max) {
    const shown = `${formatDuration(record.ttl.min)} is longer than max, ${formatDuration(record.ttl.max)}`;
    report([...path, 'ttl', 'min'], `must not be longer than ttl.max: ${shown}`);
  }
  dampingRules(context, [...path, 'damping'], record.damping);
  if (record.answer !== undefined && isSound([...path, 'policy']) && record.policy !== 'weighted') {
    report([...path, 'answer'], `has no effect with policy ${record.policy}; it belongs to weighted`, 'key');
  }
  if (!isShaped([...path, 'pools'])) return;
  const pools = [...record.pools.entries()];
  uniqueNames(
    context,
    pools.map(([index, pool]) => ({ path: [...path, 'pools', index, 'name'], name: () => pool.name })),
  );
  anyMemberRule(context, [...path, 'pools'], record);
  for (const [index, pool] of pools) {
    minUpRule(context, [...path, 'pools', index], pool);
    const at = [...path, 'pools', index, 'members', 'static'];
    if (!isSound(at)) continue;
    const listed = [...(pool.members.static ?? []).entries()];
    if (isSound([...path, 'policy']) && record.policy === 'hash') hashWeightRule(context, at, pool);
    uniqueNames(
      context,
      listed.map(([place, it]) => ({
        path: [...at, place],
        name: () => identityOf('aaaa', typeof it === 'string' ? it : it.address),
      })),
    );
  }
  probePortRule(context, path, record);
  failoverTargetRule(context, path, record);
}

/** A ring takes time and memory in proportion to weights; what Consul says of them is limited where the ring is built. */
function hashWeightRule({ report }: RuleContext, path: ConfigPath, { members }: Pool): void {
  for (const [place, member] of (members.static ?? []).entries()) {
    if (typeof member === 'string' || member.weight <= MAX_HASH_WEIGHT) continue;
    const fix = 'divide the weights of all members of the pool: 300 and 100 are 3 and 1';
    report([...path, place, 'weight'], `must not be more than ${MAX_HASH_WEIGHT} with policy hash; ${fix}`);
  }
}

/** One pool may be taken out as a whole, as the next answers then; without any member there is never an answer. */
function anyMemberRule({ isSound, report }: RuleContext, path: ConfigPath, { pools }: BalancedRecordConfig): void {
  if (!isSound(path)) return;
  const isOut = ({ members }: (typeof pools)[number]): boolean =>
    members.static?.every((it) => typeof it !== 'string' && it.weight === 0) ?? false;
  if (pools.every(isOut))
    report(path, 'have no member of a weight above 0, so there is never an answer: give one a weight');
}

/** A list is as long as it is; how many Consul knows is not for a file to say. */
function minUpRule({ isSound, report }: RuleContext, path: ConfigPath, pool: Pool): void {
  if (!isSound([...path, 'min_up']) || !isSound([...path, 'members'])) return;
  const { min_up: minUp, members } = pool;
  if (members.static === undefined || minUp === 1) return;
  const possible = members.static.filter((it) => typeof it === 'string' || it.weight > 0).length;
  if (minUp > possible) {
    report(
      [...path, 'min_up'],
      `must not be more than ${possible}, the number of its static members of a weight above 0`,
    );
  }
}

/** Static members and names are addresses alone; only Consul knows a port to probe. */
function probePortRule(
  { isSound, isShaped, report }: RuleContext,
  path: ConfigPath,
  record: BalancedRecordConfig,
): void {
  const { probe } = record;
  if (probe === undefined || !isShaped([...path, 'probe'])) return;
  const has = (key: 'static' | 'names') =>
    record.pools.some((pool, index) => isShaped([...path, 'pools', index, 'members']) && pool.members[key]);
  const portless = has('static') ? 'static members' : has('names') ? 'names' : undefined;
  for (const kind of ['http', 'tcp'] as const) {
    const at = [...path, 'probe', kind];
    if (portless !== undefined && probe[kind] !== undefined && isSound(at) && probe[kind].port === undefined) {
      report(at, `needs a port, as ${portless} have none`, 'key');
    }
  }
}

/** An answer is a set: what is listed twice, be it in another notation, would be sent once (RFC 2181 section 5). */
function listRules(context: RuleContext, path: ConfigPath, record: RecordConfig): void {
  if (!context.isShaped(path) || 'pools' in record) return;
  for (const type of ['a', 'aaaa', 'ns', 'mx', 'txt', 'srv', 'caa', 'https', 'svcb'] as const) {
    const listed = record[type];
    if (listed === undefined || !context.isShaped([...path, type]) || listed.length < 2) continue;
    const items = [...listed.entries()];
    uniqueNames(
      context,
      items.map(([index, item]) => ({
        path: [...path, type, index],
        name: () => identityOf(type, item),
      })),
    );
  }
}
