import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, onTestFinished } from 'vitest';
import { startDns } from '../../dns/start.ts';
import { silentLog } from '../../src/io/log.ts';
import type { RunningHouse } from '../../src/io/running-house.ts';
import { describeWithConsul, startConsul, type TestConsul } from '../support/consul.ts';
import { ask } from '../support/dns-client.ts';
import { lbTest } from '../support/dns-zone.ts';
import { until } from '../support/until.ts';

describeWithConsul('a name whose pools come from Consul', () => {
  let consul: TestConsul;
  let house: RunningHouse | undefined;

  beforeAll(async () => {
    consul = await startConsul();
  });
  afterAll(async () => consul.stop());
  afterEach(async () => {
    await house?.close();
    for (const id of ['edge-1', 'edge-2']) await consul.deregister(id).catch(() => {});
  });

  async function start(rest = '', more = ''): Promise<string> {
    const config = lbTest(
      `${more}
www:
  policy: failover
  pools:
    - { name: primary, members: { consul: { service: edge, tags: [ primary ] } } }
    - { name: backup, members: { consul: { service: edge, tags: [ backup ] } } }
  ttl: { min: 1s, max: 30s }`,
      `consul: { address: "${consul.address}" }\n${rest}`,
    );
    house = startDns({ config, baseDir: '.', log: silentLog, env: {} });
    await house.ready;
    return house.addresses.get('dns')!;
  }

  const edge = (id: string, address: string, tag: string) =>
    consul.register({ id, name: 'edge', address, port: 0, tags: [tag], check: 'passing' });

  const answers = (server: string, address: string) => async (): Promise<boolean> => {
    const { answer, rcode } = await ask(server, 'www.lb.test');
    expect([rcode, answer.length]).toEqual(['NOERROR', 1]);
    return answer[0] === `www.lb.test. 1 IN A ${address}`;
  };

  it('moves to the backup at once when the check of the primary turns critical, and back when it is held no longer', async () => {
    await edge('edge-1', '192.0.2.1', 'primary');
    await edge('edge-2', '192.0.2.2', 'backup');
    const server = await start();
    expect(await answers(server, '192.0.2.1')()).toBe(true);
    await consul.setCheck('edge-1', 'critical');
    const away = await until(answers(server, '192.0.2.2'), { what: 'the backup' });
    await consul.setCheck('edge-1', 'passing');
    const back = await until(answers(server, '192.0.2.1'), { what: 'the primary' });
    // Some 10 ms on an idle machine.
    expect(away).toBeLessThan(500);
    expect(back).toBeGreaterThan(1_500);
    expect(back).toBeLessThan(3_000);
  });

  it('moves when the primary deregisters, and keeps the last good set when everyone has', async () => {
    await edge('edge-1', '192.0.2.1', 'primary');
    await edge('edge-2', '192.0.2.2', 'backup');
    const server = await start();
    await consul.setCheck('edge-1', 'critical');
    await until(answers(server, '192.0.2.2'), { what: 'the backup' });
    await consul.setCheck('edge-2', 'critical');
    await until(() => house!.admin.clusters().every((cluster) => cluster.snapshot.upCount === 0), { what: 'all down' });
    expect(await answers(server, '192.0.2.2')()).toBe(true);
  });

  it('shares queries by the weights of instances: those for passing, or for warning; 0 is out', async () => {
    const weigh = (id: string, address: string, passing: number, warning: number) => {
      const weights = { Passing: passing, Warning: warning };
      return consul.register({ id, name: 'edge', address, port: 0, tags: ['primary'], weights, check: 'passing' });
    };
    await weigh('edge-1', '192.0.2.1', 3, 0);
    await weigh('edge-2', '192.0.2.2', 1, 1);
    const server = await start(
      '',
      'shared: { policy: weighted, pools: [ { name: p, members: { consul: { service: edge } } } ] }',
    );
    const shares = async (): Promise<string> => {
      const hosts: string[] = [];
      for (let i = 0; i < 8; i++) {
        const { answer } = await ask(server, 'shared.lb.test');
        expect(answer).toHaveLength(1);
        hosts.push(answer[0]!.split(' ').at(-1)!);
      }
      return ['192.0.2.1', '192.0.2.2'].map((host) => hosts.filter((it) => it === host).length).join(' to ');
    };
    expect(await shares()).toBe('6 to 2');
    await weigh('edge-1', '192.0.2.1', 1, 0);
    await until(async () => (await shares()) === '4 to 4', { what: 'the other weight' });
    await consul.setCheck('edge-1', 'warning');
    await until(async () => (await shares()) === '0 to 8', { what: 'the weight of a warning' });
  });

  it('knows nobody of a service that nobody registered: SERVFAIL, until somebody does', async () => {
    const server = await start();
    expect((await ask(server, 'www.lb.test')).rcode).toBe('SERVFAIL');
    await edge('edge-2', '192.0.2.2', 'backup');
    await until(async () => (await ask(server, 'www.lb.test')).answer.length === 1, { what: 'the first member' });
  });

  it('keeps answering when Consul goes away, also after a restart of its own', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'outrigger-dns-'));
    onTestFinished(() => rm(dir, { recursive: true, force: true }));
    await edge('edge-1', '192.0.2.1', 'primary');
    const before = await start(`snapshot_dir: ${dir}`);
    await consul.stop();
    await until(() => house!.admin.clusters()[0]!.discovery.state === 'stale', { what: 'the loss to be noticed' });
    expect(await answers(before, '192.0.2.1')()).toBe(true);
    await house!.close();
    const after = await start(`snapshot_dir: ${dir}`);
    expect(house!.admin.clusters()[0]!.discovery.fromSaved).toBe(true);
    expect(await answers(after, '192.0.2.1')()).toBe(true);
  });
});
