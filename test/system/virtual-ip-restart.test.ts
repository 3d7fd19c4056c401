import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { describeWithNetworks, HUB_ADDRESS, TestNetwork } from '../support/network.ts';
import { type Program, startProgram } from '../support/program.ts';
import { until } from '../support/until.ts';

const ADDRESS = '10.77.0.100/24';
const YAML = `
consul: { address: "http://${HUB_ADDRESS}:8500" }
leader: { consul_lock: edge/leader, session_ttl: 60s }
vip: { address: ${ADDRESS}, interface: eth0 }
listeners: [ { name: edge, listen: "127.0.0.1:0", protocol: http, routes: [ { respond: { status: 200 } } ] } ]
dns: { listen: [ "127.0.0.1:0" ], zones: {} }
`;

describeWithNetworks('an address that is there at the start', () => {
  let network: TestNetwork;
  const programs: Program[] = [];

  beforeAll(async () => {
    network = await TestNetwork.make(['one']);
    await network.startConsul();
  });

  afterEach(async () => {
    for (const program of programs.splice(0)) await program.close();
  });

  afterAll(() => network.close());

  async function start(role: 'sidecar' | 'dns'): Promise<Program> {
    const program = await startProgram(role, YAML, [], {}, network.through('one'));
    programs.push(program);
    return program;
  }

  const isThere = async (): Promise<boolean> => (await network.ip('one', '-o addr show dev eth0')).includes(ADDRESS);

  it('is taken off where somebody has put it there for good', async () => {
    await network.ip('one', `addr add ${ADDRESS} dev eth0`);
    const program = await start('sidecar');
    expect(program.output).toContain('took off an address that was there already: only its leader has it');
    await until(() => program.output.includes('"msg":"leads"'), { what: 'a leader', withinMs: 30_000 });
    program.child.kill('SIGTERM');
    await program.exited;
  });

  it('stays where a leader has put it there, be it a process before this one or beside it', async () => {
    const first = await start('sidecar');
    await until(isThere, { what: 'a leader', withinMs: 30_000 });
    const beside = await start('dns');
    first.child.kill('SIGKILL');
    await first.exited;
    const next = await start('sidecar');
    expect(await isThere()).toBe(true);
    for (const { output } of [beside, next]) expect(output).not.toContain('took off');
  }, 60_000);
});
