/** Wires the sidecar: clusters, the listeners in front of them, the admin addresses beside. */
import { availableParallelism } from 'node:os';
import { policyFor } from '../src/balance/policies.ts';
import type { Config } from '../src/config/root.ts';
import { type RunningCluster, startCluster } from '../src/io/cluster-runner.ts';
import { createConsulClient } from '../src/io/consul-client.ts';
import { House } from '../src/io/house.ts';
import { openLineSink } from '../src/io/line-sink.ts';
import type { Log } from '../src/io/log.ts';
import type { RunningHouse } from '../src/io/running-house.ts';
import { type InFlightView, inFlightTable, OwnInFlight, viewInFlight } from './in-flight.ts';
import { DataPath } from './io/data-path.ts';
import type { Serving } from './io/serving.ts';
import { SidecarWork } from './io/sidecar-work.ts';
import { newProcessSecret, withStickySecrets } from './io/sticky-secrets.ts';
import { Workers } from './io/workers.ts';
import { ownListeners } from './own-listeners.ts';
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
}

/**
 * Starts the sidecar. `ready` resolves once every listener accepts and every cluster has had its first answer. Throws,
 * with nothing open, where the configuration cannot be run.
 */
export function startSidecar(options: SidecarOptions): RunningHouse {
  const { log, baseDir, workerEntry } = options;
  const config = withStickySecrets(options.config, { baseDir, log, processSecret: newProcessSecret() });
  const count = config.workers === 'auto' ? availableParallelism() : config.workers;
  if (count > 1 && workerEntry === undefined) throw new Error('several workers need the main module of the program');
  const usesConsul =
    config.register !== undefined || Object.values(config.clusters).some((it) => it.discover.consul !== undefined);
  const env = options.env ?? process.env;
  const consul = usesConsul ? createConsulClient(config.consul, { baseDir, env }) : undefined;
  const accessLines = config.log.access === 'off' ? undefined : openLineSink(options.accessLogFd ?? 1);
  const common = { config, accessLines };
  if (count === 1 || workerEntry === undefined) {
    const inFlight = new Map(Object.keys(config.clusters).map((name) => [name, new OwnInFlight()]));
    const inFlightOf = (name: string): OwnInFlight => inFlight.get(name) ?? new OwnInFlight();
    const views = startClusters(options, consul, inFlightOf);
    const serving: Serving = new DataPath({ ...common, views, inFlightOf, newCounts: ownCounts });
    return new House({ config, log, work: new SidecarWork({ config, log, views, serving, consul }) });
  }
  const inFlight = new Map(Object.keys(config.clusters).map((name) => [name, inFlightTable(count)]));
  const views = startClusters(options, consul, (name) => viewInFlight(inFlight.get(name) ?? NOTHING));
  const serving = new Workers({ ...common, count, entry: workerEntry, views, inFlight, log });
  return new House({ config, log, work: new SidecarWork({ config, log, views, serving, consul }) });
}

const NOTHING = new Int32Array(0);

function startClusters(
  { config, baseDir, log }: SidecarOptions,
  consul: ReturnType<typeof createConsulClient> | undefined,
  inFlightOf: (cluster: string) => InFlightView,
): readonly RunningCluster[] {
  const refuse = ownListeners(config.listeners.map((listener) => listener.listen));
  return Object.entries(config.clusters).map(([name, it]) => {
    const inFlight = inFlightOf(name);
    return startCluster({
      name,
      discover: it.discover,
      probe: it.health_check && { ...it.health_check, proxyProtocol: it.send_proxy_protocol },
      policy: policyFor(it.balance),
      loadOf: ({ slot }) => inFlight.of(slot),
      totalLoad: () => inFlight.total(),
      consul,
      snapshotDir: config.snapshot_dir,
      baseDir,
      log,
      refuse,
    });
  });
}
