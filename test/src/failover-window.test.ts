import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { balancedTtlSeconds } from '../../src/answer-ttl.ts';
import {
  ANSWER_PAUSE_MS,
  type FallTiming,
  probedWindow,
  servedTtls,
  type TtlBounds,
} from '../../src/failover-window.ts';
import { observeProbe, type ProbeState } from '../../src/health.ts';
import { pauseAfterProbe } from '../../src/probe-pace.ts';

const timing = (intervalMs: number, fall: number): FallTiming => ({ intervalMs, fall });
const bounds = (minMs: number, maxMs: number): TtlBounds => ({ minMs, maxMs });

describe('the window of a probed member', () => {
  const cases: readonly (readonly [
    what: string,
    FallTiming,
    TtlBounds,
    tookMs: number,
    detection: number,
    ttl: number,
  ])[] = [
    ['refuses', timing(1_000, 3), bounds(2_000, 30_000), 0, 3_000, 2_000],
    ['is silent', timing(1_000, 3), bounds(2_000, 30_000), 500, 3_500, 2_000],
    ['has no least TTL: one interval is left', timing(1_000, 3), bounds(1_000, 30_000), 500, 3_500, 1_000],
    ['has a least TTL above all others', timing(1_000, 3), bounds(30_000, 30_000), 500, 3_500, 30_000],
    ['has a largest TTL below an interval', timing(10_000, 3), bounds(2_000, 5_000), 500, 30_500, 5_000],
    // 1.5 s before the last failed probe 3 s were served, and at the end one: whole seconds leave 1.5 s of the former.
    ['has a TTL that is rounded down', timing(1_500, 3), bounds(1_000, 30_000), 0, 4_500, 1_500],
    ['may be remembered by nobody', timing(300, 3), bounds(0, 30_000), 0, 900, 0],
    ['goes down by one probe', timing(1_000, 1), bounds(0, 30_000), 500, 1_500, 1_000],
    ['holds up the next probe', timing(1_000, 3), bounds(1_000, 30_000), 1_000, 4_200, 1_000],
  ];
  it.each(cases)('that %s', (_what, probe, ttl, tookMs, detectionMs, ttlMs) => {
    const totalMs = detectionMs + ANSWER_PAUSE_MS + ttlMs;
    expect(probedWindow(probe, ttl, tookMs)).toEqual({ detectionMs, propagationMs: ANSWER_PAUSE_MS, ttlMs, totalMs });
  });

  it('is served with a TTL that falls with each failed probe', () => {
    expect(servedTtls({ intervalMs: 10_000, fall: 3 }, bounds(15_000, 25_000))).toEqual([25, 20, 15]);
  });
});

/** A member that fails, as the probe loop and the record see it: when nobody can hold its address any more. */
function simulate(probe: FallTiming, ttl: TtlBounds, tookMs: number, next: () => number): number {
  const failedAtMs = 0;
  // The last good probe was over in no time, at or before the failure, and no longer ago than its interval.
  let startMs = failedAtMs - next() * probe.intervalMs;
  startMs += pauseAfterProbe({ intervalMs: probe.intervalMs, tookMs: 0, random: next() });
  if (startMs < failedAtMs) return 0;
  let state: ProbeState = { status: 'up', against: 0, reason: '' };
  let lastUseMs = 0;
  while (state.status === 'up') {
    const endMs = startMs + tookMs;
    const flipMs = (probe.fall - state.against) * probe.intervalMs;
    // Whoever asks just before the answer is made anew gets the TTL of before.
    const servedUntilMs = endMs + next() * ANSWER_PAUSE_MS;
    lastUseMs = Math.max(lastUseMs, servedUntilMs + balancedTtlSeconds(flipMs, ttl.minMs, ttl.maxMs) * 1_000);
    state = observeProbe(state, 'gone', { fall: probe.fall, rise: 1 });
    startMs = endMs + pauseAfterProbe({ intervalMs: probe.intervalMs, tookMs, random: next() });
  }
  return lastUseMs;
}

describe('a member that fails at any moment', () => {
  const probes = fc.record({
    intervalMs: fc.integer({ min: 50, max: 20_000 }),
    timeoutMs: fc.integer({ min: 10, max: 20_000 }),
    fall: fc.integer({ min: 1, max: 6 }),
  });
  const ttls = fc
    .tuple(fc.integer({ min: 0, max: 40_000 }), fc.integer({ min: 0, max: 40_000 }))
    .map(([a, b]) => bounds(Math.min(a, b), Math.max(a, b)));
  const chances = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }));

  it('is out of use within its window', () => {
    fc.assert(
      fc.property(probes, ttls, fc.boolean(), chances, (probe, ttl, silent, stream) => {
        const tookMs = silent ? probe.timeoutMs : 0;
        const lastUseMs = simulate(probe, ttl, tookMs, () => stream.next().value ?? 0);
        expect(lastUseMs).toBeLessThanOrEqual(probedWindow(probe, ttl, tookMs).totalMs + 1e-6);
      }),
      { numRuns: 1_000 },
    );
  });

  it('needs all of its window when chance has it so', () => {
    fc.assert(
      fc.property(probes, ttls, fc.boolean(), (probe, ttl, silent) => {
        const tookMs = silent ? probe.timeoutMs : 0;
        const draws = [0, 0];
        // No jitter anywhere, and each query comes at the last moment.
        let turn = 0;
        const lastUseMs = simulate(probe, ttl, tookMs, () => draws.shift() ?? (turn++ % 2 === 0 ? 1 : 0));
        expect(lastUseMs).toBeCloseTo(probedWindow(probe, ttl, tookMs).totalMs, 6);
      }),
    );
  });
});
