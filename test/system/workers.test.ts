/** Several workers in the real program: one process to its clients and to whoever watches it, whichever thread serves. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Agent, type RequestListener } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cleanups } from '../support/cleanups.ts';
import { Program } from '../support/program.ts';
import { seriesValue, sumOf } from '../support/prometheus-text.ts';
import { exchange } from '../support/raw-http.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import {
  debugWorkers,
  many,
  request,
  startDebuggedWorkers,
  startEndpoint,
  startTwoWorkers,
  type TwoWorkersOptions,
  twoWorkersYaml,
} from '../support/two-workers.ts';
import { until } from '../support/until.ts';

const closes = cleanups();
const upstream = async (answer: RequestListener): Promise<string> => closes(await startEndpoint(answer)).address;
const start = async (options: TwoWorkersOptions): Promise<Program> => closes(await startTwoWorkers(options));
const startDebugged = async (options: TwoWorkersOptions): Promise<Program> =>
  closes(await startDebuggedWorkers(options));

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

async function open(address: string): Promise<Socket> {
  const [host = '', port] = address.split(':');
  const socket = connect({ host, port: Number(port) });
  socket.on('error', () => undefined);
  closes({ close: () => socket.destroy() });
  await once(socket, 'connect');
  return socket;
}

describe('two workers', () => {
  test('both serve, and the metrics are those of the process', async () => {
    const endpoint = await upstream((_, response) => response.end('ok'));
    const house = await start({ endpoints: [endpoint] });
    expect(new Set(await many(60, house.address('outbound')))).toEqual(new Set(['200 ok']));
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
    const asked: Promise<unknown>[] = [];
    // One after the other: the first that is held at the slow endpoint keeps every later one of both workers away.
    while (held.length === 0) {
      const before = answers.length;
      asked.push(request(house.address('outbound')).then((answer) => answers.push(answer)));
      await until(() => held.length === 1 || answers.length > before, { what: 'an answer, or a request to be held' });
    }
    for (let i = 0; i < 30; i += 1) answers.push(await request(house.address('outbound')));
    expect(new Set(answers)).toEqual(new Set(['200 quick']));
    expect(held).toHaveLength(1);
    expect(await house.total('outrigger_upstream_in_flight', { endpoint: slow })).toBe(1);
    for (const release of held) release();
    await Promise.all(asked);
    await until(async () => (await house.total('outrigger_upstream_in_flight')) === 0, { what: 'nothing in flight' });
  });

  test('bound the connections of the process and of a client', async () => {
    const endpoint = await upstream((_, response) => response.end('ok'));
    const house = await start({ endpoints: [endpoint], limits: 'max_connections_per_client: 7' });
    const sockets: Socket[] = [];
    for (let i = 0; i < 7; i += 1) sockets.push(await open(house.address('outbound')));
    await until(async () => (await house.total('outrigger_connections')) === 7, { what: 'seven connections' });
    for (let i = 0; i < 8; i += 1) expect(await request(house.address('outbound'))).toMatch(/^503 /);
    expect(await house.total('outrigger_limit_exceeded_total', { limit: 'max_connections_per_client' })).toBe(8);
    for (const socket of sockets) socket.destroy();
    await until(async () => (await house.total('outrigger_connections')) === 0, { what: 'connections to close' });
    expect(await request(house.address('outbound'))).toBe('200 ok');
  });

  test('write whole access lines, one for each request', async () => {
    const endpoint = await upstream((_, response) => response.end('ok'));
    const house = await start({ endpoints: [endpoint], access: 'all' });
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    closes({ close: () => agent.destroy() });
    await many(2_000, house.address('outbound'), agent);
    house.child.kill('SIGTERM');
    // The debugger was never attached, so nothing keeps the process.
    expect(await house.exited).toBe(0);
    await until(() => house.child.stdout?.readableEnded === true, { what: 'the end of the log' });
    const lines = house.output
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
    const file = join(closes(temporaryFolder()).path, 'users.json');
    writeFileSync(file, JSON.stringify([before]));
    const house = await start({ endpoints: [], discover: `{ file: "${file}" }` });
    expect(new Set(await many(20, house.address('outbound')))).toEqual(new Set(['200 before']));
    writeFileSync(file, JSON.stringify([after]));
    await until(async () => (await house.total('outrigger_endpoint_up', { endpoint: after })) === 1, {
      what: 'a change',
    });
    await until(async () => (await many(20, house.address('outbound'))).every((it) => it === '200 after'), {
      what: 'both workers',
    });
    // Counts of the endpoint that has left go with it.
    expect(await house.total('outrigger_upstream_requests_total', { endpoint: before })).toBe(0);
  });

  test('serve a unix socket, which the first has to itself, also after its death', async () => {
    const endpoint = await upstream((_, response) => response.end('ok'));
    const path = join(closes(temporaryFolder()).path, 'data.sock');
    const house = await startDebugged({ endpoints: [endpoint], socket: path });
    const speaker = closes(await debugWorkers(house));
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
    const answers = many(24, house.address('outbound'));
    await until(() => held.length === 24, { what: 'all requests to arrive' });
    house.child.kill('SIGTERM');
    await until(async () => (await fetch(`http://${house.address('admin')}/ready`)).status === 503, {
      what: 'readiness to go',
    });
    await until(() => refuses(house.address('outbound')), { what: 'the port to close' });
    for (const release of held) release();
    expect(new Set(await answers)).toEqual(new Set(['200 late']));
    expect(await house.exited).toBe(0);
    expect(house.output).not.toContain('grace is over');
  });

  test('end at once at a second signal', async () => {
    const endpoint = await upstream(() => undefined);
    const house = await start({ endpoints: [endpoint] });
    const answers = Promise.allSettled([request(house.address('outbound')), request(house.address('outbound'))]);
    await until(async () => (await house.total('outrigger_upstream_in_flight')) === 2, { what: 'two in flight' });
    house.child.kill('SIGTERM');
    await until(() => house.output.includes('"draining"'), { what: 'the drain' });
    house.child.kill('SIGTERM');
    expect(await house.exited).toBe(0);
    expect((await answers).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  test('do not share a port with another process that has it', async () => {
    const house = await start({ endpoints: ['127.0.0.1:9'] });
    const yaml = twoWorkersYaml({ endpoints: ['127.0.0.1:9'], listen: house.address('outbound') });
    const other = closes(new Program('sidecar', yaml));
    expect(await other.exited).toBe(1);
    expect(other.output).toContain(`cannot listen on ${house.address('outbound')}`);
    expect(other.output).toContain('EADDRINUSE');
  });
});

test('a number of workers that cannot be is refused on the command line', async () => {
  const program = closes(new Program('sidecar', '', ['--workers', '65']));
  expect(await program.exited).toBe(64);
  expect(program.output).toContain('--workers 65: must be a whole number from 1 to 64, or auto');
});
