/** A member that is held stays so over a restart and an upgrade of the name server: the answer does not change. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cleanups } from '../support/cleanups.ts';
import { freePorts } from '../support/consul.ts';
import { ask } from '../support/dns-client.ts';
import { balanced, nameServerYaml } from '../support/name-server-yaml.ts';
import { type Program, startProgram } from '../support/program.ts';
import { until } from '../support/until.ts';

const PRIMARY = '127.0.0.1';
const BACKUP = '127.0.0.2';
const closing = cleanups();

it('a hold goes on in the next process, killed or replaced, until it is over', { timeout: 90_000 }, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'outrigger-held-'));
  closing({ close: () => rmSync(dir, { recursive: true, force: true }) });
  let isUp = true;
  const listen = async (host: string, port: number): Promise<number> => {
    const server = createServer((_, response) => {
      response.statusCode = isUp || host === BACKUP ? 200 : 503;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(port, host, resolve));
    closing({ close: () => new Promise((resolve) => void server.close(resolve)) });
    return (server.address() as AddressInfo).port;
  };
  const probed = await listen(PRIMARY, 0);
  await listen(BACKUP, probed);
  const [admin = 0, data = 0] = await freePorts(2);
  const configuration = nameServerYaml({
    admin: `127.0.0.1:${admin}`,
    listen: `127.0.0.1:${data}`,
    top: `snapshot_dir: ${dir}\nworkers: 2`,
    records: {
      www: balanced(
        'failover',
        { a: `static: [ ${PRIMARY} ]`, b: `static: [ ${BACKUP} ]` },
        `probe: { http: { port: ${probed} }, interval: 100ms, timeout: 2s, fall: 1, rise: 1 }`,
        'damping: { half_life: 60s, suppress: 1000, reuse: 500, max_hold: 10m }',
      ),
    },
  });
  const start = async (...args: string[]): Promise<Program> => closing(await startProgram('dns', configuration, args));
  const answered = async (): Promise<string> =>
    (await ask(`127.0.0.1:${data}`, 'www.lb.test')).answer.map((line) => line.split(' ').at(-1)).join();
  interface Endpoint {
    readonly status: string;
    readonly penalty: number;
    readonly held_seconds?: number;
  }
  const primary = async (): Promise<Endpoint> => {
    const report = await (await fetch(`http://127.0.0.1:${admin}/clusters`)).json();
    const { clusters } = report as { clusters: { name: string; endpoints: Endpoint[] }[] };
    return clusters.find(({ name }) => name === 'www.lb.test:a')!.endpoints[0]!;
  };
  const isHeldUp = async (): Promise<boolean> => {
    const { status, held_seconds: held } = await primary();
    return status === 'up' && (held ?? 0) > 0;
  };

  const first = await start();
  expect(await answered()).toBe(PRIMARY);
  isUp = false;
  await until(async () => (await answered()) === BACKUP, { what: 'the backup' });
  isUp = true;
  await until(isHeldUp, { what: 'the primary to be up and held' });
  const isSaved = (): boolean => readFileSync(join(dir, 'dns.answers.json'), 'utf8').includes('"penalties":');
  await until(isSaved, { what: 'the penalty to be saved' });
  first.child.kill('SIGKILL');
  await first.exited;

  const second = await start();
  expect(await answered()).toBe(BACKUP);
  expect(await isHeldUp()).toBe(true);
  expect((await primary()).penalty).toBeGreaterThan(500);

  const seen = new Set<string>();
  let isReplaced = false;
  const watching = until(
    async () => {
      seen.add(await answered());
      return isReplaced;
    },
    { what: 'the end of the upgrade', withinMs: 30_000 },
  );
  await start('--replace');
  expect(await second.exited).toBe(0);
  isReplaced = true;
  await watching;
  expect([...seen]).toEqual([BACKUP]);
  expect(await answered()).toBe(BACKUP);
  expect(await isHeldUp()).toBe(true);
  expect((await primary()).held_seconds).toBeLessThan(60);
});
