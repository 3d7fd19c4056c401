/** The program's own defaults against members that really flap, once a second. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { startDns } from '../../dns/start.ts';
import type { Config } from '../../src/config/root.ts';
import { silentLog } from '../../src/io/log.ts';
import type { RunningHouse } from '../../src/io/running-house.ts';
import { describeWithConsul, startConsul } from '../support/consul.ts';
import { ask } from '../support/dns-client.ts';
import { lbTest } from '../support/dns-zone.ts';
import { until } from '../support/until.ts';

const PRIMARY = '127.0.0.1';
const BACKUP = '127.0.0.2';
/** Half a second up, half a second down, so many times. */
const FLAPS = 6;

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function started(config: Config): Promise<RunningHouse> {
  const house = startDns({ config, baseDir: '.', log: silentLog, env: {} });
  closing.push(() => house.close());
  await house.ready;
  return house;
}

/** Turns something off and on, and resolves to every address that was answered meanwhile, in order, without repetition. */
async function answersWhile(house: RunningHouse, turn: (on: boolean) => unknown): Promise<readonly string[]> {
  const seen: string[] = [];
  const begin = performance.now();
  let turned = 0;
  const look = async (): Promise<boolean> => {
    const due = Math.floor((performance.now() - begin) / 500);
    if (due > turned) {
      turned = due;
      await turn(turned % 2 === 0);
    }
    const { answer } = await ask(house.addresses.get('dns')!, 'www.lb.test');
    expect(answer).toHaveLength(1);
    const address = answer[0]!.split(' ').at(-1)!;
    if (seen.at(-1) !== address) seen.push(address);
    return turned === FLAPS * 2;
  };
  await until(look, { what: 'the end of the flapping' });
  return seen;
}

/** Away with its first loss, and then nothing more for as long as it flaps. */
const DAMPED = [PRIMARY, BACKUP];

const heldOf = (house: RunningHouse): unknown => {
  const [cluster] = house.admin.clusters();
  return house.admin.endpointDetails(cluster!.name, cluster!.snapshot.endpoints[0]!)['held_seconds'];
};

describe('a balancer that flaps at 1 Hz as its probes see it', () => {
  it('changes the answer once and then not until it is steady', async () => {
    let isUp = true;
    const servers: Server[] = [];
    const listen = async (host: string, port: number): Promise<number> => {
      const server = createServer((_, response) => {
        response.statusCode = isUp || host === BACKUP ? 200 : 503;
        response.end();
      });
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(port, host, resolve));
      return (server.address() as AddressInfo).port;
    };
    closing.push(() => {
      for (const server of servers) server.close();
    });
    const port = await listen(PRIMARY, 0);
    await listen(BACKUP, port);
    const house = await started(
      lbTest(`
www:
  policy: failover
  pools:
    - { name: primary, members: { static: [ ${PRIMARY} ] } }
    - { name: backup, members: { static: [ ${BACKUP} ] } }
  probe: { http: { port: ${port} }, interval: 100ms, timeout: 500ms, fall: 1, rise: 1 }
  ttl: { min: 0s, max: 30s }`),
    );
    const seen = await answersWhile(house, (on) => {
      isUp = on;
    });
    expect(seen).toEqual(DAMPED);
    expect(heldOf(house)).toBeGreaterThan(8);
  });
});

describeWithConsul('a balancer that flaps at 1 Hz as Consul sees it', () => {
  it('changes the answer once and then not until it is steady', async () => {
    const consul = await startConsul();
    closing.push(() => consul.stop());
    for (const [id, address] of [
      ['primary', PRIMARY],
      ['backup', BACKUP],
    ] as const) {
      await consul.register({ id, name: 'edge', address, port: 0, tags: [id], check: 'passing' });
    }
    const house = await started(
      lbTest(
        `
www:
  policy: failover
  pools:
    - { name: primary, members: { consul: { service: edge, tags: [ primary ] } } }
    - { name: backup, members: { consul: { service: edge, tags: [ backup ] } } }
  ttl: { min: 0s, max: 30s }`,
        `consul: { address: "${consul.address}" }\n`,
      ),
    );
    const seen = await answersWhile(house, (on) => consul.setCheck('primary', on ? 'passing' : 'critical'));
    expect(seen).toEqual(DAMPED);
    expect(heldOf(house)).toBeGreaterThan(8);
  });
});
