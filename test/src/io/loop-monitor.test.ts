import { afterEach, describe, expect, test, vi } from 'vitest';
import { LoopMonitor } from '../../../src/io/loop-monitor.ts';
import { until } from '../../support/until.ts';

/** Keeps the event loop from everything else. */
function standStill(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

describe('a monitor of the event loop', () => {
  let monitor: LoopMonitor | undefined;
  afterEach(() => {
    monitor?.close();
    vi.useRealTimers();
  });

  test('knows how long the loop stood still', async () => {
    const current = new LoopMonitor();
    monitor = current;
    standStill(150);
    await until(() => current.longestMs() > 100, { what: 'the end of the stand' });
  });

  test.each([
    [480, 0],
    [520, 1],
  ])('after a stand of %i ms it tells of %i long ones at the end of the second', (ms, told) => {
    vi.useFakeTimers();
    const stands: number[] = [];
    monitor = new LoopMonitor({ onStand: (longestMs) => stands.push(longestMs) });
    const now = vi.spyOn(performance, 'now').mockReturnValueOnce(performance.now() + 20 + ms);
    vi.advanceTimersByTime(20);
    now.mockRestore();
    expect(stands).toEqual([]);
    vi.advanceTimersByTime(980);
    expect(stands.map(Math.round)).toEqual([ms].slice(0, told));
    vi.advanceTimersByTime(2_000);
    expect(stands).toHaveLength(told);
  });

  test('forgets after 15 s', () => {
    vi.useFakeTimers();
    monitor = new LoopMonitor();
    vi.advanceTimersByTime(100);
    // Time goes on without the timers that were due in it.
    const later = performance.now() + 700;
    const now = vi.spyOn(performance, 'now').mockReturnValueOnce(later);
    vi.advanceTimersByTime(20);
    now.mockRestore();
    expect(monitor.longestMs()).toBeCloseTo(680, -2);
    vi.advanceTimersByTime(14_000);
    expect(monitor.longestMs()).toBeCloseTo(680, -2);
    vi.advanceTimersByTime(2_000);
    expect(monitor.longestMs()).toBeLessThan(100);
  });

  test('leaves no timer behind', () => {
    vi.useFakeTimers();
    new LoopMonitor().close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
