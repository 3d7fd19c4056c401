/** Which parts of another configuration a running process can take up, and which wait for a restart. */
import { sameValue } from '../same-value.ts';
import type { Config } from './root.ts';

/** Sections that are read once, at the start: addresses of the process itself, its threads, its way to and place in Consul. */
const AT_START_ONLY = ['admin', 'status', 'consul', 'register', 'leader', 'vip', 'snapshot_dir', 'workers'] as const;

export interface LiveConfig {
  /** `next` with those of its parts as they are in `present` that cannot change in a running process. */
  readonly config: Config;
  /** Paths of these parts, where they differ. */
  readonly needsRestart: readonly string[];
}

export function liveConfig(present: Config, next: Config): LiveConfig {
  const needsRestart: string[] = AT_START_ONLY.filter((key) => !sameValue(present[key], next[key]));
  const kept = Object.fromEntries(AT_START_ONLY.map((key) => [key, present[key]]));
  const config = { ...next, ...kept } as Config;
  const { dns } = present;
  if (dns === undefined || config.dns === undefined) return { config, needsRestart };
  if (!sameValue(dns.listen, config.dns.listen)) needsRestart.push('dns.listen');
  if (!sameValue(dns.tcp, config.dns.tcp)) needsRestart.push('dns.tcp');
  return { config: { ...config, dns: { ...config.dns, listen: dns.listen, tcp: dns.tcp } }, needsRestart };
}

/** The top-level sections in which two configurations differ. */
export function changedSections(present: Config, next: Config): readonly string[] {
  const keys = Object.keys({ ...present, ...next }) as (keyof Config)[];
  return keys.filter((key) => !sameValue(present[key], next[key]));
}
