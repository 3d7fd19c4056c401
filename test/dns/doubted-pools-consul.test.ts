/** A Consul that has nobody any more, of any pool: the answer is the one before, also when all of it is believed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { startDns } from '../../dns/start.ts';
import { silentLog } from '../../src/io/log.ts';
import { cleanups } from '../support/cleanups.ts';
import { ask } from '../support/dns-client.ts';
import { lbTest } from '../support/dns-zone.ts';
import { FakeConsul, healthEntry } from '../support/fake-consul.ts';
import { until } from '../support/until.ts';

const closing = cleanups();

it('stays with the primary throughout, and follows Consul again when that has somebody', {
  timeout: 40_000,
}, async () => {
  const consul = await FakeConsul.start();
  closing({ close: () => consul.stop() });
  const all = [
    ['primary', '192.0.2.1'],
    ['backup', '192.0.2.2'],
  ] as const;
  for (const [service, address] of all) consul.set(service, [healthEntry(service, { address })]);
  const pool = (name: string): string => `{ name: ${name}, members: { consul: { service: ${name} } } }`;
  const config = lbTest(
    `www: { policy: failover, damping: off, pools: [ ${pool('primary')}, ${pool('backup')} ] }`,
    `consul: { address: "${consul.address}" }`,
  );
  const house = closing(startDns({ config, baseDir: '.', log: silentLog, env: {} }));
  await house.ready;
  const seen = new Set<string>();
  const answered = async (): Promise<string> => {
    const address = (await ask(house.addresses.get('dns')!, 'www.lb.test')).answer
      .map((it) => it.split(' ').at(-1))
      .join();
    seen.add(address);
    return address;
  };
  expect(await answered()).toBe('192.0.2.1');
  consul.set('primary', []);
  await until(() => house.admin.clusters()[0]!.discovery.held !== undefined, { what: 'the primary to be held' });
  // The backup's time ends this much later.
  await sleep(400);
  consul.set('backup', []);
  const isOver = async (): Promise<boolean> => {
    await answered();
    return house.admin.clusters().every(({ snapshot }) => snapshot.endpoints.length === 0);
  };
  await until(isOver, { what: 'the end of both', withinMs: 15_000 });
  await answered();
  expect([...seen]).toEqual(['192.0.2.1']);
  consul.set('backup', [healthEntry('backup', { address: '192.0.2.2' })]);
  await until(async () => (await answered()) === '192.0.2.2', { what: 'the backup' });
});
