import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FRESH_PACE, nextQuestion, type Pace } from '../../../src/consul/pace.ts';

/** Asks `count` times, each as soon as the last delay is over and `answerMs` have passed; returns the times of asking. */
function ask(count: number, { unchanged = false, answerMs = 0, random = 0 } = {}): number[] {
  const times: number[] = [];
  let pace: Pace = FRESH_PACE;
  let nowMs = 0;
  for (let i = 0; i < count; i += 1) {
    const next = nextQuestion(pace, { nowMs, unchanged, random });
    pace = next.pace;
    times.push(nowMs + next.delayMs);
    nowMs += next.delayMs + answerMs;
  }
  return times;
}

describe('the pace of one watch', () => {
  it('lets four changes in a row through at once, then one per 100 ms', () => {
    expect(ask(7)).toEqual([0, 0, 0, 0, 100, 200, 300]);
  });

  it('lets four through again after a quiet time', () => {
    let pace: Pace = FRESH_PACE;
    for (let i = 0; i < 20; i += 1) pace = nextQuestion(pace, { nowMs: 0, unchanged: false, random: 0 }).pace;
    const delays = [0, 0, 0, 0, 0].map(() => {
      const next = nextQuestion(pace, { nowMs: 60_000, unchanged: false, random: 0 });
      pace = next.pace;
      return next.delayMs;
    });
    expect(delays).toEqual([0, 0, 0, 0, 100]);
  });

  it('never delays answers that come 100 ms apart by themselves', () => {
    const times = ask(50, { answerMs: 100 });
    expect(times.at(-1)).toBe(4_900);
  });

  it('asks a server that answers at once and never with news no more than once a second in the end', () => {
    const times = ask(40, { unchanged: true });
    expect(times.filter((at) => at < 1_000).length).toBeLessThanOrEqual(14);
    expect(times[39]! - times[38]!).toBe(1_000);
    expect(times[39]).toBeGreaterThan(28_000);
  });

  it('is stretched by up to a tenth, so that watches do not march in step', () => {
    expect(ask(5, { random: 1 }).at(-1)).toBeCloseTo(110);
  });

  it('keeps its rate whatever happens', () => {
    const step = fc.record({
      waitMs: fc.integer({ min: 0, max: 500 }),
      unchanged: fc.boolean(),
      random: fc.double({ min: 0, max: 0.999, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let pace: Pace = FRESH_PACE;
        let nowMs = 0;
        const times: number[] = [];
        for (const { waitMs, unchanged, random } of steps) {
          nowMs += waitMs;
          const next = nextQuestion(pace, { nowMs, unchanged, random });
          pace = next.pace;
          nowMs += next.delayMs;
          times.push(nowMs);
        }
        // Any five questions in a row take one interval, less the tenth by which three of the burst may differ in length.
        return times.every((at, i) => i < 4 || at - times[i - 4]! >= 100 - 1e-6 - 30);
      }),
    );
  });
});
