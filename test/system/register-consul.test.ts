/** This process as a service in a real Consul, which checks it itself. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ConsulClient, createConsulClient } from '../../src/io/consul-client.ts';
import { silentLog } from '../../src/io/log.ts';
import { type Registration, registerService } from '../../src/io/register.ts';
import { describeWithConsul, startConsul, type TestConsul } from '../support/consul.ts';
import { until } from '../support/until.ts';

interface Entry {
  readonly Service: { readonly ID: string; readonly Address: string; readonly Port: number; readonly Tags: string[] };
  readonly Checks: { readonly CheckID: string; readonly Status: string; readonly Notes: string }[];
}

describeWithConsul('a registration in a real Consul', () => {
  let consul: TestConsul;
  let client: ConsulClient;
  let registration: Registration;
  let ready = true;
  const status = createServer((_request, response) => response.writeHead(ready ? 200 : 503).end());

  beforeEach(async () => {
    consul = await startConsul({ dev: true });
    client = createConsulClient({ address: consul.address }, { env: {} });
    status.listen(0, '127.0.0.1');
    await once(status, 'listening');
    registration = open();
  });

  const open = (): Registration =>
    registerService({
      config: {
        service: 'edge',
        address: '10.0.0.5',
        port: 8080,
        tags: ['primary'],
        check: { interval: 1_000, timeout: 500 },
      },
      statusAddress: { host: '127.0.0.1', port: (status.address() as AddressInfo).port },
      consul: client,
      log: silentLog,
      lookEveryMs: 200,
    });

  afterEach(async () => {
    await registration?.close();
    await client?.close();
    await consul?.stop();
    status.closeAllConnections();
    status.close();
  });

  /** The reasons. */
  const maintenance = async (): Promise<string[]> =>
    (await entries()).flatMap(({ Checks }) =>
      Checks.filter(({ CheckID }) => CheckID.startsWith('_service_maintenance')).map(({ Notes }) => Notes),
    );
  const entries = async (): Promise<Entry[]> => (await consul.get('/v1/health/service/edge')) as Entry[];
  const checkIs = (wanted: string): Promise<number> =>
    until(
      async () => {
        const [entry] = await entries();
        return entry?.Checks.some((it) => it.CheckID.endsWith('-ready') && it.Status === wanted) ?? false;
      },
      { what: `its check to be ${wanted}` },
    );

  it('passes while we are ready, survives an agent that forgot it, and is gone at once when we leave', async () => {
    await registration.whenRegistered;
    expect(await entries()).toMatchObject([
      { Service: { ID: 'edge-10.0.0.5-8080', Address: '10.0.0.5', Port: 8080, Tags: ['primary'] } },
    ]);
    await checkIs('passing');
    ready = false;
    await checkIs('critical');
    ready = true;
    await consul.restart();
    await until(async () => (await entries()).length === 1, { what: 'it to be registered again' });
    await registration.announceLeave();
    expect(await maintenance()).toEqual(['outrigger: draining']);
    await registration.deregister();
    expect(await entries()).toEqual([]);
  });

  it('comes back into service after a leave that it could not end, and stays in maintenance that others ordered', async () => {
    await registration.whenRegistered;
    await registration.announceLeave();
    await registration.close();
    expect(await maintenance()).toEqual(['outrigger: draining']);
    registration = open();
    await until(async () => (await maintenance()).length === 0, { what: 'the maintenance mode to end' });
    await checkIs('passing');
    await registration.close();
    await consul.setMaintenance(registration.id, true);
    const [ordered] = await maintenance();
    registration = open();
    await registration.whenRegistered;
    await checkIs('passing');
    expect(await maintenance()).toEqual([ordered]);
  });
});
