/** Knot DNS on a free loopback port with the zones one gives it: another program to hold our answers against. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exchangeUdp } from './dns-client.ts';
import { query, readAnswer } from './dns-message.ts';
import { until } from './until.ts';

const PROGRAM = ['/usr/sbin/knotd', 'knotd'].find((it) => spawnSync(it, ['--version']).status === 0);

export const isKnotInstalled = PROGRAM !== undefined;

export interface Knot {
  readonly address: string;
  close(): Promise<void>;
}

/** `zones`: name without final dot → text of its zone file. Resolves when each of them is answered. */
export async function startKnot(zones: ReadonlyMap<string, string>): Promise<Knot> {
  const folder = mkdtempSync(join(tmpdir(), 'outrigger-knot-'));
  const port = await freePort();
  for (const [name, text] of zones) writeFileSync(join(folder, `${name}.zone`), text);
  writeFileSync(join(folder, 'knot.conf'), configuration(folder, port, [...zones.keys()]));
  const knot = spawn(PROGRAM ?? 'knotd', ['-c', join(folder, 'knot.conf')], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  knot.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const address = `127.0.0.1:${port}`;
  const close = async (): Promise<void> => {
    if (knot.exitCode === null && knot.signalCode === null) {
      knot.kill('SIGKILL');
      await once(knot, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  };
  const answers = async (name: string): Promise<boolean> => {
    if (knot.exitCode !== null) throw new Error(`knotd ended: ${said}`);
    const reply = await exchangeUdp(address, query(name, 'SOA'), 200);
    return reply !== undefined && readAnswer(reply).answer.length === 1;
  };
  try {
    for (const name of zones.keys()) await until(() => answers(name), { what: `Knot's answer for ${name}` });
  } catch (error) {
    await close();
    throw new Error(`knotd does not serve: ${said}`, { cause: error });
  }
  return { address, close };
}

function configuration(folder: string, port: number, zones: readonly string[]): string {
  const listed = zones.map((name) => `  - domain: ${name}\n    file: "${join(folder, `${name}.zone`)}"\n`).join('');
  return `server:
    listen: 127.0.0.1@${port}
    rundir: "${folder}"
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: "${folder}"
log:
  - target: stderr
    any: warning
template:
  - id: default
    semantic-checks: off
    journal-content: none
    zonefile-sync: -1
zone:
${listed}`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
