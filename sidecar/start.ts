/** Wires the sidecar: clusters, the listeners in front of them, the admin addresses beside. */
import { availableParallelism } from 'node:os';
import type { Config } from '../src/config/root.ts';
import { ConsulOnDemand } from '../src/io/consul-on-demand.ts';
import { House } from '../src/io/house.ts';
import { lazyLineSink, openLineSink } from '../src/io/line-sink.ts';
import type { Log } from '../src/io/log.ts';
import { openLeadership } from '../src/io/open-leadership.ts';
import { ProbeCommands } from '../src/io/probe-commands.ts';
import type { RunningHouse } from '../src/io/running-house.ts';
import { SnapshotWriters } from '../src/io/snapshot-writers.ts';
import { type InFlight, inFlightTable, OwnInFlight, viewInFlight } from './in-flight.ts';
import { DataPath } from './io/data-path.ts';
import { type LoadKind, RunningClusters } from './io/running-clusters.ts';
import { type SidecarParts, SidecarWork } from './io/sidecar-work.ts';
import { newProcessSecret, withStickySecrets } from './io/sticky-secrets.ts';
import { WeightWatches } from './io/weight-watches.ts';
import { Workers } from './io/workers.ts';
import type { SplitWeights } from './split-weights.ts';
import { ownCounts } from './traffic.ts';

export interface SidecarOptions {
  readonly config: Config;
  /** Folder that relative file names of the configuration are relative to. */
  readonly baseDir: string;
  readonly log: Log;
  /** Where the CONSUL_HTTP_* variables are read. Default: the process's environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** Where access lines go. Default: standard output. */
  readonly accessLogFd?: number;
  /** Main module of the program, which serves as a worker when it finds itself in a thread; needed for several workers. */
  readonly workerEntry?: string | URL;
  /** It takes the place of a process that has the same addresses, which is told to drain once this one serves. */
  readonly replaces?: boolean | undefined;
}

/**
 * Starts the sidecar. `ready` resolves once every listener accepts and every cluster has had its first answer. Throws,
 * with nothing open, where the configuration cannot be run.
 */
export function startSidecar(options: SidecarOptions): RunningHouse {
  const { log, baseDir, workerEntry, replaces } = options;
  const processSecret = newProcessSecret();
  const resolve = (config: Config): Config => withStickySecrets(config, { baseDir, log, processSecret });
  const config = resolve(options.config);
  const count = config.workers === 'auto' ? availableParallelism() : config.workers;
  if (count > 1 && workerEntry === undefined) throw new Error('several workers need the main module of the program');
  const consul = new ConsulOnDemand(config.consul, { baseDir, env: options.env ?? process.env });
  const accessLines = lazyLineSink(() => openLineSink(options.accessLogFd ?? 1));
  const writers = new SnapshotWriters({ besideAnother: replaces === true });
  const parts = { config, log, consul, writers, replaces };
  if (count === 1 || workerEntry === undefined) {
    const clusters = startClusters<InFlight>({ ...options, config, writers }, consul, {
      open: () => new OwnInFlight(),
      view: (inFlight) => inFlight,
    });
    const plan = { config, clusters: clusters.all };
    const serving = new DataPath({ plan, newCounts: ownCounts, accessLines, replaces });
    return newHouse({ ...parts, clusters, serving }, resolve);
  }
  const clusters = startClusters<Int32Array>({ ...options, config, writers }, consul, {
    open: () => inFlightTable(count),
    view: viewInFlight,
  });
  const plan = { config, clusters: clusters.all };
  const serving = new Workers({ plan, count, entry: workerEntry, accessLines, log, replaces });
  return newHouse({ ...parts, clusters, serving }, resolve);
}

function newHouse<Load>(parts: Omit<SidecarParts<Load>, 'weights'>, resolve: (config: Config) => Config): RunningHouse {
  const { config, log, consul, serving, replaces } = parts;
  const onChange = (weights: SplitWeights): void => serving.setWeights(weights);
  const weights = new WeightWatches(config, { consul, log, onChange });
  return new House({
    config,
    log,
    resolve,
    work: new SidecarWork({ ...parts, weights }),
    replaces,
    openLeadership: () => openLeadership({ config, consul: () => consul.get(), log, besideAnother: replaces }),
  });
}

function startClusters<Load>(
  { config, baseDir, writers, log }: SidecarOptions & { readonly writers: SnapshotWriters },
  consul: ConsulOnDemand,
  load: LoadKind<Load>,
): RunningClusters<Load> {
  const commands = new ProbeCommands();
  const snapshots = { snapshotDir: config.snapshot_dir, writers };
  return new RunningClusters(config, { load, consul, commands, ...snapshots, baseDir, log });
}
