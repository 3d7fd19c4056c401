import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { longestCycleMs, pauseAfterProbe } from '../../src/probe-pace.ts';

describe('the pause after a probe', () => {
  it.each([
    ['that took no time', { intervalMs: 1_000, tookMs: 0, random: 0 }, 1_000],
    ['that took half of the interval', { intervalMs: 1_000, tookMs: 500, random: 0 }, 500],
    ['with all of the jitter', { intervalMs: 1_000, tookMs: 500, random: 1 }, 400],
    ['that took nearly all of the interval', { intervalMs: 1_000, tookMs: 950, random: 0 }, 100],
    ['that took longer than the interval', { intervalMs: 1_000, tookMs: 5_000, random: 0.5 }, 100],
  ])('%s', (_what, ended, pauseMs) => {
    expect(pauseAfterProbe(ended)).toBeCloseTo(pauseMs, 9);
  });

  it('never makes a cycle longer than the longest, nor shorter than nine tenths of the interval', () => {
    const durations = fc.integer({ min: 0, max: 60_000 });
    const ended = fc.record({
      intervalMs: fc.integer({ min: 50, max: 600_000 }),
      tookMs: durations,
      random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    });
    fc.assert(
      fc.property(ended, (probe) => {
        const cycleMs = probe.tookMs + pauseAfterProbe(probe);
        expect(cycleMs).toBeLessThanOrEqual(longestCycleMs(probe.intervalMs, probe.tookMs) + 1e-6);
        expect(cycleMs).toBeGreaterThanOrEqual(probe.intervalMs * 0.9 - 1e-6);
      }),
    );
  });
});
