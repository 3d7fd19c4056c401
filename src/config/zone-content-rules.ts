/** What may stand in a zone together: aliases, delegations, and the names that records point at. */
import { isIP } from 'node:net';
import type { BalancedRecordConfig, StaticRecordConfig, ZoneConfig } from './dns.ts';
import { IS_ADDRESS, nameInZone, namesUpFrom } from './domain-name.ts';
import type { ConfigPath } from './problem.ts';
import { parseMx, parseSrv } from './record-text.ts';
import type { RuleContext } from './rule.ts';
import { HAS_NO_ADDRESS, IS_ALIAS, type ServedName, ServedNames, type ServedRecord } from './served-names.ts';
import { parseServiceBinding } from './service-binding.ts';

interface ZoneContent {
  /** Of the records. */
  readonly path: ConfigPath;
  readonly zone: string;
  readonly zones: Readonly<Record<string, ZoneConfig>>;
}

interface Entry {
  readonly at: ConfigPath;
  readonly relative: string;
  readonly name: string;
  readonly record: BalancedRecordConfig | StaticRecordConfig;
}

const TYPES = ['a', 'aaaa', 'cname', 'ns', 'txt', 'mx', 'srv', 'caa', 'https', 'svcb'] as const;
const GLUE = new Set<string>(['a', 'aaaa']);

export function contentRules(context: RuleContext, { path, zone, zones }: ZoneContent): void {
  const names = new ServedNames(context, zones);
  const entries = Object.entries(zones[zone]?.records ?? {})
    .map(
      ([relative, record]): Entry => ({ at: [...path, relative], relative, name: nameInZone(relative, zone), record }),
    )
    .filter(({ at }) => context.isShaped(at));
  const cuts = new Map(
    entries.filter(({ record, relative }) => delegates(record) && relative !== '@').map((cut) => [cut.name, cut]),
  );
  for (const entry of entries) {
    aliasRules(context, entry);
    delegationRules(context, entry, names);
    targetRules(context, entry, names);
    const cut = cuts.size === 0 ? undefined : cutAbove(entry.name, cuts);
    if (cut !== undefined) belowCutRule(context, entry, cut);
  }
  circleRule(context, entries, names);
}

/** Of several the highest: what lies below it is no delegation of ours. */
function cutAbove(name: string, cuts: ReadonlyMap<string, Entry>): Entry | undefined {
  let highest: Entry | undefined;
  for (const at of namesUpFrom(name)) if (at !== name) highest = cuts.get(at) ?? highest;
  return highest;
}

function delegates(record: Entry['record']): record is StaticRecordConfig & { ns: string[] } {
  return 'ns' in record && record.ns !== undefined;
}

/** The types that a record has, in the order of the documentation. */
function typesOf(record: Entry['record']): readonly string[] {
  const of = record as Readonly<Record<string, unknown>>;
  return TYPES.filter((type) => of[type] !== undefined && (!Array.isArray(of[type]) || of[type].length > 0));
}

/** RFC 1034 section 3.6.2: an alias has no data of its own. */
function aliasRules({ report }: RuleContext, { at, relative, record }: Entry): void {
  if (!('cname' in record) || record.cname === undefined) return;
  if (relative === '@') {
    report([...at, 'cname'], 'cannot stand at the zone itself, which has SOA and NS records', 'key');
    return;
  }
  for (const type of typesOf(record)) {
    if (type !== 'cname') report([...at, type], 'cannot stand beside cname: an alias has no data of its own', 'key');
  }
}

/** A delegation has servers that can be found, and no data but their addresses. */
function delegationRules(context: RuleContext, { at, relative, name, record }: Entry, names: ServedNames): void {
  const { isSound, isShaped, report } = context;
  if (!delegates(record)) return;
  if (relative === '@') report([...at, 'ns'], 'belongs into the ns of the zone', 'key');
  else if (relative.startsWith('*')) report([...at, 'ns'], 'cannot stand at a wildcard (RFC 4592 section 4.2)', 'key');
  const isOwnServer = isShaped([...at, 'ns']) && record.ns.includes(name);
  for (const type of typesOf(record)) {
    if (type === 'ns' || type === 'cname' || (GLUE.has(type) && isOwnServer)) continue;
    report([...at, type], 'cannot stand beside ns: the servers of the delegation answer instead', 'key');
  }
  if (!isShaped([...at, 'ns'])) return;
  for (const [index, server] of record.ns.entries()) {
    const place = [...at, 'ns', index];
    if (!isSound(place)) continue;
    const found = names.find(server);
    if (found === 'alias') report(place, IS_ALIAS);
    else if (found === 'missing' || (found === 'other data' && server !== name)) {
      report(place, HAS_NO_ADDRESS);
    } else if (found === 'other data') report(place, 'needs its address in a or aaaa beside it');
  }
}

function belowCutRule({ report }: RuleContext, { at, name, record }: Entry, cut: Entry): void {
  const servers = delegates(cut.record) ? cut.record.ns : [];
  const isGlue = !('pools' in record) && typesOf(record).every((type) => GLUE.has(type)) && servers.includes(name);
  if (!isGlue) {
    report(at, `lies below the delegation ${cut.name}, where only addresses of its own servers can be`, 'key');
  }
}

interface Target {
  readonly type: keyof typeof TARGETS;
  readonly place: ConfigPath;
  /** Absolute, lower-cased, without final dot; '' is the root, where there is no name. */
  readonly name: string;
}

const TARGETS = {
  mx: (text: string) => parseMx(text)?.exchange,
  srv: (text: string) => parseSrv(text)?.target,
  https: (text: string) => parseServiceBinding(text)?.target,
  svcb: (text: string) => parseServiceBinding(text)?.target,
};

/**
 * RFC 2181 section 10.3: mail servers and targets are named by names with addresses, and not by aliases. RFC 9460 lets
 * those of `https` and `svcb` be aliases, or have only such a record themselves.
 */
function targetRules(context: RuleContext, { at, record }: Entry, names: ServedNames): void {
  if (!('mx' in record || 'srv' in record || 'https' in record || 'svcb' in record)) return;
  for (const target of targetsOf(context, at, record)) {
    const { type, place, name } = target;
    if (isIP(name) !== 0) context.report(place, `names ${name}, which ${IS_ADDRESS}`);
    else if (name !== '' && !names.isDelegated(name)) foundRule(context, target, names.find(name));
    if (name === '' && type === 'mx' && (record.mx ?? []).length > 1) {
      context.report(place, 'says that no mail is taken here, and must stand alone (RFC 7505)');
    }
  }
}

function targetsOf({ isShaped, isSound }: RuleContext, at: ConfigPath, record: Entry['record']): readonly Target[] {
  return (['mx', 'srv', 'https', 'svcb'] as const).flatMap((type) =>
    (isShaped([...at, type]) ? (record[type] ?? []) : []).flatMap((text, index): readonly Target[] => {
      const place = [...at, type, index];
      const name = isSound(place) ? TARGETS[type](text) : undefined;
      return name === undefined ? [] : [{ type, place, name }];
    }),
  );
}

function foundRule({ report }: RuleContext, { type, place }: Target, found: ServedName): void {
  const mustHaveAddress = type === 'mx' || type === 'srv';
  if (found === 'alias' && mustHaveAddress) report(place, IS_ALIAS);
  else if (found === 'missing' || (found === 'other data' && mustHaveAddress)) report(place, HAS_NO_ADDRESS);
}

/** Aliases that lead back to themselves give nobody an address, be it through another zone of ours. */
function circleRule({ report, isSound }: RuleContext, entries: readonly Entry[], names: ServedNames): void {
  const aliases = entries.filter(
    ({ at, record }) => 'cname' in record && record.cname !== undefined && isSound([...at, 'cname']),
  );
  const circular = recordsInCircles(
    aliases.map(({ name }) => name),
    names,
  );
  for (const { at, record } of aliases) if (circular.has(record)) report([...at, 'cname'], 'leads back to itself');
}

/** Each name is walked over once, however long the chains are that lead to it. */
function recordsInCircles(aliases: readonly string[], names: ServedNames): ReadonlySet<ServedRecord> {
  const circular = new Set<ServedRecord>();
  const done = new Set<string>();
  for (const start of aliases) {
    const way = new Map<string, ServedRecord>();
    let at: string | undefined = start;
    while (at !== undefined && !done.has(at) && !way.has(at)) {
      const record = names.ownRecordOf(at);
      if (record === undefined) break;
      way.set(at, record);
      at = 'cname' in record ? record.cname : undefined;
    }
    const walked = [...way.keys()];
    const circle = at !== undefined && way.has(at) ? walked.slice(walked.indexOf(at)) : [];
    for (const name of circle) {
      const record = way.get(name);
      if (record !== undefined) circular.add(record);
    }
    for (const name of walked) done.add(name);
  }
  return circular;
}
