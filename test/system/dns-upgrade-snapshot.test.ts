/** Who writes the saved members of a pool while `outrigger dns --replace` takes the place of another configuration. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cleanups } from '../support/cleanups.ts';
import { freePorts } from '../support/consul.ts';
import { FakeConsul, healthEntry } from '../support/fake-consul.ts';
import { Program, startProgram } from '../support/program.ts';
import { until } from '../support/until.ts';

const closing = cleanups();

it('a start that fails leaves the file to the process that goes on, and one that succeeds has it', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'outrigger-upgrade-'));
  closing({ close: () => rmSync(dir, { recursive: true, force: true }) });
  const consul = await FakeConsul.start();
  closing({ close: () => consul.stop() });
  consul.set('old', [healthEntry('edge-1', { address: '192.0.2.1' })]);
  consul.set('new', [healthEntry('edge-2', { address: '192.0.2.2' })]);
  const [admin = 0, data = 0, taken = 0] = await freePorts(3);
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(taken, '127.0.0.1', resolve));
  closing({ close: () => new Promise((resolve) => void blocker.close(resolve)) });

  const configuration = (service: string, ports: readonly number[]): string => `
admin: { listen: "127.0.0.1:${admin}" }
consul: { address: "${consul.address}" }
snapshot_dir: ${dir}
dns:
  listen: [ ${ports.map((port) => `"127.0.0.1:${port}"`).join(', ')} ]
  zones:
    lb.test:
      soa: { mname: ns1.lb.test., rname: hostmaster.lb.test. }
      ns: [ ns1.lb.test. ]
      records:
        ns1: { a: [ 192.0.2.53 ] }
        www: { policy: all, pools: [ { name: main, members: { consul: { service: ${service} } } } ] }
`;
  const source = (): unknown => {
    try {
      return (JSON.parse(readFileSync(join(dir, 'www.lb.test%3Amain.endpoints.json'), 'utf8')) as { source: unknown })
        .source;
    } catch {
      return undefined;
    }
  };

  const former = closing(await startProgram('dns', configuration('old', [data])));
  await until(() => source() !== undefined, { what: 'the members to be saved' });
  const old = source();

  const failing = closing(new Program('dns', configuration('new', [data, taken]), ['--replace']));
  expect(await failing.exited).toBe(1);
  expect(consul.requests.some(({ url }) => url.startsWith('/v1/health/service/new?'))).toBe(true);
  expect(source()).toBe(old);

  closing(await startProgram('dns', configuration('new', [data]), ['--replace']));
  expect(await former.exited).toBe(0);
  await until(() => source() !== old, { what: 'the next to save its own' });
  expect(String(source())).toContain('new');
}, 60_000);
