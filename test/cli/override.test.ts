/** `outrigger override` against a name server at work. */
import { afterEach, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../cli/program.ts';
import { startDns } from '../../dns/start.ts';
import { silentLog } from '../../src/io/log.ts';
import { lbTest } from '../support/dns-zone.ts';
import { FakeTerminal } from '../support/fake-terminal.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function nameServer(): Promise<string> {
  const records = `
www:
  policy: failover
  pools: [ { name: primary, members: { static: [ 192.0.2.1, 192.0.2.2 ] } }, { name: backup, members: { static: [ 192.0.2.9 ] } } ]`;
  const config = lbTest(records, 'admin: { listen: "127.0.0.1:0" }');
  const house = startDns({ config, baseDir: '.', log: silentLog, env: {} });
  closing.push(() => house.close());
  await house.ready;
  return `http://${house.addresses.get('admin')}`;
}

async function run(admin: string, ...args: readonly string[]) {
  const terminal = new FakeTerminal();
  const code = await runCommandLine(['override', '--admin', admin, ...args], terminal);
  return { code, out: terminal.printed.join('\n'), err: terminal.complained.join('\n') };
}

describe('outrigger override', () => {
  it('gives an order, lists it and ends it', async () => {
    const admin = await nameServer();
    expect(await run(admin)).toEqual({ code: 0, out: 'no orders', err: '' });
    expect(await run(admin, 'www.lb.test', '192.0.2.1', 'down', '--pool', 'primary')).toEqual({
      code: 0,
      out: 'www.lb.test answers with 192.0.2.2 (up)\nnot kept over a restart: there is no snapshot_dir to keep it in',
      err: '',
    });
    expect((await run(admin)).out).toMatch(
      /^NAME {9}POOL {5}MEMBER {5}STATE {2}SINCE\nwww\.lb\.test {2}primary {2}192\.0\.2\.1 {2}down {3}\d{4}-[^ ]+Z$/,
    );
    const { out } = await run(admin, 'www.lb.test', '192.0.2.1', 'auto', '--json');
    expect(JSON.parse(out)).toMatchObject({ state: 'auto', addresses: ['192.0.2.1', '192.0.2.2'] });
  });

  it.each([
    [
      ['www.lb.test', '192.0.2.7', 'down'],
      64,
      /member: is not among the members: 192\.0\.2\.1, 192\.0\.2\.2, 192\.0\.2\.9/,
    ],
    [['nope.lb.test', '192.0.2.1', 'down'], 64, /name: is not a balanced name here/],
    [['www.lb.test', '192.0.2.1'], 64, /belong together/],
    [['www.lb.test', '192.0.2.1', 'off'], 64, /Allowed choices are up, down, auto/],
  ] as const)('%j is refused with %d', async (args, code, message) => {
    const refused = await run(await nameServer(), ...args);
    expect(refused.code).toBe(code);
    expect(refused.err).toMatch(message);
  });

  it('ends with 1 where nobody answers', async () => {
    const { code, err } = await run('http://127.0.0.1:1');
    expect([code, err]).toEqual([1, expect.stringContaining('cannot ask http://127.0.0.1:1: connect ECONNREFUSED')]);
  });
});
