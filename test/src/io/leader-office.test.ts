import { beforeEach, describe, expect, it } from 'vitest';
import { Office } from '../../../src/io/leader-office.ts';
import type { CommandEnd } from '../../../src/io/run-command.ts';
import type { VirtualAddress } from '../../../src/io/virtual-address.ts';
import { RecordingLog } from '../../support/recording-log.ts';

const DONE: CommandEnd = { kind: 'exited', code: 0, said: '' };
const FAILED: CommandEnd = { kind: 'exited', code: 3, said: 'no such unit' };

let steps: string[];
let ends: Map<string, PromiseWithResolvers<CommandEnd>>;
let log: RecordingLog;
let failures: string[];
let addressFailure: string | undefined;
let isGone: boolean;
let office: Office;

beforeEach(() => {
  steps = [];
  ends = new Map(['up', 'down'].map((name) => [name, Promise.withResolvers<CommandEnd>()]));
  log = new RecordingLog();
  failures = [];
  addressFailure = undefined;
  isGone = true;
  const address = {
    address: '192.0.2.10/24',
    hold: (untilMs: number) => noted(`hold ${untilMs}`, addressFailure),
    drop: () => noted('drop', isGone),
    leave: () => noted('leave', undefined),
  } as unknown as VirtualAddress;
  office = new Office({
    config: { on_acquire: ['up', 'now'], on_release: ['down'] },
    address,
    log,
    start: ([name = '', ...args], timeoutMs) => {
      steps.push([name, ...args, timeoutMs].join(' '));
      const { promise: end } = ends.get(name)!;
      return { end, gone: Promise.resolve(), kill: () => void steps.push(`kill ${name}`) };
    },
  });
});

function noted<T>(step: string, result: T): Promise<T> {
  steps.push(step);
  return Promise.resolve(result);
}

const serve = (untilMs: number) => office.serve(untilMs, (why) => void failures.push(why));

describe('the office of a leader', () => {
  it('begins with the address, then runs its command once, and does not wait for it', async () => {
    expect(await serve(1)).toBeUndefined();
    expect(await serve(2)).toBeUndefined();
    expect(steps).toEqual(['hold 1', 'up now 30000', 'hold 2']);
  });

  it('ends in the opposite order, with the command that still ran killed and its end no failure', async () => {
    await serve(1);
    steps.splice(0);
    const left = office.leave(false);
    ends.get('up')?.resolve({ kind: 'signalled', signal: 'SIGKILL', said: '' });
    ends.get('down')?.resolve(FAILED);
    expect(await left).toBe(true);
    expect(steps).toEqual(['kill up', 'drop', 'down 5000']);
    expect(failures).toEqual([]);
    expect(log.lines).toMatchObject([
      { level: 'warn', fields: { command: 'down', reason: 'ended with 3: no such unit' } },
    ]);
  });

  it('leaves the address where it is for a process that takes the place of this one', async () => {
    ends.get('up')?.resolve(DONE);
    ends.get('down')?.resolve(DONE);
    await serve(1);
    await office.leave(true);
    expect(steps.slice(-2)).toEqual(['leave', 'down 5000']);
  });

  it('tells that nobody else may have the address yet where it cannot be taken off', async () => {
    isGone = false;
    await serve(1);
    ends.get('down')?.resolve(DONE);
    expect([await office.leave(false), steps.at(-1)]).toEqual([false, 'down 5000']);
  });

  it('is refused where the address cannot come, and then nothing is run at either end', async () => {
    addressFailure = 'ip ended with 2';
    expect(await serve(1)).toBe('ip ended with 2');
    await office.leave(false);
    expect(steps).toEqual(['hold 1', 'drop']);
  });

  it('tells when its command fails', async () => {
    await serve(1);
    ends.get('up')?.resolve(FAILED);
    await expect.poll(() => failures).toEqual(['on_acquire ended with 3: no such unit']);
  });

  it('runs the command again for the next time', async () => {
    ends.get('up')?.resolve(DONE);
    ends.get('down')?.resolve(DONE);
    await serve(1);
    await office.leave(false);
    await serve(2);
    expect(steps.filter((it) => it.startsWith('up'))).toHaveLength(2);
  });
});
