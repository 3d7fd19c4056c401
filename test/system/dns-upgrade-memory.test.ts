/** What a name server has been told, and has answered, up to the moment at which another process takes its place. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cleanups } from '../support/cleanups.ts';
import { ask } from '../support/dns-client.ts';
import { balanced, nameServerYaml } from '../support/name-server-yaml.ts';
import { Program, startProgram } from '../support/program.ts';
import { until } from '../support/until.ts';

const closing = cleanups();

/** The probe takes so long that there is time to do something before a start has ended. */
function configuration(folder: string, release: number, [listen, admin]: readonly string[] = []): string {
  const members = { main: 'static: [ 192.0.2.1, 192.0.2.2, 192.0.2.3 ]' };
  const probe = 'probe: { exec: { command: [ sleep, "2" ] }, interval: 60s, timeout: 10s }';
  return nameServerYaml({
    ...(listen === undefined || admin === undefined ? {} : { listen, admin }),
    top: `snapshot_dir: ${folder}\nworkers: 2\ndrain: { delay: 0s, grace: 5s }`,
    records: { www: `a: [ 198.51.100.${release} ]`, balanced: balanced('all', members, probe) },
  });
}

const order = async (admin: string, member: string, state: string): Promise<unknown> => {
  const body = JSON.stringify({ name: 'balanced.lb.test', member, state });
  return (await fetch(`http://${admin}/dns/override`, { method: 'POST', body })).json();
};

const serialAt = async (server: string): Promise<number> =>
  Number((await ask(server, 'lb.test', 'SOA')).answer[0]?.split(' ')[6]);

describe('outrigger dns --replace', () => {
  it('has what the process before was told and has answered while it started', { timeout: 60_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'outrigger-memory-'));
    closing({ close: () => rmSync(folder, { recursive: true, force: true }) });
    const inFile = (what: string): string => readFileSync(join(folder, `dns.${what}.json`), 'utf8');
    const zones = { 'lb.test': { serial: 3_000_000_000, content: 'other' } };
    writeFileSync(join(folder, 'dns.answers.json'), JSON.stringify({ format: 1, zones, names: {} }));
    const former = closing(await startProgram('dns', configuration(folder, 1)));
    const at = [former.address('dns'), former.address('admin')] as const;
    await order(at[1], '192.0.2.1', 'down');
    await until(() => inFile('answers').includes('3000000002'), { what: 'the first order to be in the serial' });

    const next = closing(new Program('dns', configuration(folder, 2, [...at]), ['--replace']));
    await until(() => next.output.includes('by order of an earlier run'), { what: 'the next to have read' });
    expect(await order(at[1], '192.0.2.2', 'down')).toMatchObject({ kept_over_restart: true });
    expect(await order(at[1], '192.0.2.1', 'auto')).toMatchObject({ addresses: ['192.0.2.1', '192.0.2.3'] });
    expect(await former.reload(configuration(folder, 3, [...at]))).toBe('applied');
    const last = await serialAt(at[0]);
    expect(next.output).not.toContain('dns answers over');
    await next.started();
    expect(await former.exited).toBe(0);

    const listed = await (await fetch(`http://${at[1]}/dns/override`)).json();
    expect(listed).toMatchObject({ overrides: [{ member: '192.0.2.2', state: 'down' }] });
    expect((listed as { overrides: unknown[] }).overrides.length).toBe(1);
    const answered = (await ask(at[0], 'balanced.lb.test')).answer.map((line) => line.split(' ').at(-1) ?? '');
    expect(answered.toSorted()).toEqual(['192.0.2.1', '192.0.2.3']);
    const serial = await serialAt(at[0]);
    expect(serial).toBeGreaterThan(last);
    await until(() => inFile('answers').includes(`"serial":${serial}`), { what: 'the next to save' });
    expect(inFile('overrides')).not.toContain('192.0.2.1"');
    // The one that has taken the place takes orders too.
    expect(await order(at[1], '192.0.2.2', 'auto')).toMatchObject({ kept_over_restart: true });
  });
});
