import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ExecProbe, probeByCommand } from '../../../src/io/exec-probe.ts';
import { ProbeCommands } from '../../../src/io/probe-commands.ts';
import { isAlive } from '../../support/process-usage.ts';
import { until } from '../../support/until.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'outrigger-exec-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const ENDPOINT = { id: 'node-1/web', host: '10.0.0.7', port: 8080 };
const sh = (script: string, ...args: readonly string[]): string[] => ['sh', '-c', script, ...args];

interface Asked extends Partial<Omit<ExecProbe, 'exec'>> {
  readonly port?: number;
  readonly endpoint?: typeof ENDPOINT;
}

function ask(command: string[], { port, endpoint = ENDPOINT, ...options }: Asked = {}) {
  const exec = port === undefined ? { command } : { command, port };
  const signal = new AbortController().signal;
  return probeByCommand(endpoint, {
    timeoutMs: 5_000,
    commands: new ProbeCommands().share(),
    signal,
    ...options,
    exec,
  });
}

/** Numbers of processes that a script has written, once there are `count`. */
async function pidsIn(file: string, count: number): Promise<number[]> {
  const read = (): string[] => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []);
  await until(() => read().length === count, { what: `${count} processes` });
  return read().map(Number);
}

describe('a command', () => {
  it.each([
    ['that exits with 0 is up', sh('exit 0'), { kind: 'up' }],
    ['that exits with anything else is down', sh('exit 3'), { kind: 'down', reason: 'exit 3' }],
    [
      'may say why on its standard error, in one line',
      sh('echo out; printf "\\n  disk\\tfull\\nsecond line\\n" >&2; exit 1'),
      { kind: 'down', reason: 'exit 1: disk full' },
    ],
    [
      'is quoted in part where it says too much',
      sh('head -c 1000000 /dev/zero | tr "\\0" x >&2; exit 1'),
      { kind: 'down', reason: `exit 1: ${'x'.repeat(200)}` },
    ],
    ['that is killed is down', sh('kill -SEGV $$'), { kind: 'down', reason: 'killed by SIGSEGV' }],
    ['that does not exist is down', ['/nowhere/check'], { kind: 'down', reason: 'no such command' }],
    ['that cannot be executed is down', ['/dev/null'], { kind: 'down', reason: 'the command cannot be executed' }],
    ['that says something and is well is up', sh('echo hello; echo warning >&2'), { kind: 'up' }],
    ['gets its arguments as they are, without a shell', ['printf', '%s', '$(exit 3); *'], { kind: 'up' }],
  ])('%s', async (_what, command, result) => {
    expect(await ask(command)).toEqual(result);
  });

  it('finds the endpoint in its environment, and nothing else of this process', async () => {
    process.env['OUTRIGGER_TEST_SECRET'] = 'x';
    const file = join(dir, 'env');
    const print = sh('env > "$0"', file);
    expect(await ask(print)).toEqual({ kind: 'up' });
    const set = (): string[] => readFileSync(file, 'utf8').trim().split('\n').toSorted();
    const own = (it: string) => /^(OUTRIGGER_|PATH)/.test(it);
    const expected = ['OUTRIGGER_ADDRESS=10.0.0.7', 'OUTRIGGER_ENDPOINT=node-1/web', 'OUTRIGGER_PORT=8080'];
    expect(set().filter(own)).toEqual([...expected, `PATH=${process.env['PATH']}`]);
    // What a shell adds by itself.
    expect(set().filter((it) => !own(it) && !/^(PWD|OLDPWD|SHLVL|_)=/.test(it))).toEqual([]);
    await ask(print, { port: 9 });
    expect(set()).toContain('OUTRIGGER_PORT=9');
    await ask(print, { endpoint: { ...ENDPOINT, id: 'a\0b', port: 0 } });
    expect(set().filter((it) => /PORT|ENDPOINT/.test(it))).toEqual(['OUTRIGGER_ENDPOINT=ab']);
  });

  it('is killed with all that it has started when its time is over', async () => {
    const file = join(dir, 'pids');
    const script = sh('echo $$ >> "$0"; (echo hung >&2; sleep 60) & echo $! >> "$0"; wait', file);
    expect(await ask(script, { timeoutMs: 300 })).toEqual({ kind: 'down', reason: 'timeout after 300ms: hung' });
    const pids = await pidsIn(file, 2);
    await until(() => !pids.some(isAlive), { what: 'the end of both', withinMs: 2_000 });
  });

  it('takes with it what it has left in the background, and is not waited for because of that', async () => {
    const file = join(dir, 'pids');
    const begin = performance.now();
    expect(await ask(sh('sleep 60 & echo $! >> "$0"', file))).toEqual({ kind: 'up' });
    expect(performance.now() - begin).toBeLessThan(2_000);
    const pids = await pidsIn(file, 1);
    await until(() => !pids.some(isAlive), { what: 'its end', withinMs: 2_000 });
  });

  it('is killed when it is called off', async () => {
    const file = join(dir, 'pids');
    const calling = new AbortController();
    const asked = ask(sh('echo $$ > "$0"; exec sleep 60', file), { signal: calling.signal });
    const pids = await pidsIn(file, 1);
    calling.abort();
    expect(await asked).toEqual({ kind: 'unknown', reason: 'called off' });
    await until(() => !pids.some(isAlive), { what: 'its end', withinMs: 2_000 });
    expect(await ask(sh('exit 0'), { signal: calling.signal })).toEqual({ kind: 'unknown', reason: 'called off' });
  });

  it('may be a script with an interpreter of its own', async () => {
    const file = join(dir, 'check');
    await writeFile(file, '#!/bin/sh\nexit 7\n');
    await chmod(file, 0o755);
    expect(await ask([file])).toEqual({ kind: 'down', reason: 'exit 7' });
  });
});

describe('the commands of a process', () => {
  const listeners = (): number => process.listenerCount('exit');

  it('wait for each other where they are too many, in their order', async () => {
    const commands = new ProbeCommands({ running: 2, perCluster: 2, kept: 0 }).share();
    const [go, order] = [join(dir, 'go'), join(dir, 'order')];
    const script = (name: string) => sh('echo "$1" >> "$2"; while [ ! -e "$0" ]; do sleep 0.01; done', go, name, order);
    const before = listeners();
    const asked = ['a', 'b', 'c', 'd'].map((name) => ask(script(name), { commands }));
    const seen = (): string => (existsSync(order) ? readFileSync(order, 'utf8').replaceAll('\n', '') : '');
    await until(() => seen().length === 2, { what: 'the first two' });
    expect(listeners()).toBe(before + 1);
    await writeFile(go, '');
    expect(await Promise.all(asked)).toEqual(Array.from({ length: 4 }, () => ({ kind: 'up' })));
    expect(seen().slice(0, 2).split('').toSorted().join('')).toBe('ab');
    expect(seen().slice(2).split('').toSorted().join('')).toBe('cd');
    await until(() => listeners() === before, { what: 'nothing to be left to kill' });
  });

  it('say nothing of an endpoint that they could not ask in time', async () => {
    const commands = new ProbeCommands({ running: 1, perCluster: 1, kept: 0 }).share();
    const calling = new AbortController();
    const long = ask(sh('exec sleep 60'), { commands, signal: calling.signal });
    expect(await ask(sh('exit 0'), { commands, timeoutMs: 50 })).toEqual({
      kind: 'not asked',
    });
    const waiting = ask(sh('exit 0'), { commands });
    calling.abort();
    expect([await long, await waiting]).toEqual([{ kind: 'unknown', reason: 'called off' }, { kind: 'up' }]);
  });
});
