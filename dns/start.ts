/** Wires the name server: zones, the clusters behind them, the sockets in front, the admin addresses beside. */
import { availableParallelism } from 'node:os';
import type { Config } from '../src/config/root.ts';
import { ConsulOnDemand } from '../src/io/consul-on-demand.ts';
import { House } from '../src/io/house.ts';
import type { Log } from '../src/io/log.ts';
import { openLeadership } from '../src/io/open-leadership.ts';
import { ProbeCommands } from '../src/io/probe-commands.ts';
import type { RunningHouse } from '../src/io/running-house.ts';
import { SnapshotWriters } from '../src/io/snapshot-writers.ts';
import type { BalancedRecord } from './balanced-record.ts';
import { AnswerMemory } from './io/answer-memory.ts';
import { DnsWork } from './io/dns-work.ts';
import { DnsWorkers } from './io/dns-workers.ts';
import { ednsSettingsReader } from './io/edns-settings.ts';
import { OverrideDesk } from './io/override-desk.ts';
import { OwnThread, type OwnThreadOptions } from './io/own-thread.ts';
import { RunningRecords } from './io/running-records.ts';
import type { DnsServing } from './io/serving.ts';
import { encodeRecord } from './io/wire.ts';
import { NetworkRings } from './network-rings.ts';
import { Overrides } from './overrides.ts';
import { Tally } from './tally.ts';
import { buildZones } from './zone-config.ts';
import { ZoneContents } from './zone-content.ts';

export interface DnsOptions {
  readonly config: Config;
  /** Folder that relative file names of the configuration are relative to. */
  readonly baseDir: string;
  readonly log: Log;
  /** Where the CONSUL_HTTP_* variables are read. Default: the process's environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** Longest wait for first verdicts before the sockets are bound anyway. Default 3 s. */
  readonly settleMs?: number;
  /** It takes the place of a process that has the same addresses, which is told to drain once this one answers. */
  readonly replaces?: boolean | undefined;
  /** Main module of the program, which serves as a worker when it finds itself in a thread; needed for several workers. */
  readonly workerEntry?: string | URL | undefined;
}

/**
 * Starts the name server. `ready` resolves once every socket is bound, which is when no first answer of Consul and
 * no first probe can still change what a name answers, or 3 s later at the latest. Throws, with nothing open, where the
 * configuration has no `dns` or a zone in it cannot be served.
 */
export function startDns(options: DnsOptions): RunningHouse {
  const { config, baseDir, log, env, settleMs, replaces, workerEntry } = options;
  if (config.dns === undefined) throw new Error('the configuration has no dns section');
  const besideAnother = replaces === true;
  const { tree, balanced } = buildZones(config.dns.zones, Math.floor(Date.now() / 1000), encodeRecord);
  const tally = new Tally(tree.zones.map((zone) => zone.name));
  const readSettings = ednsSettingsReader(baseDir);
  const first = { dns: config.dns, tree, settings: readSettings(config.dns) };
  const serving = newServing({ first, tally, log, besideOthers: besideAnother }, config.workers, workerEntry);
  const consul = new ConsulOnDemand(config.consul, { baseDir, env: env ?? process.env });
  const commands = new ProbeCommands();
  const contents = new ZoneContents();
  const memory = new AnswerMemory({ dir: config.snapshot_dir, log, contents, besideAnother });
  const overrides = new Overrides();
  const writers = new SnapshotWriters({ besideAnother });
  const pools = {
    consul,
    commands,
    snapshotDir: config.snapshot_dir,
    writers,
    baseDir,
    log,
    rings: new NetworkRings(),
  };
  const onAnswer = (): void => memory.save();
  const onLook = (record: BalancedRecord): void => serving.note(record);
  const records = new RunningRecords(balanced, { ...pools, onAnswer, onLook, overrides });
  const desk = new OverrideDesk({ overrides, records, dir: config.snapshot_dir, log, besideAnother });
  const parts = { config, log, tree, serving, tally, records, memory, writers, contents, desk };
  const work = new DnsWork({ ...parts, consul, readSettings, settleMs });
  const stand = () => openLeadership({ config, consul: () => consul.get(), log, besideAnother: replaces });
  return new House({ config, log, work, replaces, openLeadership: stand });
}

function newServing(
  options: OwnThreadOptions & { readonly log: Log },
  workers: Config['workers'],
  entry: string | URL | undefined,
): DnsServing {
  const count = workers === 'auto' ? availableParallelism() : workers;
  if (count === 1) return new OwnThread(options);
  if (entry === undefined) throw new Error('several workers need the main module of the program');
  return new DnsWorkers({ ...options, count, entry });
}
