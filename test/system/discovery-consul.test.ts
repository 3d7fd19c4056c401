/** Discovery against a real Consul: what no fake can promise. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { roundRobin } from '../../src/balance/round-robin.ts';
import { type ClusterRunnerOptions, type RunningCluster, startCluster } from '../../src/io/cluster-runner.ts';
import { type ConsulClient, createConsulClient } from '../../src/io/consul-client.ts';
import { silentLog } from '../../src/io/log.ts';
import { describeWithConsul, startConsul, type TestConsul } from '../support/consul.ts';
import { until } from '../support/until.ts';

/** From the moment Consul has answered the change to the snapshot that shows it. */
const PROMISED_MS = 100;

/** What is measured is the first change after a time without any; a burst of changes is paced on purpose. */
const quiet = (): Promise<void> => sleep(300);

describeWithConsul('discovery with a real Consul', () => {
  let consul: TestConsul;
  let client: ConsulClient;
  const open: { close(): Promise<void> }[] = [];

  beforeAll(async () => {
    consul = await startConsul();
    client = createConsulClient({ address: consul.address }, { env: {} });
  });

  afterEach(async () => {
    await Promise.all(open.splice(0).map((it) => it.close()));
  });

  afterAll(async () => {
    await client?.close();
    await consul?.stop();
  });

  function watch(service: string, options: Partial<ClusterRunnerOptions> = {}): RunningCluster {
    const cluster = startCluster({
      name: service,
      discover: { consul: { service, tags: [], datacenters: [] } },
      probe: undefined,
      policy: roundRobin,
      loadOf: () => 0,
      consul: client,
      snapshotDir: undefined,
      baseDir: '.',
      log: silentLog,
      ...options,
    });
    open.push(cluster);
    return cluster;
  }

  const ids = (cluster: RunningCluster): string[] => cluster.snapshot.endpoints.map((it) => it.id.split('/')[1] ?? '');

  async function registerThree(name: string): Promise<void> {
    for (const n of [1, 2, 3]) {
      await consul.register({ id: `${name}-${n}`, name, port: 9000 + n, check: 'passing' });
    }
  }

  it('shows a new instance, a failed check and a deregistration within 100 ms each', async () => {
    await registerThree('web');
    const cluster = watch('web');
    await until(() => cluster.snapshot.upCount === 3, { what: 'three endpoints' });

    const times: Record<string, number[]> = { register: [], fail: [], pass: [], deregister: [] };
    const measure = async (change: string, act: () => Promise<void>, shown: () => boolean): Promise<void> => {
      await quiet();
      await act();
      times[change]?.push(await until(shown, { what: `the change "${change}"` }));
    };
    const up = (count: number) => () => cluster.snapshot.upCount === count;
    for (let round = 0; round < 3; round += 1) {
      const fourth = { id: 'web-4', name: 'web', port: 9004, check: 'passing' } as const;
      await measure('register', () => consul.register(fourth), up(4));
      await measure('fail', () => consul.setCheck('web-4', 'critical'), up(3));
      expect(cluster.snapshot.reasons.get(cluster.snapshot.endpoints[3]!.id)).toBe('check "web alive" is critical');
      await measure('pass', () => consul.setCheck('web-4', 'passing'), up(4));
      await measure(
        'deregister',
        () => consul.deregister('web-4'),
        () => ids(cluster).length === 3,
      );
    }
    console.log(
      'milliseconds until the snapshot shows it',
      JSON.stringify(times, (_, v) => (typeof v === 'number' ? Math.round(v) : v)),
    );
    for (const [change, took] of Object.entries(times)) {
      expect(Math.max(...took), `${change}: ${took.map(Math.round).join(', ')} ms`).toBeLessThan(PROMISED_MS);
    }
  });
});
