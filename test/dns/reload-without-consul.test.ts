/** A name server takes another configuration while Consul is away: what it knows of members goes over. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { startDns } from '../../dns/start.ts';
import { silentLog } from '../../src/io/log.ts';
import { cleanups } from '../support/cleanups.ts';
import { ask } from '../support/dns-client.ts';
import { lbTest } from '../support/dns-zone.ts';
import { FakeConsul, healthEntry } from '../support/fake-consul.ts';

const closing = cleanups();

it('applies each change of a record whose members are asked for as before, and answers as before', async () => {
  const balancer = createServer((_, response) => response.end());
  await new Promise<void>((resolve) => balancer.listen(0, '127.0.0.1', resolve));
  closing({ close: () => new Promise((resolve) => void balancer.close(resolve)) });
  const { port } = balancer.address() as AddressInfo;
  const consul = await FakeConsul.start();
  closing({ close: () => consul.stop() });
  consul.set('edge', [healthEntry('edge-1', { port })]);
  const record = ({ pool = 'main', minUp = 1, fall = 3, more = '' }): string => `
www:
  policy: failover
  pools: [ { name: ${pool}, members: { consul: { service: edge } }, min_up: ${minUp} } ]
  probe: { http: { path: / }, interval: 100ms, timeout: 500ms, fall: ${fall} }
  ${more}`;
  const config = (parts: Parameters<typeof record>[0]) =>
    lbTest(record(parts), `consul: { address: "${consul.address}" }`);
  const house = startDns({ config: config({}), baseDir: '.', log: silentLog, env: {} });
  closing(house);
  await house.ready;
  consul.misbehave((response) => response.socket?.destroy());
  const changes = [
    { minUp: 2 },
    { fall: 5 },
    { pool: 'other', fall: 5 },
    { more: 'damping: off' },
    { more: 'ttl: { min: 1s, max: 4s }' },
    { more: 'when_all_down: none' },
  ];
  for (const [done, change] of changes.entries()) {
    await house.reload(() => Promise.resolve({ ok: true, config: config(change) }));
    expect(house.admin.reloads(), JSON.stringify(change)).toMatchObject({ counts: { applied: done + 1, refused: 0 } });
    const { answer } = await ask(house.addresses.get('dns')!, 'www.lb.test');
    expect(answer.map((line) => line.split(' ').at(-1))).toEqual(['127.0.0.1']);
  }
});
