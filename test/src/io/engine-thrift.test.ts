import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { collectAfterLoads, type EngineThrift, holdEngineBack } from '../../../src/io/engine-thrift.ts';

const HELD = ['--no-opt', '--no-maglev', '--optimize-for-size'];
const RELEASED = ['--semi-space-growth-factor=1', '--opt', '--maglev'];

let flags: string[];
let collections: number;
/** What each look from here on finds. */
let busy: number;
let thrift: EngineThrift;

beforeEach(() => {
  vi.useFakeTimers();
  flags = [];
  collections = 0;
  busy = 0;
  thrift = holdEngineBack({
    setFlag: (flag) => void flags.push(flag),
    collect: () => void collections++,
    busyShare: () => busy,
  });
  expect(flags.splice(0)).toEqual(HELD);
});

afterEach(() => {
  vi.useRealTimers();
});

/** One look each 500 ms. */
function seconds(count: number): void {
  vi.advanceTimersByTime(count * 1_000);
}

describe('before all is started', () => {
  test('a start is not work, however busy', () => {
    busy = 1;
    seconds(5);
    expect([flags, collections]).toEqual([[], 0]);
  });

  test('a start that does not end is no reason to stay slow under load', () => {
    seconds(60);
    busy = 1;
    seconds(0.5);
    expect([flags, collections]).toEqual([RELEASED, 0]);
  });
});

describe('once all is started', () => {
  beforeEach(() => {
    thrift.settle();
  });

  test('what the start has left behind is collected once', () => {
    seconds(60);
    expect(collections).toBe(1);
  });

  test('a process at rest stays small, also with bursts of probes', () => {
    for (let second = 0; second < 600; second += 2) {
      busy = 0.35;
      seconds(0.5);
      busy = 0.02;
      seconds(1.5);
    }
    expect(flags).toEqual([]);
  });

  test.each([
    { share: 1, afterMs: 500 },
    { share: 0.5, afterMs: 1_000 },
    { share: 0.3, afterMs: 2_000 },
  ])('with $share of the time spent on work the engine is released within $afterMs ms', ({ share, afterMs }) => {
    busy = share;
    vi.advanceTimersByTime(afterMs - 1);
    expect(flags).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(flags).toEqual(RELEASED);
  });

  test('it is released once, and nothing looks any more', () => {
    busy = 1;
    seconds(10);
    thrift.release();
    thrift.settle();
    expect([flags, collections, vi.getTimerCount()]).toEqual([RELEASED, 1, 0]);
  });
});

test('with much to load every load is followed by a collection', () => {
  let collected = 0;
  const loads = collectAfterLoads(() => {
    collected += 1;
  });
  loads.settle();
  loads.reloaded();
  loads.release();
  expect(collected).toBe(2);
});

test('a real engine takes the flags, and the collection leaves no `gc` behind', () => {
  vi.useRealTimers();
  const real = holdEngineBack();
  try {
    real.settle();
    expect(globalThis).not.toHaveProperty('gc');
  } finally {
    real.release();
  }
});
