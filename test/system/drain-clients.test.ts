/** What clients see of the real program while it drains, with one thread and with several. */
import { describe, expect, it } from 'vitest';
import { cleanups } from '../support/cleanups.ts';
import { type Program, startProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { get, WireClient } from '../support/wire-client.ts';
import { WireUpstream } from '../support/wire-upstream.ts';

const closes = cleanups();

const CLIENTS = 100;

async function start(workers: number, drain: string): Promise<Program> {
  const upstream = closes(await WireUpstream.start());
  const yaml = `
workers: ${workers}
log: { access: off }
drain: { ${drain} }
listeners:
  - { name: web, listen: "127.0.0.1:0", protocol: http, routes: [ { to: app } ] }
clusters:
  app: { discover: { static: [ "${upstream.address}" ] } }
`;
  return closes(await startProgram('sidecar', yaml));
}

describe.each([1, 2])('a drain with workers: %i', (workers) => {
  it('serves every client that waits in the kernel for a process that cannot look', { timeout: 20_000 }, async () => {
    const program = await start(workers, 'grace: 5s');
    program.child.kill('SIGSTOP');
    const clients = await Promise.all(
      Array.from({ length: CLIENTS }, async () => closes(await WireClient.connect(program.address('web')))),
    );
    for (const [n, client] of clients.entries()) client.send(get(`/${n}`));
    program.child.kill('SIGTERM');
    program.child.kill('SIGCONT');
    const answers = await Promise.all(clients.map((client) => client.response()));
    expect(answers.map(({ body }) => body)).toEqual(answers.map((_, n) => `/${n}`));
    for (const client of clients) client.close();
    expect(await program.exited).toBe(0);
    expect(program.output).not.toContain('grace is over');
  });

  it('has every thread end connections in the second half of the delay', { timeout: 20_000 }, async () => {
    const program = await start(workers, 'delay: 3s, grace: 1s');
    program.child.kill('SIGTERM');
    const isEnded = async (): Promise<boolean> => {
      const client = await WireClient.connect(program.address('web'));
      const ended = (await client.ask(get('/'))).header('connection') === 'close';
      client.close();
      return ended;
    };
    const ofTen = async (): Promise<readonly boolean[]> => Promise.all(Array.from({ length: 10 }, isEnded));
    expect(await ofTen()).not.toContain(true);
    await until(async () => !(await ofTen()).includes(false), { what: 'the second half', withinMs: 2_500 });
  });
});
