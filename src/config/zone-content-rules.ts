/** What may stand in a zone together: aliases, delegations, and the names that records point at. */
import type { BalancedRecordConfig, StaticRecordConfig, ZoneConfig } from './dns.ts';
import { nameInZone, namesUpFrom } from './domain-name.ts';
import type { ConfigPath } from './problem.ts';
import { parseMx, parseSrv } from './record-text.ts';
import type { RuleContext } from './rule.ts';
import { HAS_NO_ADDRESS, IS_ALIAS, ServedNames } from './served-names.ts';

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
  circleRule(context, entries);
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

/** RFC 2181 section 10.3: servers and mail servers are named by names with addresses, and not by aliases. */
function targetRules({ isSound, isShaped, report }: RuleContext, { at, record }: Entry, names: ServedNames): void {
  if (record.mx === undefined && record.srv === undefined) return;
  const targets: readonly (readonly [type: string, index: number, target: string | undefined])[] = [
    ...(isShaped([...at, 'mx']) ? (record.mx ?? []) : []).map((text, i) => ['mx', i, parseMx(text)?.exchange] as const),
    ...(isShaped([...at, 'srv']) ? (record.srv ?? []) : []).map(
      (text, i) => ['srv', i, parseSrv(text)?.target] as const,
    ),
  ];
  for (const [type, index, target] of targets) {
    const place = [...at, type, index];
    if (target === undefined || !isSound(place)) continue;
    const found = target === '' || names.isDelegated(target) ? 'elsewhere' : names.find(target);
    if (found === 'alias') report(place, IS_ALIAS);
    else if (found === 'missing' || found === 'other data') report(place, HAS_NO_ADDRESS);
    if (target === '' && type === 'mx' && (record.mx ?? []).length > 1) {
      report(place, 'says that no mail is taken here, and must stand alone (RFC 7505)');
    }
  }
}

/** Aliases that lead back to themselves give nobody an address. */
function circleRule({ report, isSound }: RuleContext, entries: readonly Entry[]): void {
  const targets = new Map<string, string>();
  for (const { at, name, record } of entries) {
    if ('cname' in record && record.cname !== undefined && isSound([...at, 'cname'])) targets.set(name, record.cname);
  }
  const circular = namesInCircles(targets);
  for (const { at, name } of entries) if (circular.has(name)) report([...at, 'cname'], 'leads back to itself');
}

/** Each name is walked over once, however long the chains are that lead to it. */
function namesInCircles(targets: ReadonlyMap<string, string>): ReadonlySet<string> {
  const circular = new Set<string>();
  const done = new Set<string>();
  for (const start of targets.keys()) {
    const way = new Set<string>();
    let at: string | undefined = start;
    for (; at !== undefined && !done.has(at) && !way.has(at); at = targets.get(at)) way.add(at);
    if (at !== undefined && way.has(at)) {
      const names = [...way];
      for (const name of names.slice(names.indexOf(at))) circular.add(name);
    }
    for (const name of way) done.add(name);
  }
  return circular;
}
