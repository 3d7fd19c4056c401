import { expect, it } from 'vitest';
import { realClock } from '../../../src/io/clock.ts';

it('never calls before the delay is over, by its own time', async () => {
  const early: number[] = [];
  const waits = Array.from({ length: 100 }, async (_, index) => {
    const delayMs = 5 + index / 7;
    const dueMs = realClock.now() + delayMs;
    await new Promise<void>((resolve) => realClock.after(delayMs, resolve));
    if (realClock.now() < dueMs) early.push(delayMs);
  });
  await Promise.all(waits);
  expect(early).toEqual([]);
});

it('does not call what was called off', async () => {
  let calls = 0;
  const cancel = realClock.after(1, () => calls++);
  cancel();
  await new Promise<void>((resolve) => realClock.after(5, resolve));
  expect(calls).toBe(0);
});
