/** Clusters as the houses run them, on a Consul that the test steers. */
import { roundRobin } from '../../src/balance/round-robin.ts';
import type { DiscoveredEndpoint } from '../../src/endpoint.ts';
import { type ClusterRunnerOptions, type RunningCluster, startCluster } from '../../src/io/cluster-runner.ts';
import { type ConsulClient, createConsulClient } from '../../src/io/consul-client.ts';
import { FakeConsul } from './fake-consul.ts';
import { RecordingLog } from './recording-log.ts';
import { type TemporaryFolder, temporaryFolder } from './temporary-folder.ts';
import { until } from './until.ts';

export class ClusterStage {
  readonly consul: FakeConsul;
  readonly log = new RecordingLog();
  readonly #client: ConsulClient;
  readonly #folder: TemporaryFolder = temporaryFolder();
  readonly #clusters: RunningCluster[] = [];

  private constructor(consul: FakeConsul) {
    this.consul = consul;
    this.#client = createConsulClient({ address: consul.address }, { env: {} });
  }

  static async open(): Promise<ClusterStage> {
    return new ClusterStage(await FakeConsul.start());
  }

  /** Where the configuration lies. */
  get dir(): string {
    return this.#folder.path;
  }

  /** A cluster `web` of the service of that name, unless told otherwise. */
  start(options: Partial<ClusterRunnerOptions> = {}): RunningCluster {
    const cluster = startCluster({
      name: 'web',
      discover: { consul: { service: 'web', tags: [], datacenters: [] } },
      probe: undefined,
      policy: roundRobin,
      loadOf: () => 0,
      consul: this.#client,
      snapshotDir: undefined,
      baseDir: this.dir,
      log: this.log,
      random: () => 0.5,
      ...options,
    });
    this.#clusters.push(cluster);
    return cluster;
  }

  async close(): Promise<void> {
    for (const cluster of this.#clusters.toReversed()) await cluster.close();
    this.#folder.close();
    await this.#client.close();
    await this.consul.stop();
  }
}

export const listOf = (...endpoints: DiscoveredEndpoint[]): ClusterRunnerOptions['discover'] => ({
  kind: 'static',
  endpoints,
});

/** The ids of its endpoints, without the node. */
export const idsOf = ({ snapshot }: RunningCluster): string =>
  snapshot.endpoints.map((it) => it.id.replace('node-1/', '')).join(' ');

export const hasIds = (cluster: RunningCluster, expected: string): Promise<number> =>
  until(() => idsOf(cluster) === expected, { what: `endpoints "${expected}"`, withinMs: 3_000 });
