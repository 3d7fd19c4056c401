import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import type { ParsedConfig } from '../../../src/config/parse-config.ts';
import type { Log } from '../../../src/io/log.ts';
import { runHouse } from '../../../src/io/process-life.ts';
import { FakeHouse } from '../../support/fake-house.ts';

/** A house that runs on emitters of the test's own, with the words it logged. */
function run() {
  const house = new FakeHouse();
  const events = new EventEmitter();
  const output = new EventEmitter();
  const words: string[] = [];
  const note = (fields: unknown, message?: string): void => {
    words.push(message ?? String(fields));
  };
  const log = { debug: note, info: note, warn: note, error: note } as unknown as Log;
  const read = (): Promise<ParsedConfig> => {
    house.calls.push('read');
    return Promise.resolve({ ok: false, problems: [] });
  };
  const ended = runHouse({ start: () => house, read, log, events, output });
  return { house, events, output, words, ended };
}

async function started() {
  const life = run();
  life.house.becomeReady();
  await expect.poll(() => life.words).toContain('started');
  return life;
}

test.each(['SIGTERM', 'SIGINT'])('%s drains, and the code is 0 once all is closed', async (signal) => {
  const { house, events, ended } = await started();
  events.emit(signal);
  expect(house.calls).toEqual(['drain']);
  house.finishDrain();
  expect(await ended).toBe(0);
});

test('a second signal closes at once', async () => {
  const { house, events, ended } = await started();
  events.emit('SIGTERM');
  events.emit('SIGINT');
  expect(house.calls).toEqual(['drain', 'close']);
  expect(await ended).toBe(0);
});

test('a drain that was asked for elsewhere ends the process as well', async () => {
  const { house, ended } = await started();
  house.admin.drain();
  house.finishDrain();
  expect(await ended).toBe(0);
});

test('a signal before the start has ended drains too', async () => {
  const { house, events, words, ended } = run();
  events.emit('SIGTERM');
  house.finishDrain();
  expect(await ended).toBe(0);
  expect(words).not.toContain('started');
});

test('a start that closes before it fails is thrown on all the same', async () => {
  const { house, ended } = run();
  const failed = house.close().then(() => house.failToStart(new Error('cannot listen on 127.0.0.1:15001')));
  await expect(ended).rejects.toThrow('cannot listen on 127.0.0.1:15001');
  await failed;
});

test('a start that is broken off by a signal is no failure', async () => {
  const { house, events, ended } = run();
  events.emit('SIGTERM');
  house.failToStart(new Error('closed before it had started'));
  expect(await ended).toBe(0);
});

test.each(['started', 'starting'])('SIGHUP reads the configuration again, %s', async (state) => {
  const { house, events, ended } = state === 'started' ? await started() : run();
  events.emit('SIGHUP');
  expect(house.calls).toEqual(['reload', 'read']);
  events.emit('SIGTERM');
  house.finishDrain();
  await ended;
});

test('an uncaught fault drains and ends with 1; another one during the drain cuts', async () => {
  const { house, events, words, ended } = await started();
  events.emit('uncaughtException', new Error('boom'));
  expect(house.calls).toEqual(['drain']);
  expect(words).toContain('uncaught fault: the process ends');
  events.emit('uncaughtException', new Error('again'));
  expect(house.calls).toEqual(['drain', 'close']);
  expect(await ended).toBe(1);
});

test('a start that fails is thrown on after everything is closed', async () => {
  const { house, ended } = run();
  house.failToStart(new Error('cannot listen on 127.0.0.1:15001'));
  await expect(ended).rejects.toThrow('cannot listen on 127.0.0.1:15001');
  expect(house.calls).toEqual(['close']);
});

test('a reader of the output that goes away ends nothing, whatever was to happen before', async () => {
  const house = new FakeHouse();
  const output = new EventEmitter();
  let former = 0;
  output.on('error', () => {
    former += 1;
  });
  const log = { debug() {}, info() {}, warn() {}, error() {} } as unknown as Log;
  const read = () => Promise.resolve({ ok: false, problems: [] } as const);
  const ended = runHouse({ start: () => house, read, log, events: new EventEmitter(), output });
  output.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  expect([former, house.calls]).toEqual([0, []]);
  await house.close();
  await ended;
  output.emit('error', new Error('write EPIPE'));
  expect(former).toBe(1);
});

test('nothing listens any more once it has ended', async () => {
  const { house, events, output, ended } = await started();
  events.emit('SIGTERM');
  house.finishDrain();
  await ended;
  expect([...events.eventNames(), ...output.eventNames()]).toEqual([]);
});

test('a loop that stood still for more than half a second is named with its length', async () => {
  const { house, words, ended } = await started();
  // The monitor needs a first look before the stand, or the stand falls before its window.
  await new Promise((resolve) => setTimeout(resolve, 50));
  const until = performance.now() + 600;
  while (performance.now() < until);
  await expect.poll(() => words, { timeout: 3_000 }).toContain('the event loop stood still');
  await house.close();
  await ended;
});
