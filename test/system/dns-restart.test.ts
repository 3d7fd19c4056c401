/** The real program, killed and started again while the real Consul is gone: answers and serial stay as they were. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeWithConsul, startConsul, type TestConsul } from '../support/consul.ts';
import { ask } from '../support/dns-client.ts';
import { balanced, nameServerYaml } from '../support/name-server-yaml.ts';
import { type Program, startProgram } from '../support/program.ts';
import { until } from '../support/until.ts';

interface Balancer {
  readonly port: number;
  close(): void;
}

const PRIMARY = '127.0.0.1';
const BACKUP = '127.0.0.2';

describeWithConsul('a name server that is killed while Consul is gone', () => {
  let consul: TestConsul;
  let dir: string;
  let balancers: Balancer[];
  const running: Program[] = [];

  beforeEach(async () => {
    consul = await startConsul();
    dir = await mkdtemp(join(tmpdir(), 'outrigger-restart-'));
    const primary = await balancer(PRIMARY, 0);
    balancers = [primary, await balancer(BACKUP, primary.port)];
    for (const [id, address] of [
      ['primary', PRIMARY],
      ['backup', BACKUP],
    ] as const) {
      await consul.register({ id, name: 'edge', address, port: primary.port, tags: [id], check: 'passing' });
    }
  });
  afterEach(async () => {
    for (const program of running.splice(0)) await program.close();
    for (const it of balancers) it.close();
    await consul.stop();
    await rm(dir, { recursive: true, force: true });
  });

  async function balancer(host: string, port: number): Promise<Balancer> {
    const server = createServer((_, response) => response.end());
    await new Promise<void>((resolve) => server.listen(port, host, resolve));
    const close = (): void => {
      server.close();
      server.closeAllConnections();
    };
    return { port: (server.address() as AddressInfo).port, close };
  }

  async function start(): Promise<Program> {
    const membersOf = (tag: string): string => `consul: { service: edge, tags: [ ${tag} ] }`;
    const pools = { primary: membersOf('primary'), backup: membersOf('backup') };
    const probe = 'probe: { http: {}, interval: 100ms, timeout: 500ms, fall: 2, rise: 2 }';
    const yaml = nameServerYaml({
      top: `consul: { address: "${consul.address}" }\nsnapshot_dir: ${dir}`,
      records: { www: balanced('failover', pools, probe), both: balanced('all', pools, probe) },
    });
    const program = await startProgram('dns', yaml);
    running.push(program);
    return program;
  }

  /** What it says without the TTL, which runs with the probes, and the serial. */
  async function said(program: Program): Promise<Record<string, readonly string[]>> {
    const of = async (name: string, type = 'A'): Promise<readonly string[]> => {
      const { answer, rcode } = await ask(program.address('dns'), name, type);
      return [rcode, ...answer.map((line) => line.split(' IN ')[1]!).toSorted()];
    };
    return { www: await of('www.lb.test'), both: await of('both.lb.test'), soa: await of('lb.test', 'SOA') };
  }

  /** SIGKILL, as soon as what it knows is on the disk, which is a second after it has changed. */
  async function kill(program: Program): Promise<void> {
    const serial = (await said(program))['soa']![1]!.split(' ')[3]!;
    const isSaved = async (): Promise<boolean> =>
      (await readFile(join(dir, 'dns.answers.json'), 'utf8').catch(() => '')).includes(`"serial":${serial},`);
    await until(isSaved, { what: 'the answers to be saved' });
    program.child.kill('SIGKILL');
    await program.exited;
  }

  it('answers with both as before, and its serial does not move', async () => {
    const first = await start();
    const before = await said(first);
    expect(before).toMatchObject({
      www: ['NOERROR', `A ${PRIMARY}`],
      both: ['NOERROR', `A ${PRIMARY}`, `A ${BACKUP}`],
    });
    await consul.kill9();
    await kill(first);
    expect(await said(await start())).toEqual(before);
  });

  it('answers with the last good ones when every probe fails as well', async () => {
    const first = await start();
    balancers[0]!.close();
    await until(async () => (await said(first))['www']!.includes(`A ${BACKUP}`), { what: 'the backup' });
    await until(async () => (await said(first))['both']!.length === 2, { what: 'one of both' });
    const before = await said(first);
    await consul.kill9();
    await kill(first);
    balancers[1]!.close();
    const next = await start();
    expect(await said(next)).toEqual(before);
    const report = (await (await fetch(`http://${next.address('admin')}/clusters`)).json()) as {
      records: { name: string; basis: string }[];
    };
    expect(report.records.map(({ basis }) => basis)).toEqual(['last_good', 'last_good']);
  });
});
