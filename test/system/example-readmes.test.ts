/** What the READMEs of the examples say to type, typed: with our own ports in the place of theirs. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { requireConsul } from '../../scripts/consul.ts';
import { describeWithConsul, freePorts, startConsul } from '../support/consul.ts';
import { readSteps, ShellSession, type Step } from '../support/readme-session.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** Every port in the commands, the configurations' defaults among them. */
const PORTS = [5353, 5354, 8000, 8080, 9001, 9002, 15000, 15001, 15002, 15003, 15020, 15053, 15054];

/** What is not repeated here: the sources run as they are, and the tests have a Consul of their own. */
const LEFT_OUT = ['npm ci && npm run build', 'consul agent -dev -node=demo > consul.log &'];

/** What the READMEs say that one needs. */
const hasTools = ['bash', 'curl', 'dig'].every(
  (tool) => spawnSync(tool, ['-v'], { stdio: 'ignore' }).error === undefined,
);

/** With the sources in place of the bundle, and each port by what `ports` has for it. */
function ours({ command, output }: Step, ports: ReadonlyMap<string, number>): Step {
  const paths = command
    .replaceAll('node dist/outrigger.js', `${process.execPath} ${join(ROOT, 'cli/main.ts')}`)
    .replaceAll('node examples/', `${process.execPath} ${ROOT}/examples/`)
    .replaceAll(' examples/', ` ${ROOT}/examples/`);
  const withPorts = paths.replaceAll(/\b(?:5|8|9|15)\d{3}\b/g, (port) => String(ports.get(port) ?? port));
  return { command: withPorts, output };
}

describeWithConsul('the README of', () => {
  it.skipIf(!hasTools).each(['edge-pair', 'l4-edge'])('%s', { timeout: 120_000 }, async (example) => {
    const steps = readSteps(readFileSync(join(ROOT, 'examples', example, 'README.md'), 'utf8'));
    const told = steps.filter(({ output }) => output !== undefined).length;
    expect([told > 3, LEFT_OUT.every((line) => steps.some(({ command }) => command === line))]).toEqual([true, true]);

    const consul = await startConsul({ dev: true, config: { node_name: 'demo' } });
    onTestFinished(() => consul.stop());
    const free = await freePorts(PORTS.length);
    const ports = new Map(PORTS.map((port, i) => [String(port), free[i] ?? 0]));
    const folder = mkdtempSync(join(tmpdir(), 'outrigger-readme-'));
    symlinkSync(await requireConsul(), join(folder, 'consul'));
    const shell = new ShellSession({
      cwd: folder,
      env: {
        ...process.env,
        PATH: [folder, process.env['PATH']].join(delimiter),
        CONSUL_HTTP_ADDR: consul.address,
        EDGE_PORT: String(ports.get('8080')),
        BALANCER_PORT: String(ports.get('8080')),
        STATUS_PORT: String(ports.get('15020')),
        EDGE_LISTEN: `127.0.0.1:${ports.get('8000')}`,
        DNS_LISTEN: `127.0.0.1:${ports.get('5353')}`,
        ADMIN: `127.0.0.1:${ports.get('15000')}`,
        DNS_ADMIN: `127.0.0.1:${ports.get('15053')}`,
      },
    });
    onTestFinished(async () => {
      await shell.close();
      rmSync(folder, { recursive: true, force: true });
    });
    for (const step of steps) if (!LEFT_OUT.includes(step.command)) await shell.take(ours(step, ports));
  });
});
