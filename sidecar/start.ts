/** Wires the sidecar: clusters, the listeners in front of them, the admin addresses beside. */
import { randomBytes } from 'node:crypto';
import { POLICIES } from '../src/balance/policies.ts';
import type { Config } from '../src/config/root.ts';
import { startCluster } from '../src/io/cluster-runner.ts';
import { createConsulClient } from '../src/io/consul-client.ts';
import type { Log } from '../src/io/log.ts';
import type { RunningHouse } from '../src/io/running-house.ts';
import { TrustedProxies } from './client-address.ts';
import { noAccessLog, openAccessLog } from './io/access-log.ts';
import { Deadlines } from './io/deadlines.ts';
import { HttpListener } from './io/http-listener.ts';
import { SidecarHouse } from './io/sidecar-house.ts';
import { TcpListener } from './io/tcp-listener.ts';
import { InFlight, UpstreamCluster } from './io/upstream-cluster.ts';
import { ownListeners } from './own-listeners.ts';

export interface SidecarOptions {
  readonly config: Config;
  /** Folder that relative file names of the configuration are relative to. */
  readonly baseDir: string;
  readonly log: Log;
  /** Where the CONSUL_HTTP_* variables are read. Default: the process's environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** Where access lines go. Default: standard output. */
  readonly accessLogFd?: number;
}

/**
 * Starts the sidecar. `ready` resolves once every listener accepts and every cluster has had its first answer. Throws,
 * with nothing open, where the configuration cannot be run.
 */
export function startSidecar(options: SidecarOptions): RunningHouse {
  const { config, log, baseDir } = options;
  const usesConsul =
    config.register !== undefined || Object.values(config.clusters).some((it) => it.discover.consul !== undefined);
  const env = options.env ?? process.env;
  const consul = usesConsul ? createConsulClient(config.consul, { baseDir, env }) : undefined;
  const deadlines = new Deadlines();
  const clusters = startClusters(options, consul, deadlines);
  const access = config.log.access;
  const accessLog = access === 'off' ? noAccessLog : openAccessLog({ only: access, fd: options.accessLogFd ?? 1 });
  const trusted = new TrustedProxies(config.trusted_proxies);
  const nextRequestId = requestIds();
  const listeners = config.listeners.map((it) => {
    if (it.protocol === 'http') {
      return new HttpListener({ config: it, clusters, trusted, deadlines, accessLog, nextRequestId });
    }
    const cluster = clusters.get(it.to);
    if (cluster === undefined) throw new Error(`cluster ${it.to} does not exist`);
    return new TcpListener({ config: it, cluster, deadlines });
  });
  return new SidecarHouse({ config, log, accessLog, deadlines, clusters, listeners, consul });
}

function startClusters(
  { config, baseDir, log }: SidecarOptions,
  consul: ReturnType<typeof createConsulClient> | undefined,
  deadlines: Deadlines,
): ReadonlyMap<string, UpstreamCluster> {
  const refuse = ownListeners(config.listeners.map((listener) => listener.listen));
  const clusters = new Map<string, UpstreamCluster>();
  for (const [name, it] of Object.entries(config.clusters)) {
    const inFlight = new InFlight();
    const view = startCluster({
      name,
      discover: it.discover,
      probe: it.health_check,
      policy: POLICIES[it.balance.policy],
      loadOf: (endpoint) => inFlight.of(endpoint.slot),
      consul,
      snapshotDir: config.snapshot_dir,
      baseDir,
      log,
      refuse,
    });
    clusters.set(name, new UpstreamCluster({ config: it, view, inFlight, deadlines }));
  }
  return clusters;
}

/** Ids that differ between processes by 64 random bits and within one by a counter. */
function requestIds(): () => string {
  const prefix = randomBytes(8).toString('hex');
  let count = 0;
  return () => {
    count += 1;
    return `${prefix}-${count.toString(36)}`;
  };
}
