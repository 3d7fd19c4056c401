/** Several workers in the real program: one process to its clients and to whoever watches it, whichever thread serves. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer, get, type RequestListener } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type Family, parsePrometheusText, seriesValue } from '../support/prometheus-text.ts';
import { exchange } from '../support/raw-http.ts';
import { until } from '../support/until.ts';
import { WorkerDebugger } from '../support/worker-debugger.ts';

const PROGRAM = resolve(import.meta.dirname, '../../cli/main.ts');

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function upstream(answer: RequestListener): Promise<string> {
  const server = createServer({ keepAliveTimeout: 60_000 }, answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Options {
  readonly endpoints: readonly string[];
  readonly policy?: string;
  readonly limits?: string;
  readonly access?: string;
  readonly listen?: string;
  /** Instead of a list of the endpoints. */
  readonly discover?: string;
}

/** No one takes connections there; one that is taken is closed again before anything is asked. */
async function refuses(address: string): Promise<boolean> {
  const [host = '', port] = address.split(':');
  const socket = connect(Number(port), host);
  const taken = once(socket, 'connect');
  return taken
    .then(
      () => false,
      () => true,
    )
    .finally(() => socket.destroy());
}

/** Starts the program with two workers and a debugger for the test to speak to them. */
async function start({ endpoints, ...options }: Options) {
  const folder = mkdtempSync(join(tmpdir(), 'outrigger-workers-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(
    join(folder, 'outrigger.yaml'),
    `
admin: { listen: "127.0.0.1:0" }
log: { access: ${options.access ?? 'off'} }
workers: 2
drain: { delay: 0s, grace: 5s }
listeners:
  - name: outbound
    listen: "${options.listen ?? '127.0.0.1:0'}"
    protocol: http
    limits: { ${options.limits ?? ''} }
    routes: [ { to: users } ]
  - { name: socket, listen: "unix:${folder}/data.sock", protocol: tcp, to: users }
clusters:
  users:
    discover: ${options.discover ?? `{ static: [ ${endpoints.map((it) => `"${it}"`).join(', ')} ] }`}
    balance: { policy: ${options.policy ?? 'round_robin'} }
`,
  );
  const child = spawn(
    process.execPath,
    ['--inspect=127.0.0.1:0', '--max-old-space-size=100', PROGRAM, 'sidecar', '-c', 'outrigger.yaml'],
    {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const exited = once(child, 'exit').then(([code, signal]: unknown[]) => code ?? signal);
  cleanups.push(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const heard = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    heard.out += part;
  });
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    heard.err += part;
  });
  await until(() => heard.out.includes('"started"') || child.exitCode !== null, { what: 'the program to start' });
  const line = heard.out.split('\n').find((each) => each.includes('"started"')) ?? '{"addresses":{}}';
  const { addresses } = JSON.parse(line) as { addresses: Record<string, string> };
  const metrics = async (): Promise<Map<string, Family>> =>
    parsePrometheusText(await (await fetch(`http://${addresses['admin']}/metrics`)).text());
  const total = async (name: string, labels?: Record<string, string>): Promise<number> =>
    sumOf(await metrics(), name, labels);
  const address = addresses['outbound'] ?? '';
  return { child, exited, heard, folder, address, admin: `http://${addresses['admin']}`, metrics, total };
}

/** Over all series of a family whose labels contain `labels`. */
function sumOf(families: Map<string, Family>, name: string, labels: Record<string, string> = {}): number {
  const samples = families.get(name)?.samples ?? [];
  const wanted = samples.filter((it) => Object.entries(labels).every(([key, value]) => it.labels[key] === value));
  return wanted.reduce((sum, { value }) => sum + value, 0);
}

/** One request on a connection of its own, so that each may go to either worker. */
function request(address: string, agent: Agent | false = false): Promise<string> {
  const { promise, resolve: done, reject } = Promise.withResolvers<string>();
  get(`http://${address}/`, { agent }, (response) => {
    let body = '';
    response.setEncoding('utf8').on('data', (part: string) => {
      body += part;
    });
    response.on('end', () => done(`${response.statusCode} ${body}`));
    response.on('error', reject);
  }).on('error', reject);
  return promise;
}

const many = (count: number, address: string, agent?: Agent): Promise<string[]> =>
  Promise.all(Array.from({ length: count }, () => request(address, agent)));

async function open(address: string): Promise<Socket> {
  const [host = '', port] = address.split(':');
  const socket = connect({ host, port: Number(port) });
  socket.on('error', () => undefined);
  cleanups.push(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

async function debuggerOf({ heard }: { readonly heard: { readonly err: string } }) {
  const speaker = await WorkerDebugger.attach(heard.err);
  cleanups.push(() => speaker.close());
  await until(() => speaker.workers.length === 2, { what: 'the debugger to find both workers' });
  return speaker;
}

describe('two workers', () => {
  test('both serve, and the metrics are those of the process', async () => {
    const endpoint = await upstream((_, response) => response.end('ok'));
    const house = await start({ endpoints: [endpoint] });
    expect(new Set(await many(60, house.address))).toEqual(new Set(['200 ok']));
    await until(async () => (await house.total('outrigger_connections')) === 0, { what: 'connections to close' });
    const metrics = await house.metrics();
    expect(sumOf(metrics, 'outrigger_requests_total', { status: '200' })).toBe(60);
    expect(
      seriesValue(metrics, 'outrigger_request_duration_seconds_count', { listener: 'outbound', cluster: 'users' }),
    ).toBe(60);
    expect(sumOf(metrics, 'outrigger_upstream_requests_total', { endpoint, outcome: '2xx' })).toBe(60);
    expect(seriesValue(metrics, 'outrigger_workers')).toBe(2);
    expect(sumOf(metrics, 'outrigger_upstream_in_flight')).toBe(0);
    await until(async () => (await house.total('outrigger_bytes_total', { direction: 'sent' })) > 60 * 50, {
      what: 'bytes to be gathered',
    });
    house.child.kill('SIGTERM');
    expect(await house.exited).toBe(0);
  });

  test('see each other’s requests: a slow endpoint gets what the process, not the thread, has room for', async () => {
    const held: (() => void)[] = [];
    const slow = await upstream((_, response) => void held.push(() => response.end('slow')));
    const quick = await upstream((_, response) => response.end('quick'));
    const house = await start({ endpoints: [slow, quick], policy: 'least_connections' });
    const answers: string[] = [];
    // One after the other: the first that is held at the slow endpoint keeps every later one of both workers away.
    const first = request(house.address).then((answer) => answers.push(answer));
    const second = request(house.address).then((answer) => answers.push(answer));
    await until(() => held.length === 1 && answers.length === 1, { what: 'one request to be held' });
    for (let i = 0; i < 30; i += 1) answers.push(await request(house.address));
    expect(answers).toEqual(Array.from({ length: 31 }, () => '200 quick'));
    expect(held).toHaveLength(1);
    expect(await house.total('outrigger_upstream_in_flight', { endpoint: slow })).toBe(1);
    for (const release of held) release();
    await Promise.all([first, second]);
    await until(async () => (await house.total('outrigger_upstream_in_flight')) === 0, { what: 'nothing in flight' });
  });

  test('bound the connections of the process and of a client', async () => {
    const endpoint = await upstream((_, response) => response.end('ok'));
    const house = await start({ endpoints: [endpoint], limits: 'max_connections_per_client: 7' });
    const sockets: Socket[] = [];
    for (let i = 0; i < 7; i += 1) sockets.push(await open(house.address));
    await until(async () => (await house.total('outrigger_connections')) === 7, { what: 'seven connections' });
    for (let i = 0; i < 8; i += 1) expect(await request(house.address)).toMatch(/^503 /);
    expect(await house.total('outrigger_limit_exceeded_total', { limit: 'max_connections_per_client' })).toBe(8);
    for (const socket of sockets) socket.destroy();
    await until(async () => (await house.total('outrigger_connections')) === 0, { what: 'connections to close' });
    expect(await request(house.address)).toBe('200 ok');
  });

  test('write whole access lines, one for each request', async () => {
    const endpoint = await upstream((_, response) => response.end('ok'));
    const house = await start({ endpoints: [endpoint], access: 'all' });
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    cleanups.push(() => agent.destroy());
    await many(2_000, house.address, agent);
    house.child.kill('SIGTERM');
    // The debugger was never attached, so nothing keeps the process.
    expect(await house.exited).toBe(0);
    await until(() => house.child.stdout.readableEnded, { what: 'the end of the log' });
    const lines = house.heard.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { msg: string; request_id: string });
    const requests = lines.filter(({ msg }) => msg === 'request');
    expect(requests).toHaveLength(2_000);
    expect(new Set(requests.map((line) => line.request_id)).size).toBe(2_000);
    // One prefix for each thread.
    expect(new Set(requests.map((line) => line.request_id.split('-')[0])).size).toBe(2);
  });

  test('both follow discovery', async () => {
    const [before, after] = [await upstream((_, it) => it.end('before')), await upstream((_, it) => it.end('after'))];
    const folder = mkdtempSync(join(tmpdir(), 'outrigger-discovery-'));
    cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'users.json');
    writeFileSync(file, JSON.stringify([before]));
    const house = await start({ endpoints: [], discover: `{ file: "${file}" }` });
    expect(new Set(await many(20, house.address))).toEqual(new Set(['200 before']));
    writeFileSync(file, JSON.stringify([after]));
    await until(async () => (await house.total('outrigger_endpoint_up', { endpoint: after })) === 1, {
      what: 'a change',
    });
    await until(async () => (await many(20, house.address)).every((it) => it === '200 after'), {
      what: 'both workers',
    });
    // Counts of the endpoint that has left go with it.
    expect(await house.total('outrigger_upstream_requests_total', { endpoint: before })).toBe(0);
  });

  test('serve a unix socket, which the first has to itself, also after its death', async () => {
    const endpoint = await upstream((_, response) => response.end('ok'));
    const house = await start({ endpoints: [endpoint] });
    const speaker = await debuggerOf(house);
    const path = join(house.folder, 'data.sock');
    const ask = (): Promise<string> =>
      exchange({ path }, 'GET / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n');
    for (let i = 0; i < 5; i += 1) expect(await ask()).toMatch(/^HTTP\/1.1 200 OK/);
    const first = speaker.workers.find((name) => name.endsWith('-0')) ?? '';
    speaker.say(first, 'process.exit(1)');
    await until(async () => (await house.total('outrigger_worker_restarts_total')) === 1, { what: 'a replacement' });
    await until(async () => (await house.total('outrigger_workers')) === 2, { what: 'two workers' });
    expect(await ask()).toMatch(/^HTTP\/1.1 200 OK/);
  });

  test('lose nothing in a drain', async () => {
    const held: (() => void)[] = [];
    const endpoint = await upstream((_, response) => void held.push(() => response.end('late')));
    const house = await start({ endpoints: [endpoint] });
    const answers = many(24, house.address);
    await until(() => held.length === 24, { what: 'all requests to arrive' });
    house.child.kill('SIGTERM');
    await until(async () => (await fetch(`${house.admin}/ready`)).status === 503, { what: 'readiness to go' });
    await until(() => refuses(house.address), { what: 'the port to close' });
    for (const release of held) release();
    expect(new Set(await answers)).toEqual(new Set(['200 late']));
    expect(await house.exited).toBe(0);
    expect(house.heard.out).not.toContain('grace is over');
  });

  test('end at once at a second signal', async () => {
    const endpoint = await upstream(() => undefined);
    const house = await start({ endpoints: [endpoint] });
    const answers = Promise.allSettled([request(house.address), request(house.address)]);
    await until(async () => (await house.total('outrigger_upstream_in_flight')) === 2, { what: 'two in flight' });
    house.child.kill('SIGTERM');
    await until(() => house.heard.out.includes('"draining"'), { what: 'the drain' });
    house.child.kill('SIGTERM');
    expect(await house.exited).toBe(0);
    expect((await answers).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  test('do not share a port with another process that has it', async () => {
    const house = await start({ endpoints: ['127.0.0.1:9'] });
    const other = await start({ endpoints: ['127.0.0.1:9'], listen: house.address });
    expect(await other.exited).toBe(1);
    expect(other.heard.err).toContain(`cannot listen on ${house.address}`);
    expect(other.heard.err).toContain('EADDRINUSE');
  });
});

describe('a worker that dies', () => {
  test.each([
    ['by a fault', "setImmediate(() => { throw new Error('shot by a test') })", /shot by a test/],
    ['by its own hand', 'process.exit(3)', /ended with code 3/],
    ['out of memory', 'const all = []; for (;;) all.push(new Array(1e6).fill(all.length))', /memory/],
  ])('%s is replaced; only what it had in flight is lost', async (_, fault, cause) => {
    const held: (() => void)[] = [];
    const endpoint = await upstream((_request, response) => void held.push(() => response.end('ok')));
    const house = await start({ endpoints: [endpoint], limits: 'max_connections: 40' });
    const speaker = await debuggerOf(house);
    const answers = Promise.allSettled(Array.from({ length: 30 }, () => request(house.address)));
    await until(() => held.length === 30, { what: 'all requests to arrive' });
    const before = await house.metrics();
    speaker.say(speaker.workers[0] ?? '', fault);
    await until(async () => (await house.total('outrigger_worker_restarts_total')) === 1, { what: 'a replacement' });
    await until(async () => (await house.total('outrigger_workers')) === 2, { what: 'two workers' });
    expect(house.heard.out).toMatch(cause);
    const inFlight = await house.total('outrigger_upstream_in_flight');
    expect(inFlight).toBe(await house.total('outrigger_connections'));
    expect((await fetch(`${house.admin}/ready`)).status).toBe(200);
    for (const release of held.splice(0)) release();
    const results = await answers;
    const lost = results.filter(({ status }) => status === 'rejected').length;
    expect(lost).toBe(30 - inFlight);
    expect(lost).toBeGreaterThan(0);
    expect(lost).toBeLessThan(30);
    // The limit has forgotten the dead worker's connections, and both serve.
    const next = many(40, house.address);
    await until(() => held.length === 40, { what: 'a full house' });
    for (const release of held.splice(0)) release();
    expect(new Set(await next)).toEqual(new Set(['200 ok']));
    await until(async () => (await house.total('outrigger_connections')) === 0, { what: 'connections to close' });
    const after = await house.metrics();
    expect(neverWentBack(before, after)).toEqual([]);
    expect(sumOf(after, 'outrigger_upstream_in_flight')).toBe(0);
    expect(sumOf(after, 'outrigger_upstream_connections', { state: 'active' })).toBe(0);
    expect(sumOf(after, 'outrigger_requests_total', { status: '200' })).toBe(inFlight + 40);
  });

  test('again and again is replaced ever more slowly, and what it had counted stays', async () => {
    const endpoint = await upstream((_, response) => response.end('ok'));
    const house = await start({ endpoints: [endpoint] });
    const speaker = await debuggerOf(house);
    await many(40, house.address);
    for (let death = 1; death <= 4; death += 1) {
      await until(() => speaker.workers.length === death + 1, { what: 'the debugger to find the replacement' });
      speaker.say(speaker.workers.at(-1) ?? '', 'process.exit(1)');
      await until(async () => (await house.total('outrigger_worker_restarts_total')) === death, { what: 'another' });
      expect(await house.total('outrigger_requests_total', { status: '200' })).toBe(40);
    }
    const delays = [...house.heard.out.matchAll(/"delay_ms":(\d+)/g)].map(([, ms]) => Number(ms));
    expect(Math.max(...delays.slice(1))).toBeLessThanOrEqual(1_600);
    expect(Math.min(...delays.slice(1))).toBeGreaterThanOrEqual(50);
    expect(await house.total('outrigger_worker_restarts_total')).toBe(4);
  });
});

/** Series of counters that are lower than before, or gone. */
function neverWentBack(before: Map<string, Family>, after: Map<string, Family>): readonly string[] {
  const broken: string[] = [];
  for (const { type, samples } of before.values()) {
    if (type === 'gauge') continue;
    for (const { name, labels, value } of samples) {
      const now = after.get(name.replace(/_(bucket|sum|count)$/, ''))?.samples ?? after.get(name)?.samples ?? [];
      const match = now.find((it) => it.name === name && JSON.stringify(it.labels) === JSON.stringify(labels));
      if (match === undefined || match.value < value) broken.push(`${name}${JSON.stringify(labels)}`);
    }
  }
  return broken;
}

test('a number of workers that cannot be is refused on the command line', async () => {
  const child = spawn(process.execPath, [PROGRAM, 'sidecar', '-c', 'none.yaml', '--workers', '65']);
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    err += part;
  });
  expect(await once(child, 'exit').then(([code]: unknown[]) => code)).toBe(64);
  expect(err).toContain('--workers 65: must be a whole number from 1 to 64, or auto');
});

describe('a reload while a worker dies', () => {
  test('leaves both workers with one configuration', async () => {
    const endpoint = await upstream((_, response) => response.end('ok'));
    const house = await start({ endpoints: [endpoint] });
    const speaker = await debuggerOf(house);
    const file = join(house.folder, 'outrigger.yaml');
    const before = readFileSync(file, 'utf8');
    const reloads = async (): Promise<number> =>
      (await house.total('outrigger_config_reloads_total', { result: 'applied' })) +
      (await house.total('outrigger_config_reloads_total', { result: 'refused' }));
    const inForce = async (): Promise<string> => {
      const config = (await (await fetch(`${house.admin}/config`)).json()) as {
        listeners: { routes: { name?: string }[] }[];
      };
      return config.listeners[0]?.routes[0]?.name ?? 'routes[0]';
    };
    /** The worker in the second seat after so many deaths. */
    const second = (deaths: number): string =>
      speaker.workers.filter((it) => it.endsWith('outrigger-worker-1'))[deaths] ?? '';
    for (const [round, name] of ['one', 'two', 'three'].entries()) {
      await until(() => second(round) !== '', { what: 'the debugger to find the second worker' });
      writeFileSync(file, before.replace('[ { to: users } ]', `[ { name: ${name}, to: users } ]`));
      // About the moment in which both are asked.
      speaker.say(second(round), 'process.exit(3)');
      house.child.kill('SIGHUP');
      const isOver = async (): Promise<boolean> =>
        (await reloads()) === round + 1 &&
        (await house.total('outrigger_worker_restarts_total')) === round + 1 &&
        (await house.total('outrigger_workers')) === 2;
      await until(isOver, { what: 'the reload to end and the worker to be replaced', withinMs: 20_000 });
      const labels = { route: await inForce(), status: '200' };
      const counted = await house.total('outrigger_requests_total', labels);
      expect(new Set(await many(30, house.address))).toEqual(new Set(['200 ok']));
      const all = async (): Promise<boolean> =>
        (await house.total('outrigger_requests_total', labels)) === counted + 30;
      await until(all, { what: `30 requests of route ${labels.route}`, withinMs: 5_000 });
    }
    expect(await house.total('outrigger_config_reloads_total', { result: 'applied' })).toBeGreaterThan(0);
  });
});
