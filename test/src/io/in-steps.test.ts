import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/io/clock.ts';
import { inSteps } from '../../../src/io/in-steps.ts';
import { type Steps, toEnd } from '../../../src/steps.ts';

/** Time passes only by what steps take and by pauses. */
function fakeTime() {
  const pauses: number[] = [];
  let nowMs = 0;
  const clock: Clock = {
    now: () => nowMs,
    after: (delayMs, action) => {
      pauses.push(delayMs);
      nowMs += delayMs;
      queueMicrotask(action);
      return () => undefined;
    },
  };
  function* work(...stepsMs: readonly number[]): Steps<string> {
    for (const ms of stepsMs) {
      nowMs += ms;
      yield;
    }
    return 'done';
  }
  return { clock, pauses, work };
}

describe('work in steps', () => {
  it.each([
    { name: 'short', stepsMs: [5, 5, 5], pauses: [] },
    { name: 'long', stepsMs: [100, 10, 10, 4, 20], pauses: [25, 5, 6] },
    { name: 'in many steps', stepsMs: Array.from({ length: 50 }, () => 1), pauses: [5, 5] },
  ])(
    'that is $name pauses for a quarter of what it has worked, 5 ms at least',
    async ({ stepsMs, pauses: expected }) => {
      const { clock, pauses, work } = fakeTime();
      expect(await inSteps(work(...stepsMs), undefined, clock)).toBe('done');
      expect(pauses).toEqual(expected);
    },
  );

  it('ends with the reason when it is called off', async () => {
    const { clock, work } = fakeTime();
    const reason = new Error('superseded');
    const all = work(30, 30);
    await expect(inSteps(all, AbortSignal.abort(reason), clock)).rejects.toBe(reason);
    expect(all.next().done).toBe(false);
  });

  it('rejects with what a step throws', async () => {
    const { clock } = fakeTime();
    function* failing(): Steps<never> {
      yield;
      throw new Error('no such zone');
    }
    await expect(inSteps(failing(), undefined, clock)).rejects.toThrow('no such zone');
  });

  it('lets other things happen in between', async () => {
    let happened = 0;
    function* work(): Steps<number> {
      const end = performance.now() + 25;
      setImmediate(() => happened++);
      while (performance.now() < end);
      yield;
      return happened;
    }
    expect(await inSteps(work())).toBe(1);
    expect(toEnd(work())).toBe(1);
  });
});
