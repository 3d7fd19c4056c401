import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithNetworks, HUB_ADDRESS, TestNetwork } from '../support/network.ts';
import { type Program, startProgram } from '../support/program.ts';
import { until } from '../support/until.ts';

const YAML = `
consul: { address: "http://${HUB_ADDRESS}:8500" }
admin: { listen: 127.0.0.1:15000 }
leader: { consul_lock: edge/leader }
vip: { address: 10.77.0.100/24, interface: eth0 }
dns: { listen: [ "0.0.0.0:5300" ], zones: {} }
`;

describeWithNetworks('a leader whose place another process takes', () => {
  let network: TestNetwork;
  const programs: Program[] = [];
  /** What the kernels said of the address, by machine. */
  const changes: string[] = [];

  beforeAll(async () => {
    network = await TestNetwork.make(['one', 'two']);
    await network.startConsul();
    for (const machine of ['one', 'two']) {
      const { stdout } = network.start(machine, ['ip', '-o', 'monitor', 'address']);
      createInterface({ input: stdout! }).on('line', (line) => {
        if (line.includes('10.77.0.100/24'))
          changes.push(`${machine} ${line.startsWith('Deleted') ? 'lost' : 'has'} it`);
      });
    }
  });

  afterAll(async () => {
    for (const program of programs) await program.close();
    await network.close();
  });

  async function start(machine: string, args: readonly string[] = []): Promise<Program> {
    const program = await startProgram('dns', YAML, args, {}, network.through(machine));
    programs.push(program);
    return program;
  }

  it('leaves it the lead and the address, which never goes, and a standby stays one', async () => {
    const former = await start('one');
    await until(() => changes.length > 0, { what: 'a leader' });
    const standby = await start('two');
    const next = await start('one', ['--replace']);
    expect(await former.exited).toBe(0);
    await until(() => next.output.includes('"msg":"leads"'), { what: 'the next one to lead' });
    expect(former.output).toContain('leads no more: the lead is left to the process after this one');
    expect(standby.output).not.toContain('"msg":"leads"');
    expect(new Set(changes)).toEqual(new Set(['one has it']));
  }, 60_000);
});
