/** A name server with several threads: one to whoever asks it, steers it or reads its metrics. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { cleanups } from '../support/cleanups.ts';
import { DnsTcpClient, hostAndPort } from '../support/dns-client.ts';
import { DnsLoad } from '../support/dns-load.ts';
import { type Answer, opt, query, readAnswer } from '../support/dns-message.ts';
import { balanced, nameServerYaml } from '../support/name-server-yaml.ts';
import { Program, startProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { WorkerDebugger } from '../support/worker-debugger.ts';

const closing = cleanups();
/** So many ports of a client, and each of two threads is asked by some: nobody draws 40 times the same. */
const PORTS = 40;

interface Shape {
  readonly data?: string;
  readonly admin?: string;
  readonly port: number;
  readonly release?: number;
  readonly rest?: string;
}

function configuration({ data, admin, port, release = 1, rest = '' }: Shape): string {
  return nameServerYaml({
    ...(data === undefined ? {} : { listen: data }),
    ...(admin === undefined ? {} : { admin }),
    top: 'workers: 2\ndrain: { delay: 0s, grace: 5s }',
    dns: rest,
    records: {
      fixed: `a: [ 198.51.100.${release} ]`,
      www: balanced(
        'failover',
        { primary: 'static: [ 127.0.0.1 ]', backup: 'static: [ 127.0.0.2 ]' },
        `probe: { http: { port: ${port}, path: / }, interval: 100ms, timeout: 90ms, fall: 1, rise: 1 }`,
        'ttl: { min: 1s, max: 30s }',
      ),
    },
  });
}

interface Balancer {
  readonly port: number;
  isUp: boolean;
  close(): void;
}

/** 127.0.0.1 is up when the test says so, every other address always. */
async function balancer(): Promise<Balancer> {
  const state = { port: 0, isUp: true, close: () => void server.close() };
  const server = createServer(({ socket }, response) => {
    response.statusCode = state.isUp || socket.localAddress !== '127.0.0.1' ? 200 : 503;
    response.setHeader('connection', 'close').end();
  });
  server.listen(0, '0.0.0.0');
  await once(server, 'listening');
  state.port = (server.address() as AddressInfo).port;
  return closing(state);
}

class Clients {
  readonly #sockets: readonly Socket[];

  private constructor(sockets: readonly Socket[]) {
    this.#sockets = sockets;
  }

  static async of(address: string): Promise<Clients> {
    const { host, port } = hostAndPort(address);
    const sockets = Array.from({ length: PORTS }, () => createSocket('udp4'));
    for (const socket of sockets) {
      socket.connect(port, host);
      await once(socket, 'connect');
    }
    return closing(new Clients(sockets));
  }

  /** Each asks once; what those were told who were answered in time. */
  async ask(question: Buffer, withinMs = 2_000): Promise<readonly Answer[]> {
    const asked = this.#sockets.map(async (socket) => {
      const late = AbortSignal.timeout(withinMs);
      const answer = once(socket, 'message', { signal: late }).then(([it]) => readAnswer(it as Buffer));
      socket.send(question);
      return answer.catch(() => undefined);
    });
    return (await Promise.all(asked)).filter((answer) => answer !== undefined);
  }

  /** What each was told, told once. */
  async hear(name: string, type = 'A'): Promise<readonly string[]> {
    const answers = await this.ask(query(name, type));
    expect(answers.length).toBe(PORTS);
    return [...new Set(answers.map(({ rcode, answer }) => [rcode, ...answer].join(' ')))];
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
  }
}

async function start(shape: Shape, args: readonly string[] = []): Promise<Program> {
  const program = await startProgram('dns', configuration(shape), args, { NODE_OPTIONS: '--inspect=127.0.0.1:0' });
  return closing(program);
}

describe('outrigger dns with two workers', () => {
  it('follows probes and reloads in both, and adds up what they count', { timeout: 60_000 }, async () => {
    const primary = await balancer();
    const program = await start({ port: primary.port });
    const clients = await Clients.of(program.address('dns'));
    expect(await program.metric('outrigger_workers')).toBe(2);
    expect(await clients.hear('fixed.lb.test')).toEqual(['NOERROR fixed.lb.test. 60 IN A 198.51.100.1']);
    const counted = () =>
      program.metric('outrigger_dns_queries_total', { zone: 'lb.test', qtype: 'A', rcode: 'NOERROR' });
    expect(await counted()).toBe(PORTS);

    expect(await clients.hear('www.lb.test')).toEqual([expect.stringMatching(/A 127\.0\.0\.1$/)]);
    primary.isUp = false;
    const serialBefore = await serial(clients);
    await until(async () => (await clients.hear('www.lb.test')).join().endsWith('A 127.0.0.2'), { what: 'the backup' });
    expect(await serial(clients)).toBeGreaterThan(serialBefore);

    const before = (await counted()) ?? 0;
    expect(await program.reload(configuration({ port: primary.port, release: 2 }))).toBe('applied');
    expect(await clients.hear('fixed.lb.test')).toEqual(['NOERROR fixed.lb.test. 60 IN A 198.51.100.2']);
    // The balanced name is as it was, in the new tree of each.
    expect(await clients.hear('www.lb.test')).toEqual([expect.stringMatching(/A 127\.0\.0\.2$/)]);
    expect(await counted()).toBe(before + 2 * PORTS);
    primary.isUp = true;
    await until(async () => (await clients.hear('www.lb.test')).join().endsWith('A 127.0.0.1'), {
      what: 'the primary',
    });

    const connection = closing(await DnsTcpClient.connect(program.address('dns')));
    connection.send(query('fixed.lb.test'));
    expect(readAnswer((await connection.receive(1))[0]!).rcode).toBe('NOERROR');
    program.child.kill('SIGTERM');
    await connection.ended();
    connection.close();
    expect(await program.exited).toBe(0);
  });

  it('has one secret for cookies and one account for each network', { timeout: 60_000 }, async () => {
    const { port } = await balancer();
    const rest = 'rate_limit: { responses_per_second: 20, window: 15s, slip: 0 }';
    const program = await start({ port, rest });
    const clients = await Clients.of(program.address('dns'));
    // 40 at once have one account of 20 between them; two accounts would be enough for all.
    const answered = (await clients.ask(query('fixed.lb.test'), 500)).length;
    expect(answered).toBeGreaterThanOrEqual(20);
    expect(answered).toBeLessThan(34);
    expect(await program.metric('outrigger_dns_dropped_total', { cause: 'rate_limited' })).toBe(PORTS - answered);

    const connection = closing(await DnsTcpClient.connect(program.address('dns')));
    connection.send(query('fixed.lb.test', 'A', { additionals: [opt({ options: cookieOption(CLIENT_COOKIE) })] }));
    const cookie = cookieIn((await connection.receive(1))[0]!);
    expect(cookie.length).toBe(24);
    connection.close();
    // Whoever is known by a cookie has no limit, whichever thread he comes to.
    const known = query('fixed.lb.test', 'A', { additionals: [opt({ options: cookieOption(cookie) })] });
    expect((await clients.ask(known)).length).toBe(PORTS);
  });

  it('replaces a worker that dies; the others answer meanwhile, and nothing counted is lost', {
    timeout: 60_000,
  }, async () => {
    const { port } = await balancer();
    const program = await start({ port });
    const clients = await Clients.of(program.address('dns'));
    await clients.hear('fixed.lb.test');
    const hands = closing(await WorkerDebugger.attach(program.output));
    await until(() => hands.workers.length === 2, { what: 'both workers' });
    hands.say(hands.workers[0]!, "setTimeout(() => { throw new Error('by its own hand') })");
    await until(() => program.output.includes('the worker was replaced'), { what: 'the replacement' });
    expect(program.output).toContain('by its own hand');
    expect(await clients.hear('www.lb.test')).toEqual([expect.stringMatching(/A 127\.0\.0\.1$/)]);
    expect(await program.metric('outrigger_worker_restarts_total')).toBe(1);
    const labels = { zone: 'lb.test', qtype: 'A', rcode: 'NOERROR' };
    expect(await program.metric('outrigger_dns_queries_total', labels)).toBe(2 * PORTS);
  });

  it('loses no query when it is replaced and reloaded', { timeout: 90_000 }, async () => {
    const { port } = await balancer();
    let program = await start({ port });
    const shape = { data: program.address('dns'), admin: program.address('admin'), port };
    const load = closing(new DnsLoad({ address: shape.data, name: 'fixed.lb.test', atLeast: 4_000, perSecond: 1_000 }));
    const lost = load.run();
    for (const release of [2, 4]) {
      expect(await program.reload(configuration({ ...shape, release }))).toBe('applied');
      const next = await start({ ...shape, release: release + 1 }, ['--replace']);
      expect(await program.exited).toBe(0);
      program = next;
    }
    load.end();
    expect(await lost).toBe(0);
    expect(load.answers.size).toBeGreaterThanOrEqual(4);
  });

  it('does not share a port with a process that it does not replace', { timeout: 60_000 }, async () => {
    const { port } = await balancer();
    const program = await start({ port });
    const other = closing(new Program('dns', configuration({ port, data: program.address('dns') })));
    expect(await other.exited).toBe(1);
    expect(other.output).toContain('EADDRINUSE');
  });
});

const CLIENT_COOKIE = Buffer.from('0102030405060708', 'hex');
const COOKIE = 10;

function cookieOption(cookie: Buffer): Buffer {
  return Buffer.concat([Buffer.of(0, COOKIE, 0, cookie.length), cookie]);
}

/** The option is the last thing of an answer that has no other. */
function cookieIn(answer: Buffer): Buffer {
  return answer.subarray(answer.lastIndexOf(CLIENT_COOKIE));
}

async function serial(clients: Clients): Promise<number> {
  const [heard, ...others] = await clients.hear('lb.test', 'SOA');
  expect(others).toEqual([]);
  return Number(/lb\.test\. (\d+) \d+ \d+ \d+ \d+$/.exec(heard ?? '')?.[1]);
}
