import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeWithNetworks, HUB_ADDRESS, TestNetwork } from '../support/network.ts';
import { type Program, startProgram } from '../support/program.ts';
import { until } from '../support/until.ts';

/** A service behind the balancers, on a machine of its own. */
const SHOP = '10.77.0.4';
const MACHINES = ['one', 'two', 'shop'];
const YAML = `
consul: { address: "http://${HUB_ADDRESS}:8500" }
leader: { consul_lock: edge/leader }
vip: { address: 10.78.0.100/24, interface: front }
log: { access: off }
listeners: [ { name: edge, listen: "0.0.0.0:8080", protocol: http, routes: [ { to: shop } ] } ]
clusters:
  shop:
    discover: { static: [ "${SHOP}:9000" ] }
    health_check: { tcp: {}, interval: 200ms, timeout: 200ms, fall: 2, rise: 2 }
    required: true
`;
const SERVICE = `require('node:http').createServer((_, response) => response.end('shop')).listen(9000)`;

describeWithNetworks('a leader that cannot serve', () => {
  let network: TestNetwork;
  const programs = new Map<string, Program>();
  /** Who has the address, by what the kernels say. */
  const holders = new Set<string>();

  beforeEach(async () => {
    network = await TestNetwork.make(MACHINES);
    await network.startConsul();
    network.start('shop', [process.execPath, '-e', SERVICE]);
    for (const machine of ['one', 'two']) {
      await network.ip(machine, 'link add front type veth peer name cable');
      for (const end of ['front', 'cable']) await network.ip(machine, `link set ${end} up`);
      const { stdout } = network.start(machine, ['ip', '-o', 'monitor', 'address']);
      createInterface({ input: stdout! }).on('line', (line) => {
        if (!line.includes('10.78.0.100/24')) return;
        if (line.startsWith('Deleted')) holders.delete(machine);
        else holders.add(machine);
      });
      await start(machine);
      await has('one', 20_000);
    }
  });

  afterEach(async () => {
    for (const program of programs.values()) await program.close();
    programs.clear();
    holders.clear();
    await network.close();
  });

  async function start(machine: string): Promise<void> {
    programs.set(machine, await startProgram('sidecar', YAML, [], {}, network.through(machine)));
  }

  const has = (machine: string, withinMs: number): Promise<number> =>
    until(() => String([...holders]) === machine, { what: `${machine} to have the address`, withinMs });

  it('yields to one that can, at once, and does not take the lead back from it', async () => {
    await network.ip('one', `route add blackhole ${SHOP}/32`);
    // Two probes, half a second to be sure of it, and a few calls.
    const tookMs = await has('two', 10_000);
    console.info(`moved ${tookMs.toFixed(0)} ms after the service could not be reached any more`);
    expect(tookMs).toBeLessThan(3_000);
    expect(programs.get('one')?.output).toContain('required cluster shop has no endpoint up');
    await network.ip('one', `route del blackhole ${SHOP}/32`);
    await network.ip('two', 'link set cable down');
    // It stands aside for one TTL, and is asked nothing meanwhile.
    await has('one', 15_000);
    expect(programs.get('two')?.output).toContain('interface front is down');
  }, 60_000);

  it('leads on where nobody can serve', async () => {
    for (const machine of ['two', 'one']) {
      await network.ip(machine, `route add blackhole ${SHOP}/32`);
      const isAware = () => programs.get(machine)?.output.includes('one that can may have the lead') === true;
      await until(isAware, { what: `${machine} to notice` });
    }
    const tookMs = await until(() => !holders.has('one'), { what: 'nothing', withinMs: 3_000 }).catch(() => undefined);
    expect([tookMs, ...holders]).toEqual([undefined, 'one']);
    await network.ip('two', `route del blackhole ${SHOP}/32`);
    await has('two', 3_000);
  }, 60_000);
});
