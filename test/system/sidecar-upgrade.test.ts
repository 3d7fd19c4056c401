/** A sidecar that is replaced by another process while requests come, each on a connection of its own. */
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { cleanups } from '../support/cleanups.ts';
import { type Program, startProgram } from '../support/program.ts';

const closing = cleanups();

interface Where {
  readonly data: string;
  readonly admin: string;
  readonly upstream: string;
  readonly workers: number;
}

function configuration({ data, admin, upstream, workers }: Where): string {
  return `
admin: { listen: "${admin}" }
workers: ${workers}
log: { access: off }
drain: { delay: 0s, grace: 5s }
listeners:
  - { name: web, listen: "${data}", protocol: http, routes: [ { to: users } ] }
clusters:
  users: { discover: { static: [ "${upstream}" ] } }
`;
}

async function upstream(): Promise<string> {
  const server = createServer((_request, response) => response.end('hello'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing({
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Resolves to the status, or to the error's code. */
function request(address: string): Promise<number | string> {
  const { promise, resolve } = Promise.withResolvers<number | string>();
  const asked = get(`http://${address}/`, { agent: false }, (response) => {
    response.resume();
    response.on('end', () => resolve(response.statusCode ?? 0));
    response.on('error', () => resolve('cut'));
  });
  asked.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  return promise;
}

async function replace(former: Program, where: Where): Promise<Program> {
  const program = closing(await startProgram('sidecar', configuration(where), ['--replace']));
  expect(await former.exited).toBe(0);
  return program;
}

it.each([1, 2])(
  'with %i threads hands over twice under 200 requests a second',
  { timeout: 90_000 },
  async (workers) => {
    const anywhere = { data: '127.0.0.1:0', admin: '127.0.0.1:0', upstream: await upstream(), workers };
    const first = closing(await startProgram('sidecar', configuration(anywhere)));
    const where = { ...anywhere, data: first.address('web'), admin: first.address('admin') };
    const results: Promise<number | string>[] = [];
    let isOver = false;
    const load = (async () => {
      for (const begin = performance.now(); !isOver; await sleep(2)) {
        const due = Math.floor((performance.now() - begin) / 5);
        while (results.length < due) results.push(request(where.data));
      }
    })();
    await replace(await replace(first, where), where);
    isOver = true;
    await load;
    const failed = (await Promise.all(results)).filter((it) => it !== 200);
    expect(results.length).toBeGreaterThan(100);
    // What comes between the last look into the queue of a listening socket and its end is reset, and nothing else fails.
    expect(failed.filter((it) => it !== 'ECONNRESET')).toEqual([]);
    expect(failed.length).toBeLessThanOrEqual(2 * workers);
    console.info(`${results.length} requests, ${failed.length} reset`);
  },
);
