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

  test('knows how long the loop stood still, and tells at the end of the second', async () => {
    const windows: number[] = [];
    monitor = new LoopMonitor({ onWindow: (longestMs) => windows.push(longestMs) });
    standStill(150);
    await until(() => windows.length > 0, { what: 'the end of the window' });
    expect(windows[0]).toBeGreaterThan(100);
    expect(monitor.longestMs()).toBeGreaterThanOrEqual(windows[0] ?? Number.NaN);
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
