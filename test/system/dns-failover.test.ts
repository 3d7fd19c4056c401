import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { startDns } from '../../dns/start.ts';
import { silentLog } from '../../src/io/log.ts';
import type { RunningHouse } from '../../src/io/running-house.ts';
import { ask } from '../support/dns-client.ts';
import { lbTest } from '../support/dns-zone.ts';
import { until } from '../support/until.ts';

/** A process that stands for a balancer: it says that it is ready, until it is killed. */
const BALANCER = `
const [host, port] = process.argv.slice(1);
require('node:http').createServer((request, response) => response.end()).listen(Number(port), host, function () {
  process.stdout.write(String(this.address().port));
});`;

const PRIMARY = '127.0.0.1';
const BACKUP = '127.0.0.2';

const running: ChildProcess[] = [];
let house: RunningHouse | undefined;

afterEach(async () => {
  await house?.close();
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

/** Resolves to the process and its port once it listens. */
async function balancer(host: string, port = 0): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(process.execPath, ['-e', BALANCER, host, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  running.push(child);
  const [output] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, port: Number(output) };
}

describe('two balancers behind one name, probed once a second and down after three failures', () => {
  it('the backup is in the answer within 4.5 s of the death of the primary, and no answer is ever empty', async () => {
    const { child, port } = await balancer(PRIMARY);
    await balancer(BACKUP, port);
    house = startDns({ config: edge(port), baseDir: '.', log: silentLog });
    await house.ready;
    const server = house.addresses.get('dns')!;

    const ttls = new Set<number>();
    const answeredWith = (host: string) => async (): Promise<boolean> => {
      const { rcode, answer } = await ask(server, 'www.lb.test');
      expect([rcode, answer.length]).toEqual(['NOERROR', 1]);
      const [, ttl, , , address] = answer[0]!.split(' ');
      ttls.add(Number(ttl));
      return address === host;
    };
    expect(await answeredWith(PRIMARY)()).toBe(true);

    child.kill('SIGKILL');
    await once(child, 'exit');
    const awayMs = await until(answeredWith(BACKUP), { what: 'the backup' });
    expect(awayMs).toBeLessThan(4_500);
    // Three failures, the first of them at once at the earliest: two intervals, each up to 10 % shorter.
    expect(awayMs).toBeGreaterThan(1_700);

    await balancer(PRIMARY, port);
    const backMs = await until(answeredWith(PRIMARY), { what: 'the primary' });
    expect(backMs).toBeGreaterThan(800);
    expect(backMs).toBeLessThan(3_500);
    // Shorter with each failure that is missing until the answer changes.
    expect([...ttls].toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
    console.info(`failover after ${awayMs.toFixed(0)} ms, return after ${backMs.toFixed(0)} ms`);
  });

  function edge(port: number) {
    return lbTest(`
www:
  policy: failover
  pools:
    - { name: primary, members: { static: [ ${PRIMARY} ] } }
    - { name: backup, members: { static: [ ${BACKUP} ] } }
  probe: { http: { port: ${port}, path: /ready }, interval: 1s, timeout: 500ms, fall: 3, rise: 2 }
  ttl: { min: 1s, max: 30s }`);
  }
});
