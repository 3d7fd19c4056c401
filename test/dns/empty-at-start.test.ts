/** A name server starts with a saved set while Consul says that there is nobody, as it does with a revoked token. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startDns } from '../../dns/start.ts';
import { silentLog } from '../../src/io/log.ts';
import type { RunningHouse } from '../../src/io/running-house.ts';
import { cleanups } from '../support/cleanups.ts';
import { ask } from '../support/dns-client.ts';
import { lbTest } from '../support/dns-zone.ts';
import { FakeConsul, healthEntry } from '../support/fake-consul.ts';

const closing = cleanups();

it('doubts that for as long as it would have without the restart', { timeout: 30_000 }, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'outrigger-empty-'));
  closing({ close: () => rmSync(dir, { recursive: true, force: true }) });
  const consul = await FakeConsul.start();
  closing({ close: () => consul.stop() });
  consul.set('edge', [healthEntry('edge-1', { address: '192.0.2.1' })]);
  const config = lbTest(
    `
www:
  policy: failover
  pools: [ { name: a, members: { consul: { service: edge } } }, { name: b, members: { static: [ 192.0.2.2 ] } } ]`,
    `consul: { address: "${consul.address}" }\nsnapshot_dir: ${dir}`,
  );
  const start = async (): Promise<RunningHouse> => {
    const house = closing(startDns({ config, baseDir: '.', log: silentLog, env: {} }));
    await house.ready;
    return house;
  };
  const answered = async (house: RunningHouse): Promise<string> =>
    (await ask(house.addresses.get('dns')!, 'www.lb.test')).answer.map((line) => line.split(' ').at(-1)).join();

  const first = await start();
  expect(await answered(first)).toBe('192.0.2.1');
  await first.close();
  consul.set('edge', []);
  // Which of the two is read first, the file or Consul's answer, is chance.
  for (let i = 0; i < 5; i++) {
    const house = await start();
    expect(await answered(house)).toBe('192.0.2.1');
    const [cluster] = house.admin.clusters();
    expect(cluster!.discovery.held).toContain('edge-1');
    await house.close();
  }
});
