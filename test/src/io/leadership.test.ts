import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LeaderConfig } from '../../../src/config/root.ts';
import type { LockReading } from '../../../src/consul/lock-entry.ts';
import type { HoldResult } from '../../../src/io/consul-lock.ts';
import { Leadership } from '../../../src/io/leadership.ts';
import type { LockEntry } from '../../../src/leader.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { RecordingLog } from '../../support/recording-log.ts';

const CONFIG: LeaderConfig = { consul_lock: 'edge/leader', session_ttl: 10_000, lock_delay: 1_000 };
const HELD: HoldResult = { kind: 'held', session: 'ours' };

let clock: FakeClock;
let log: RecordingLog;
/** Everything that is asked of lock and office, in order. */
let calls: string[];
let entry: LockEntry | undefined;
let answer: (cut: AbortSignal) => Promise<HoldResult>;
let tell: (reading: LockReading) => void;
let office: { failure: string | undefined; obstacle: string | undefined; fail: (why: string) => void };
/** Resolves when all that goes with the office is done, to whether another may have it at once. */
let left: Promise<boolean>;
let leadership: Leadership;
let obstacles: readonly string[];

beforeEach(() => {
  clock = new FakeClock();
  log = new RecordingLog();
  calls = [];
  entry = undefined;
  obstacles = [];
  left = Promise.resolve(true);
  answer = () => Promise.resolve(HELD);
  office = { failure: undefined, obstacle: undefined, fail: () => undefined };
  leadership = candidate(CONFIG);
});

function candidate(config: LeaderConfig): Leadership {
  return new Leadership({
    config,
    holder: 'edge-1',
    place: 'here',
    log,
    clock,
    random: () => 0.5,
    lock: {
      watch: (_timing, onReading) => {
        tell = onReading;
        return { close: () => void calls.push('unwatch') };
      },
      look: () => noted('look', Promise.resolve(entry)),
      claim: (cut, options) => {
        const time = options?.atLeastMs ?? 0;
        const words = [options?.ready === false ? ' unready' : '', time === 0 ? '' : ` for ${time}`];
        return noted(`claim${words.join('')}`, answer(cut));
      },
      ask: () => noted('ask', Promise.resolve()),
      renew: (cut, ready) => noted(ready === false ? 'renew unready' : 'renew', answer(cut)),
      evict: (session) => noted(`evict ${session}`, Promise.resolve()),
      release: (heir) => noted(heir === undefined ? 'release' : `release to ${heir}`, Promise.resolve()),
    },
    office: {
      address: '192.0.2.10/24',
      get obstacle() {
        return office.obstacle;
      },
      prepare: () => Promise.resolve(),
      clear: () => Promise.resolve(),
      serve: (untilMs, onFailure) => {
        office.fail = onFailure;
        return noted(`serve until ${untilMs}`, Promise.resolve(office.failure));
      },
      leave: (toHeir) => noted(toHeir ? 'leave to an heir' : 'leave', left),
    },
  });
}

afterEach(() => leadership.close());

function noted<T>(call: string, result: T): T {
  calls.push(call);
  return result;
}

/** What has been called since the last time, once nothing happens any more. */
async function since(): Promise<string[]> {
  for (let i = 0; i < 5; i += 1) await setImmediate();
  return calls.splice(0);
}

async function pass(ms: number): Promise<string[]> {
  clock.advance(ms);
  return since();
}

const theirs = (beat: string, parts: Partial<LockEntry> = {}): LockEntry => ({
  beat,
  session: 'theirs',
  writer: 'theirs',
  holder: 'edge-2',
  released: false,
  ttlMs: undefined,
  leftToUs: false,
  ready: true,
  wanted: false,
  ...parts,
});

function show(next: LockEntry | undefined): void {
  entry = next;
  tell({ kind: 'value', value: next });
}

describe('a candidate', () => {
  it('claims a lock that nobody holds, and serves for as long as others wait', async () => {
    leadership.start(() => obstacles);
    expect(await since()).toEqual(['look', 'look', 'claim', 'serve until 11000']);
    expect(leadership.status).toMatchObject({ leading: true, holder: 'edge-1', changes: 1, renewalAgeMs: 0 });
    expect(await pass(3_334)).toEqual(['renew', 'serve until 14334']);
    expect(log.messages('info', 'warn', 'error')).toEqual(['leads']);
  });

  it('leaves a lease in peace, and evicts the leader once it is over', async () => {
    entry = theirs('b1');
    leadership.start(() => obstacles);
    expect(await since()).toEqual(['look']);
    expect(leadership.status).toMatchObject({ leading: false, holder: 'edge-2', changes: 0 });
    expect(await pass(9_000)).toEqual([]);
    show(theirs('b2'));
    expect(await pass(9_999)).toEqual([]);
    expect(await pass(1)).toEqual(['look', 'evict theirs']);
    show(theirs('b2', { session: undefined }));
    expect(await pass(999)).toEqual([]);
    expect(await pass(1)).toEqual(['look', 'claim', 'serve until 31000']);
  });

  it('evicts nobody of whom it only has not heard', async () => {
    entry = theirs('b1');
    leadership.start(() => obstacles);
    await since();
    entry = theirs('b2');
    expect(await pass(10_000)).toEqual(['look']);
    expect(await pass(9_999)).toEqual([]);
    expect(await pass(1)).toEqual(['look', 'evict theirs']);
  });

  it('takes over at once from a leader that gives the lock back', async () => {
    entry = theirs('b1');
    leadership.start(() => obstacles);
    await since();
    show(theirs('b2', { session: undefined, released: true }));
    expect(await since()).toEqual(['look', 'claim', 'serve until 11000']);
  });

  it('waits for a leader as long as that says, and is waited for as long where it takes its place', async () => {
    entry = theirs('b1', { ttlMs: 60_000 });
    leadership.start(() => obstacles);
    await since();
    expect(await pass(59_999)).toEqual([]);
    show(theirs('b2', { session: undefined, ttlMs: 60_000, leftToUs: true }));
    expect(await since()).toEqual(['look', 'claim for 60000', 'serve until 70999']);
  });

  it('does not hurry where there is no lock delay', async () => {
    leadership = candidate({ ...CONFIG, lock_delay: 0 });
    entry = theirs('b1');
    leadership.start(() => obstacles);
    await since();
    expect(await pass(10_000)).toEqual(['look', 'evict theirs']);
    expect(await pass(249)).toEqual([]);
    expect(await pass(1)).toEqual(['look', 'evict theirs']);
  });

  it('that is not ready lets others go first, and says so when it leads', async () => {
    obstacles = ['required cluster users has no endpoint up'];
    entry = theirs('b1', { session: undefined, released: true });
    leadership.start(() => obstacles);
    expect(await since()).toEqual(['look']);
    expect(await pass(2_999)).toEqual([]);
    expect(await pass(1)).toEqual(['look', 'claim unready', 'serve until 14000']);
  });

  it('asks a leader for the lead that is not ready, once for each time that it says so', async () => {
    entry = theirs('b1', { ready: false });
    leadership.start(() => obstacles);
    expect(await since()).toEqual(['look', 'look', 'ask']);
    show(theirs('b1', { ready: false, wanted: true }));
    expect(await pass(5_000)).toEqual([]);
    show(theirs('b2', { ready: false }));
    expect(await since()).toEqual(['look', 'ask']);
    expect(log.messages('info')).toEqual(Array(2).fill('asks for the lead: the leader is not ready'));
  });

  it('claims again, four times a second, while it is refused', async () => {
    answer = () => Promise.resolve({ kind: 'refused' });
    leadership.start(() => obstacles);
    expect(await since()).toEqual(['look', 'look', 'claim']);
    expect(await pass(249)).toEqual([]);
    expect(await pass(1)).toEqual(['look', 'claim']);
  });
});

describe('a leader', () => {
  beforeEach(async () => {
    leadership.start(() => obstacles);
    await since();
  });

  it.each<[why: string, result: HoldResult]>([
    ['another holds the lock', { kind: 'refused' }],
    ['its session was ended by another', { kind: 'session gone' }],
  ])('leaves at once when %s', async (why, result) => {
    answer = () => Promise.resolve(result);
    show(theirs('b9'));
    expect(await since()).toEqual(['renew', 'leave', 'look']);
    expect(log.lines.at(-1)).toMatchObject({ level: 'warn', message: 'leads no more', fields: { why } });
    expect(leadership.status).toMatchObject({ leading: false, holder: 'edge-2', changes: 2 });
  });

  it('keeps its lead over failures, asks more often, and leaves before others may claim', async () => {
    answer = () => Promise.reject(new Error('connection refused'));
    for (let ms = 0; ms < 7_800; ms += 100) await pass(100);
    expect(calls.filter((it) => it === 'leave')).toEqual([]);
    expect(leadership.status).toMatchObject({ leading: true, failure: 'connection refused' });
    expect(await pass(100)).toContain('leave');
    expect(leadership.status.leading).toBe(false);
    expect(log.messages('warn')).toEqual(['the lock in consul cannot be reached, trying again', 'leads no more']);
  });

  it('leaves at the end of its lease, also when an answer is still awaited', async () => {
    answer = () => new Promise(() => {});
    expect(await pass(3_334)).toEqual(['renew']);
    expect(await pass(4_565)).toEqual([]);
    expect(await pass(1)).toEqual(['leave']);
  });

  it('comes back when Consul does and nobody has claimed', async () => {
    answer = () => Promise.reject(new Error('connection refused'));
    for (let ms = 0; ms < 9_000; ms += 100) await pass(100);
    answer = () => Promise.resolve(HELD);
    entry = theirs('b1', { session: 'ours', writer: 'ours' });
    expect((await pass(1_000)).slice(-2)).toEqual(['claim', 'serve until 21000']);
    expect(leadership.status).toMatchObject({ leading: true, changes: 3 });
  });

  it('says within a second that it is not ready, and that it is again', async () => {
    obstacles = ['required cluster users has no endpoint up'];
    expect(await pass(999)).toEqual([]);
    expect(await pass(1)).toEqual(['renew unready', 'serve until 12000']);
    obstacles = [];
    expect(await pass(500)).toEqual([]);
    office.obstacle = 'interface eth0 is down';
    expect(await pass(1_000)).toEqual([]);
    office.obstacle = undefined;
    await pass(500);
    expect(await pass(500)).toEqual(['renew', 'serve until 14500']);
  });

  it('yields to a candidate that is ready, and stands aside for one TTL', async () => {
    show(theirs('b2', { session: 'ours', wanted: true }));
    expect(await pass(2_000)).toEqual([]);
    office.obstacle = 'interface eth0 is down';
    expect(await pass(1_000)).toEqual(['leave', 'release']);
    expect(log.lines.at(-1)).toMatchObject({ level: 'warn', fields: { reasons: ['interface eth0 is down'] } });
    entry = undefined;
    expect(await pass(9_999)).toEqual([]);
    expect(await pass(1)).toContain('claim unready');
  });

  it('gives the lock back where it cannot do its duty, and lets others go first', async () => {
    office.fail('on_acquire ended with 1');
    expect(await since()).toEqual(['leave', 'release']);
    expect(log.messages('error')).toEqual(['cannot do what a leader has to, giving the lock back']);
    expect(await pass(9_999)).toEqual([]);
    expect(await pass(1)).toContain('claim');
  });

  it.each<[when: string, end: (answered: PromiseWithResolvers<HoldResult>) => void]>([
    ['called off', ({ reject }) => reject(new Error('aborted'))],
    ['answered all the same', ({ resolve }) => resolve(HELD)],
  ])('gives the lock back for good while a renewal is under way that is %s', async (_when, end) => {
    const answered = Promise.withResolvers<HoldResult>();
    answer = (cut) => {
      cut.addEventListener('abort', () => end(answered));
      return answered.promise;
    };
    expect(await pass(3_334)).toEqual(['renew']);
    office.fail('on_acquire ended with 1');
    expect(await since()).toEqual(['leave', 'release']);
    answer = () => Promise.resolve(HELD);
    expect(await pass(9_999)).toEqual([]);
    expect(await pass(1)).toContain('claim');
  });

  it('that has come back does not serve when its lease was over before it had left the office', async () => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    left = promise;
    answer = () => Promise.resolve({ kind: 'refused' });
    show(theirs('b9', { session: undefined, released: true }));
    await since();
    answer = () => Promise.resolve(HELD);
    expect(await pass(250)).toEqual(['look', 'claim']);
    expect(await pass(7_900)).toEqual([]);
    answer = () => new Promise(() => {});
    resolve(true);
    expect(await since()).not.toContainEqual(expect.stringContaining('serve'));
  });

  it('does not give the lock back while the address may still be there', async () => {
    left = Promise.resolve(false);
    office.fail('on_acquire ended with 1');
    expect(await since()).toEqual(['leave']);
    await leadership.resign();
    expect(calls).toEqual(['unwatch']);
  });

  it('leaves all to the process that takes its place', async () => {
    await leadership.handOver();
    expect(calls).toEqual(['unwatch', 'leave to an heir', 'release to here']);
    await leadership.close();
    expect(calls).toHaveLength(3);
  });

  it('leaves its office before it gives the lock back, and stands no more', async () => {
    await leadership.resign();
    expect(calls).toEqual(['unwatch', 'leave', 'release']);
    calls.splice(0);
    expect(await pass(60_000)).toEqual([]);
    await leadership.close();
    expect(calls).toEqual([]);
  });
});
