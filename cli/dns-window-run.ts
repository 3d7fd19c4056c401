/** What `outrigger dns-window` does once its options are read. */
import type { BalancedRecordConfig } from '../src/config/dns.ts';
import { nameInZone } from '../src/config/domain-name.ts';
import { type RecordWindow, recordTtls, recordWindows, worstWindow } from '../src/config/record-window.ts';
import type { Config } from '../src/config/root.ts';
import { suggestion } from '../src/config/suggest.ts';
import { DURATION_HINT, formatSpan, parseDurationMs } from '../src/duration.ts';
import { fileName, readConfig } from './config-file.ts';
import type { DnsWindowOptions } from './dns-window.ts';
import { formatRecords } from './dns-window-table.ts';
import { CommandError, EXIT } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

/** A balanced record with all that is calculated of it. */
export interface RecordReport {
  /** In full, without a final dot. */
  readonly name: string;
  readonly config: BalancedRecordConfig;
  readonly windows: readonly RecordWindow[];
  readonly ttls: readonly number[];
  /** Undefined where that of any failure cannot be calculated. */
  readonly worstMs: number | undefined;
}

/** Ends with 75 when a record takes longer than `max` allows. */
export async function showWindows(
  names: readonly string[],
  options: DnsWindowOptions,
  terminal: Terminal,
): Promise<void> {
  const maxMs = options.max === undefined ? undefined : parseDurationMs(options.max);
  if (options.max !== undefined && maxMs === undefined) throw refuse(`--max ${options.max}: ${DURATION_HINT}`);
  const records = chosen(recordsOf(await readConfig(options.config, terminal, 'dns')), names);
  const over = maxMs === undefined ? [] : records.filter(({ worstMs }) => worstMs === undefined || worstMs > maxMs);
  if (options.json === true) {
    const shown = { records: records.map(jsonRecord), max_ms: maxMs ?? null, exceeded: over.length > 0 };
    terminal.print(JSON.stringify(shown, null, 2));
  } else if (records.length === 0) terminal.print(`${fileName(options.config)} has no balanced records`);
  else for (const line of formatRecords(records)) terminal.print(line);
  if (over.length === 0) return;
  const list = over.map(
    ({ name, worstMs }) => `${name} (${worstMs === undefined ? 'not bounded' : formatSpan(worstMs)})`,
  );
  throw new CommandError(`over ${options.max}: ${list.join(', ')}`, { exitCode: EXIT.exceeded });
}

interface KeyedReport extends RecordReport {
  /** As the zone has it: `www`, `@`. */
  readonly key: string;
}

function recordsOf({ dns }: Config): readonly KeyedReport[] {
  return Object.entries(dns?.zones ?? {}).flatMap(([zone, { records }]) =>
    Object.entries(records).flatMap(([key, config]) => {
      if (!('pools' in config)) return [];
      const windows = recordWindows(config);
      const worstMs = worstWindow(windows)?.totalMs;
      return [{ key, name: nameInZone(key, zone), config, windows, ttls: recordTtls(config), worstMs }];
    }),
  );
}

/** All of them where nothing is chosen; a name as zones have it may choose one in each zone. */
function chosen(records: readonly KeyedReport[], names: readonly string[]): readonly RecordReport[] {
  const wanted = names.map((name) => ({ name, plain: name.toLowerCase().replace(/\.$/, '') }));
  for (const { name, plain } of wanted) {
    if (records.some((it) => it.name === plain || it.key === plain)) continue;
    const known = records.map((it) => it.name);
    throw refuse(
      `no balanced record ${name}${suggestion(plain, known) || `; there are ${known.join(', ') || 'none'}`}`,
    );
  }
  return records.filter(
    (it) => wanted.length === 0 || wanted.some(({ plain }) => it.name === plain || it.key === plain),
  );
}

function jsonRecord({ name, config, windows, ttls, worstMs }: RecordReport): object {
  return {
    name,
    policy: config.policy,
    windows: windows.map(({ failure, pools, outcome, why, window }) => ({
      failure,
      pools,
      outcome,
      why,
      detection_ms: outcome === 'calculated' ? (window?.detectionMs ?? null) : null,
      propagation_ms: window?.propagationMs ?? null,
      ttl_ms: window?.ttlMs ?? null,
      total_ms: outcome === 'calculated' ? (window?.totalMs ?? null) : null,
    })),
    ttl_seconds: ttls,
    worst_ms: worstMs ?? null,
    failover_target_ms: config.failover_target ?? null,
  };
}

function refuse(message: string): CommandError {
  return new CommandError(message, { exitCode: EXIT.usage });
}
