import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { requireConsul } from '../../scripts/consul.ts';
import { describeWithConsul, startConsul } from '../support/consul.ts';
import { until } from '../support/until.ts';

const PROGRAM = resolve(import.meta.dirname, '../../cli/main.ts');
const DEMO_MS = 90_000;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Everything the demo needs of its surroundings, with a temporary folder of its own to look into afterwards. */
function surroundings(consul?: string) {
  const folder = mkdtempSync(join(tmpdir(), 'outrigger-demo-test-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  const temporary = mkdtempSync(join(folder, 'tmp-'));
  const bin = mkdtempSync(join(folder, 'bin-'));
  if (consul !== undefined) symlinkSync(consul, join(bin, 'consul'));
  const clean = Object.entries(process.env).filter(([name]) => !name.startsWith('CONSUL_') && name !== 'PATH');
  const path = (process.env['PATH'] ?? '').split(delimiter);
  const env = { ...Object.fromEntries(clean), TMPDIR: temporary, PATH: [bin, ...path].join(delimiter) };
  return { env, temporary };
}

function startDemo(env: NodeJS.ProcessEnv, ...args: string[]) {
  const child = spawn(process.execPath, [PROGRAM, 'demo', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  cleanups.push(() => end(child));
  const heard = { text: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => {
      heard.text += part;
    });
  }
  return { child, heard, exited: once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]> };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}

/** Resolves once the demo has said `words`; a demo that ends before it has fails with all that it did say. */
async function untilHeard({ child, heard }: ReturnType<typeof startDemo>, words: string): Promise<void> {
  const said = (): boolean => heard.text.includes(words);
  await until(() => said() || child.exitCode !== null, { what: words, withinMs: 40_000 });
  expect(heard.text).toContain(words);
}

/** Ids of the processes that the demo said it started. */
function pidsIn(text: string): number[] {
  return [...text.matchAll(/ pid (\d+) /g)].map(([, pid]) => Number(pid));
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function expectNothingLeft(text: string, temporary: string): Promise<void> {
  const pids = pidsIn(text);
  expect(pids.length).toBeGreaterThanOrEqual(6);
  await until(() => !pids.some(runs), { what: 'every process of the demo to be gone', withinMs: 5_000 });
  expect(readdirSync(temporary)).toEqual([]);
}

const CLAIMS = [
  'ok  every instance has users',
  'ok  0 users go elsewhere through the other balancer',
  'users that lost their instance were re-homed',
  'ok  0 users of the surviving instances moved',
  'ok  1,000 of 1,000 users are at home again',
  'ok  the DNS answer changed after',
  'All of it held',
];

describe('the demo without Consul', () => {
  test('shows all it claims, ends with 0 and leaves nothing behind', { timeout: DEMO_MS }, async () => {
    const { env, temporary } = surroundings();
    const { heard, exited } = startDemo(withoutConsulOnPath(env), '--once');
    const [code] = await exited;
    expect(heard.text).toContain('Starting, with discovery by file and static lists');
    for (const claim of CLAIMS) expect(heard.text).toContain(claim);
    expect(heard.text.match(/ok {2}0 of [\d,]+ requests failed/g)).toHaveLength(2);
    expect(heard.text).not.toContain('NOT ');
    expect(heard.text).not.toContain('\u001b');
    expect(code).toBe(0);
    await expectNothingLeft(heard.text, temporary);
  });
});

describeWithConsul('the demo with a consul on PATH', () => {
  test('starts an agent of its own, shows all it claims and leaves nothing behind', { timeout: DEMO_MS }, async () => {
    const { env, temporary } = surroundings(await requireConsul());
    const { heard, exited } = startDemo(env, '--once');
    const [code] = await exited;
    expect(heard.text).toContain("Starting, with discovery by Consul: a development agent of the demo's own");
    for (const claim of CLAIMS) expect(heard.text).toContain(claim);
    expect(heard.text).not.toContain('NOT ');
    expect(code).toBe(0);
    await expectNothingLeft(heard.text, temporary);
  });
});

describeWithConsul('the demo with the Consul at CONSUL_HTTP_ADDR', () => {
  const title =
    'uses it, ends on Ctrl-C in the middle of a scene with 1, and leaves neither process nor service behind';
  test(title, { timeout: DEMO_MS }, async () => {
    const consul = await startConsul();
    cleanups.push(() => consul.stop());
    const { env, temporary } = surroundings();
    const demo = startDemo({ ...withoutConsulOnPath(env), CONSUL_HTTP_ADDR: consul.address });
    const { child, heard, exited } = demo;
    await untilHeard(demo, 'kill -9 users-2');
    expect(heard.text).toContain(`Starting, with discovery by Consul at ${consul.address} (CONSUL_HTTP_ADDR)`);
    expect(Object.keys((await consul.get('/v1/agent/services')) as object)).toHaveLength(5);
    child.kill('SIGINT');
    expect(await exited).toEqual([1, null]);
    expect(heard.text).toContain('ended before all was shown');
    await expectNothingLeft(heard.text, temporary);
    expect(await consul.get('/v1/agent/services')).toEqual({});
  });
});

describe('the demo with a Consul that cannot serve it', () => {
  test.each([
    ['does not answer', 'http://127.0.0.1:1', 'it does not answer'],
    ['is on another machine', 'http://192.0.2.1:8500', 'it is on another machine'],
  ])('says so when it %s, and goes on with files', { timeout: DEMO_MS }, async (_what, address, words) => {
    const { env, temporary } = surroundings();
    const demo = startDemo({ ...withoutConsulOnPath(env), CONSUL_HTTP_ADDR: address });
    const { child, heard, exited } = demo;
    await untilHeard(demo, 'Try it');
    expect(heard.text).toContain(`not using the Consul at ${address}: ${words}`);
    expect(heard.text).toContain('discovery by file and static lists');
    child.kill('SIGTERM');
    await exited;
    await expectNothingLeft(heard.text, temporary);
  });
});

/** A machine may have a consul of its own; the demo would find it. */
function withoutConsulOnPath(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const path = (env['PATH'] ?? '').split(delimiter).filter((folder) => !holdsConsul(folder));
  return { ...env, PATH: path.join(delimiter) };
}

function holdsConsul(folder: string): boolean {
  try {
    return readdirSync(folder).includes('consul');
  } catch {
    return false;
  }
}
