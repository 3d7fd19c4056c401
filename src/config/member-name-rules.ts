/** Names as members of a pool: each once, with an address where we are the ones to say so, and none that asks itself. */
import type { BalancedRecordConfig } from './dns.ts';
import type { ConfigPath } from './problem.ts';
import type { Rule, RuleContext } from './rule.ts';
import { HAS_NO_ADDRESS, ServedNames, type ServedRecord } from './served-names.ts';
import { uniqueNames } from './unique-names.ts';

export const memberNameRules: Rule = (context) => {
  const { config, isShaped } = context;
  if (config.dns === undefined || !isShaped(['dns', 'zones'])) return;
  const served = new ServedNames(context, config.dns.zones);
  for (const [name, zone] of Object.entries(config.dns.zones)) {
    const path = ['dns', 'zones', name, 'records'];
    if (!isShaped(path)) continue;
    for (const [relative, record] of Object.entries(zone.records)) {
      const at = [...path, relative];
      if (isShaped(at) && 'pools' in record && isShaped([...at, 'pools'])) recordRules(context, at, record, served);
    }
  }
};

function recordRules(context: RuleContext, path: ConfigPath, record: BalancedRecordConfig, served: ServedNames): void {
  for (const [index, pool] of record.pools.entries()) {
    const at = [...path, 'pools', index, 'members', 'names'];
    if (!context.isShaped(at)) continue;
    const names = [...(pool.members.names ?? []).entries()].map(([place, name]) => ({ path: [...at, place], name }));
    uniqueNames(
      context,
      names.map((it) => ({ path: it.path, name: () => it.name })),
    );
    for (const { path: place, name } of names) {
      if (!context.isSound(place) || served.isDelegated(name)) continue;
      const found = served.find(name);
      if (found === 'missing' || found === 'other data') context.report(place, HAS_NO_ADDRESS);
      else if (leadsTo(record, name, served))
        context.report(place, 'leads back to this record, which would ask itself');
    }
  }
}

/** Follows aliases and members that are names themselves, as far as we are the ones to answer for them. */
function leadsTo(record: ServedRecord, name: string, served: ServedNames): boolean {
  const seen = new Set<ServedRecord>();
  const asked = [name];
  for (let next = asked.pop(); next !== undefined; next = asked.pop()) {
    const found = served.recordOf(next);
    if (found === record) return true;
    if (found === undefined || seen.has(found)) continue;
    seen.add(found);
    if ('pools' in found) asked.push(...found.pools.flatMap(({ members }) => members.names ?? []));
    else if (found.cname !== undefined) asked.push(found.cname);
  }
  return false;
}
