/** Commands that probe, of a real process: they decide, and they end with it, however it ends. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cleanups } from '../support/cleanups.ts';
import { ask } from '../support/dns-client.ts';
import { balanced, nameServerYaml } from '../support/name-server-yaml.ts';
import { isAlive } from '../support/process-usage.ts';
import { startProgram } from '../support/program.ts';
import { until } from '../support/until.ts';

const closes = cleanups();

it('a name server asks a command which of its members are up, and takes it along when it ends at once', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'outrigger-exec-'));
  closes({ close: () => rm(dir, { recursive: true, force: true }) });
  const file = join(dir, 'pid');
  const script =
    'case $OUTRIGGER_ADDRESS in *.1) echo "no quorum" >&2; exit 4;; *.2) exit 0;; esac; echo $$ > "$0"; exec sleep 600';
  const probe = `probe: { exec: { command: [ sh, -c, '${script}', ${file} ] }, interval: 1s, timeout: 1m, fall: 1 }`;
  const pools = { primary: 'static: [ 192.0.2.1 ]', backup: 'static: [ 192.0.2.2, 192.0.2.3 ]' };
  const yaml = nameServerYaml({ top: 'drain: { delay: 1h }', records: { www: balanced('failover', pools, probe) } });
  const dns = closes(await startProgram('dns', yaml));
  const answer = await ask(dns.address('dns'), 'www.lb.test');
  expect(answer.answer.map((it) => it.split(' ').at(-1))).toEqual(['192.0.2.2']);
  const report = await (await fetch(`http://${dns.address('admin')}/clusters`)).text();
  expect(report).toContain('probe: exit 4: no quorum');
  await until(() => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'), { what: 'the command that hangs' });
  const pid = Number(readFileSync(file, 'utf8'));
  expect(isAlive(pid)).toBe(true);
  dns.child.kill('SIGTERM');
  await until(() => dns.output.includes('drain'), { what: 'the drain' });
  dns.child.kill('SIGTERM');
  await dns.exited;
  await until(() => !isAlive(pid), { what: 'the end of the command', withinMs: 3_000 });
});
