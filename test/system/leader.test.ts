import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { startDns } from '../../dns/start.ts';
import { startSidecar } from '../../sidecar/start.ts';
import { silentLog } from '../../src/io/log.ts';
import type { RunningHouse } from '../../src/io/running-house.ts';
import { describeWithConsul, startConsul, type TestConsul } from '../support/consul.ts';
import { configOf } from '../support/dns-zone.ts';
import { parsePrometheusText, seriesValue } from '../support/prometheus-text.ts';
import { until } from '../support/until.ts';

const LOCK = { lock: 'edge/leader' };

describeWithConsul('processes that name the same lock', () => {
  let consul: TestConsul;
  let folder: string;
  const houses: RunningHouse[] = [];

  beforeAll(async () => {
    consul = await startConsul({ dev: true });
  });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'outrigger-leader-'));
  });

  afterEach(async () => {
    await Promise.all(houses.splice(0).map((house) => house.close()));
    await rm(folder, { recursive: true });
  });

  afterAll(() => consul.stop());

  /** Resolves once it has started; its commands write `name` and the event into the file `events`. */
  async function start(role: 'sidecar' | 'dns', name: string): Promise<RunningHouse> {
    const note = (event: string) => `[ sh, -c, "echo ${name} ${event} >> ${join(folder, 'events')}" ]`;
    const config = configOf(`
consul: { address: "${consul.address}" }
admin: { listen: 127.0.0.1:0 }
leader: { consul_lock: edge/leader, on_acquire: ${note('leads')}, on_release: ${note('follows')} }
dns: { listen: [ "127.0.0.1:0" ], zones: {} }
`);
    const house = (role === 'dns' ? startDns : startSidecar)({ config, baseDir: folder, log: silentLog });
    houses.push(house);
    await house.ready;
    return house;
  }

  async function metric(house: RunningHouse, name: string): Promise<number | undefined> {
    const text = await (await fetch(`http://${house.addresses.get('admin')}/metrics`)).text();
    return seriesValue(parsePrometheusText(text), name, LOCK);
  }

  async function section(house: RunningHouse): Promise<unknown> {
    const report = await (await fetch(`http://${house.addresses.get('admin')}/clusters`)).json();
    return (report as { leader?: unknown }).leader;
  }

  const events = async () => (await readFile(join(folder, 'events'), 'utf8')).trim().split('\n');
  const leads = (house: RunningHouse) => async () => (await metric(house, 'outrigger_leader')) === 1;

  it('have one leader, of whatever role, and the next one as soon as it drains', async () => {
    const first = await start('sidecar', 'one');
    await until(leads(first), { what: 'the first to lead' });
    const second = await start('dns', 'two');
    await expect.poll(() => section(second)).toMatchObject({ leading: false, holder: expect.any(String), changes: 0 });
    expect(await section(first)).toMatchObject({ lock: 'edge/leader', leading: true, address: null, failure: null });
    expect(await metric(first, 'outrigger_leader_renewal_age_seconds')).toBeLessThan(10);
    expect(await metric(second, 'outrigger_leader_renewal_age_seconds')).toBeUndefined();

    const drained = first.drain();
    const tookMs = await until(leads(second), { what: 'the second to lead' });
    await drained;
    expect(tookMs).toBeLessThan(2_000);
    expect([await metric(second, 'outrigger_leader_changes_total')]).toEqual([1]);
    // A command that has not ended by then would be ended.
    await expect.poll(events).toEqual(['one leads', 'one follows', 'two leads']);
    await second.close();
    expect(await events()).toEqual(['one leads', 'one follows', 'two leads', 'two follows']);
  });

  it('do not start where they could not own the address', async () => {
    const config = configOf(`
consul: { address: "${consul.address}" }
leader: { consul_lock: edge/other }
vip: { address: 192.0.2.10/24, interface: none0 }
`);
    const house = startSidecar({ config, baseDir: folder, log: silentLog });
    await expect(house.ready).rejects.toThrow(/vip (192\.0\.2\.10\/24 on none0 )?needs/);
    await house.closed;
  });
});
