import { readFileSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cleanups } from '../support/cleanups.ts';
import type { Program } from '../support/program.ts';
import { type Family, sumOf } from '../support/prometheus-text.ts';
import {
  debugWorkers,
  many,
  request,
  startDebuggedWorkers,
  startEndpoint,
  type TwoWorkersOptions,
} from '../support/two-workers.ts';
import { until } from '../support/until.ts';

const closes = cleanups();
const upstream = async (answer: RequestListener): Promise<string> => closes(await startEndpoint(answer)).address;
const startDebugged = async (options: TwoWorkersOptions): Promise<Program> =>
  closes(await startDebuggedWorkers(options));

describe('a worker that dies', () => {
  test.each([
    ['by a fault', "setImmediate(() => { throw new Error('shot by a test') })", /shot by a test/],
    ['by its own hand', 'process.exit(3)', /ended with code 3/],
    ['out of memory', 'const all = []; for (;;) all.push(new Array(1e6).fill(all.length))', /memory/],
  ])('%s is replaced; only what it had in flight is lost', async (_, fault, cause) => {
    const held: (() => void)[] = [];
    const endpoint = await upstream((_request, response) => void held.push(() => response.end('ok')));
    const house = await startDebugged({ endpoints: [endpoint], limits: 'max_connections: 40' });
    const speaker = closes(await debugWorkers(house));
    const answers = Promise.allSettled(Array.from({ length: 30 }, () => request(house.address('outbound'))));
    await until(() => held.length === 30, { what: 'all requests to arrive' });
    const before = await house.metrics();
    speaker.say(speaker.workers[0] ?? '', fault);
    await until(async () => (await house.total('outrigger_worker_restarts_total')) === 1, { what: 'a replacement' });
    await until(async () => (await house.total('outrigger_workers')) === 2, { what: 'two workers' });
    expect(house.output).toMatch(cause);
    const inFlight = await house.total('outrigger_upstream_in_flight');
    expect(inFlight).toBe(await house.total('outrigger_connections'));
    expect((await fetch(`http://${house.address('admin')}/ready`)).status).toBe(200);
    for (const release of held.splice(0)) release();
    const results = await answers;
    const lost = results.filter(({ status }) => status === 'rejected').length;
    expect(lost).toBe(30 - inFlight);
    expect(lost).toBeGreaterThan(0);
    expect(lost).toBeLessThan(30);
    await until(async () => (await house.total('outrigger_connections')) === 0, { what: 'the answered ones to close' });
    // The limit has forgotten the dead worker's connections, and both serve.
    const next = many(40, house.address('outbound'));
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
    const house = await startDebugged({ endpoints: [endpoint] });
    const speaker = closes(await debugWorkers(house));
    await many(40, house.address('outbound'));
    for (let death = 1; death <= 4; death += 1) {
      await until(() => speaker.workers.length === death + 1, { what: 'the debugger to find the replacement' });
      speaker.say(speaker.workers.at(-1) ?? '', 'process.exit(1)');
      await until(async () => (await house.total('outrigger_worker_restarts_total')) === death, { what: 'another' });
      expect(await house.total('outrigger_requests_total', { status: '200' })).toBe(40);
    }
    const delays = [...house.output.matchAll(/"delay_ms":(\d+)/g)].map(([, ms]) => Number(ms));
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

describe('a reload while a worker dies', () => {
  test('leaves both workers with one configuration', async () => {
    const endpoint = await upstream((_, response) => response.end('ok'));
    const house = await startDebugged({ endpoints: [endpoint] });
    const speaker = closes(await debugWorkers(house));
    const file = join(house.folder, 'outrigger.yaml');
    const before = readFileSync(file, 'utf8');
    const reloads = async (): Promise<number> =>
      (await house.total('outrigger_config_reloads_total', { result: 'applied' })) +
      (await house.total('outrigger_config_reloads_total', { result: 'refused' }));
    const inForce = async (): Promise<string> => {
      const config = (await (await fetch(`http://${house.address('admin')}/config`)).json()) as {
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
      expect(new Set(await many(30, house.address('outbound')))).toEqual(new Set(['200 ok']));
      const all = async (): Promise<boolean> =>
        (await house.total('outrigger_requests_total', labels)) === counted + 30;
      await until(all, { what: `30 requests of route ${labels.route}`, withinMs: 5_000 });
    }
    expect(await house.total('outrigger_config_reloads_total', { result: 'applied' })).toBeGreaterThan(0);
  });
});
