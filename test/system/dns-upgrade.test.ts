/** A name server that is replaced by another process and reloaded, while questions come that nobody asks twice. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { askAdminJson, parseAdminTarget } from '../../cli/admin-client.ts';
import { listen } from '../../src/io/listen.ts';
import { cleanups } from '../support/cleanups.ts';
import { ask, DnsTcpClient } from '../support/dns-client.ts';
import { DnsLoad } from '../support/dns-load.ts';
import { query, readAnswer } from '../support/dns-message.ts';
import { balanced, nameServerYaml } from '../support/name-server-yaml.ts';
import { Program, startProgram } from '../support/program.ts';
import { until } from '../support/until.ts';

const closing = cleanups();

interface Where {
  readonly data: string;
  readonly admin: string;
  readonly status: string;
}

/** `release` is what tells one configuration from the next: the address that `www` has. */
function configuration({ data, admin, status }: Where, release: number): string {
  return nameServerYaml({
    listen: data,
    admin,
    top: `status: { listen: "${status}" }\ndrain: { delay: 0s, grace: 5s }`,
    records: {
      www: `a: [ 198.51.100.${release} ]`,
      balanced: balanced('all', { main: `static: [ 192.0.2.${release} ]` }),
    },
  });
}

interface Running {
  readonly program: Program;
  readonly where: Where;
  /** Where a client asks it. */
  readonly server: string;
}

/** `host` is what it listens on; the others that come after it have the ports that it got. */
async function first(host = '127.0.0.1', admin = '127.0.0.1:0'): Promise<Running> {
  const anywhere = { data: `${host}:0`, admin, status: '127.0.0.1:0' };
  const program = closing(await startProgram('dns', configuration(anywhere, 1)));
  const where = { data: program.address('dns'), admin: program.address('admin'), status: program.address('status') };
  const server = where.data.replace('0.0.0.0', '127.0.0.1').replace('[::]', '[::1]');
  return { program, where, server };
}

async function replace(former: Program, where: Where, release: number): Promise<Program> {
  const program = closing(await startProgram('dns', configuration(where, release), ['--replace']));
  expect(await former.exited).toBe(0);
  return program;
}

/** Asks `/ready` again and again, each time anew, until it is told to end; how often it heard what. */
function watchReady(status: string): { end(): Promise<ReadonlyMap<number | string, number>> } {
  const heard = new Map<number | string, number>();
  let isOver = false;
  const asking = (async () => {
    while (!isOver) {
      const answer = fetch(`http://${status}/ready`, { headers: { connection: 'close' } });
      const what = await answer.then((it) => it.status).catch((error: Error) => String(error.cause));
      heard.set(what, (heard.get(what) ?? 0) + 1);
    }
  })();
  return {
    end: async () => {
      isOver = true;
      await asking;
      return heard;
    },
  };
}

describe('outrigger dns under 2,000 questions a second', () => {
  it('loses none of 20,000 over 3 upgrades and 10 reloads', { timeout: 90_000 }, async () => {
    let { program, where } = await first();
    const load = closing(new DnsLoad({ address: where.data, name: 'www.lb.test', atLeast: 20_000, perSecond: 2_000 }));
    const lost = load.run();
    const steps = 13;
    for (let step = 1; step <= steps; step++) {
      await until(() => load.sent >= (20_000 * step) / (steps + 2), { what: 'the next step', withinMs: 30_000 });
      if (step % 4 === 0) program = await replace(program, where, step + 1);
      else expect(await program.reload(configuration(where, step + 1))).toBe('applied');
    }
    load.end();
    expect(await lost).toBe(0);
    const wrong = [...load.answers.keys()].filter(
      (it) => !/^NOERROR www\.lb\.test\. \d+ IN A 198\.51\.100\.\d+$/.test(it),
    );
    expect(wrong).toEqual([]);
    // Each configuration but the last few of a slow machine has answered, so they were not merely left alone.
    expect(load.answers.size).toBeGreaterThan(steps / 2);
    console.info(`${load.sent} questions, the slowest answer after ${load.slowestMs.toFixed(0)} ms`);
  });

  it.each(['0.0.0.0', '[::1]', '[::]'])('loses none on %s either', { timeout: 60_000 }, async (host) => {
    const { program, where, server } = await first(host);
    const load = closing(new DnsLoad({ address: server, name: 'balanced.lb.test', atLeast: 2_000, perSecond: 2_000 }));
    const lost = load.run();
    const second = await replace(program, where, 2);
    await replace(second, where, 3);
    load.end();
    expect(await lost).toBe(0);
    expect(load.answers.size).toBeGreaterThanOrEqual(2);
  });
});

describe('outrigger dns --replace', () => {
  it('is ready without a gap, and answers a connection that was open before', { timeout: 60_000 }, async () => {
    const { program, where } = await first();
    const connection = closing(await DnsTcpClient.connect(where.data));
    const ready = watchReady(where.status);
    const drained = until(() => program.output.includes('another process takes the place'), { what: 'the handover' });
    const replaced = replace(program, where, 2);
    await drained;
    connection.send(query('www.lb.test'));
    expect(readAnswer((await connection.receive(1))[0]!).answer).toEqual(['www.lb.test. 60 IN A 198.51.100.1']);
    await connection.ended();
    connection.close();
    await replaced;
    const { 200: ok = 0, ...others } = Object.fromEntries(await ready.end());
    expect(ok).toBeGreaterThan(10);
    // What comes between the last look into the queue of a listening socket and its end is reset.
    expect(Object.keys(others).filter((it) => !it.includes('ECONNRESET'))).toEqual([]);
    expect(Object.values(others).reduce((sum, it) => sum + it, 0)).toBeLessThanOrEqual(1);
    expect((await ask(where.data, 'www.lb.test')).answer).toEqual(['www.lb.test. 60 IN A 198.51.100.2']);
  });

  it('takes over an admin address that is a unix socket', { timeout: 60_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'outrigger-upgrade-'));
    closing({ close: () => rmSync(folder, { recursive: true, force: true }) });
    const { program, where } = await first('127.0.0.1', `unix:${join(folder, 'admin.sock')}`);
    const second = await replace(program, where, 2);
    const report = await askAdminJson(parseAdminTarget(where.admin), '/clusters');
    expect(report).toMatchObject({ role: 'dns' });
    await replace(second, where, 3);
  });

  it('starts where nobody was', { timeout: 60_000 }, async () => {
    const { program, where } = await first();
    program.child.kill('SIGTERM');
    await program.exited;
    const next = closing(await startProgram('dns', configuration(where, 2), ['--replace']));
    expect(next.output).toContain('nobody to take the place of');
  });

  it('leaves the other one as it is where it fails', { timeout: 60_000 }, async () => {
    const { program, where } = await first();
    const taken = createServer();
    closing(taken);
    const status = await listen(taken, { host: '127.0.0.1', port: 0 });
    const failing = closing(new Program('dns', configuration({ ...where, status }, 2), ['--replace']));
    expect(await failing.exited).toBe(1);
    expect(failing.output).toContain(`cannot listen on ${status}`);
    expect(program.output).not.toContain('another process');
    expect((await ask(where.data, 'www.lb.test')).answer).toEqual(['www.lb.test. 60 IN A 198.51.100.1']);
    expect((await fetch(`http://${where.status}/ready`)).status).toBe(200);
  });

  it('is asked for: without it, an address that another process has is refused', { timeout: 60_000 }, async () => {
    const { where } = await first();
    const other = { data: where.data, admin: '127.0.0.1:0', status: '127.0.0.1:0' };
    const failing = closing(new Program('dns', configuration(other, 2)));
    expect(await failing.exited).toBe(1);
    expect(failing.output).toContain(`cannot listen on ${where.data}`);
    expect(failing.output).toContain('EADDRINUSE');
  });
});
