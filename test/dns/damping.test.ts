import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Damped, type DampingRule, damp, heldMs, isForgotten, penaltyAt, UNDAMPED } from '../../dns/damping.ts';

/** Held from two losses within 3.6 s on, and then for 20 s at least. */
const RULE: DampingRule = { halfLifeMs: 5_000, suppress: 1_600, reuse: 100, maxHoldMs: 60_000 };

/** Milliseconds since the step before, and what is seen then. */
type Step = readonly [afterMs: number, isUp: boolean];

interface Seen {
  readonly state: Damped;
  readonly nowMs: number;
  /** Up and not held. */
  readonly isAnswered: boolean;
}

/** What is to be seen at each step, beginning with a member that is up. */
function run(steps: readonly Step[], rule = RULE): readonly Seen[] {
  let state = damp(UNDAMPED, true, 0, rule);
  let nowMs = 0;
  return steps.map(([afterMs, isUp]) => {
    nowMs += afterMs;
    state = damp(state, isUp, nowMs, rule);
    return { state, nowMs, isAnswered: isUp && heldMs(state, nowMs) === 0 };
  });
}

/** Up and down again and again, `flaps` times. */
const flapping = (flaps: number, downMs: number, upMs: number): readonly Step[] =>
  Array.from({ length: flaps * 2 }, (_, i) => (i % 2 === 0 ? [upMs, false] : [downMs, true]));

const changesOf = (seen: readonly Seen[]): number =>
  seen.filter(({ isAnswered }, i) => isAnswered !== (seen[i - 1]?.isAnswered ?? true)).length;

describe('a member', () => {
  it.each<readonly [what: string, steps: readonly Step[], penalty: number, heldMs: number]>([
    ['that stays up', [[1_000, true]], 0, 0],
    ['that was lost once', [[1_000, false]], 1_000, 0],
    [
      'that came back',
      [
        [1_000, false],
        [5_000, true],
      ],
      500,
      0,
    ],
    [
      'that was lost twice, far apart',
      [
        [0, false],
        [0, true],
        [5_000, false],
      ],
      1_500,
      0,
    ],
    [
      'that was lost twice at once',
      [
        [0, false],
        [0, true],
        [0, false],
      ],
      2_000,
      21_610,
    ],
    [
      'that is held and back',
      [
        [0, false],
        [0, true],
        [0, false],
        [5_000, true],
      ],
      1_000,
      16_610,
    ],
    [
      'that is lost while held',
      [
        [0, false],
        [0, true],
        [0, false],
        [5_000, true],
        [0, false],
      ],
      2_000,
      21_610,
    ],
    [
      'whose hold has ended',
      [
        [0, false],
        [0, true],
        [0, false],
        [21_610, true],
      ],
      100,
      0,
    ],
    [
      'that is lost after its hold',
      [
        [0, false],
        [0, true],
        [0, false],
        [21_610, true],
        [0, false],
      ],
      1_100,
      0,
    ],
    ['that never rests', flapping(10_000, 5, 5), 409_600, 60_000],
  ])('%s', (_what, steps, penalty, hold) => {
    const { state, nowMs } = run(steps).at(-1)!;
    // The last loss of the one that never rests is 5 ms ago.
    expect(penaltyAt(state, nowMs, RULE)).toBeGreaterThan(penalty * 0.998 - 1);
    expect(penaltyAt(state, nowMs, RULE)).toBeLessThan(penalty + 1);
    expect(Math.abs(heldMs(state, nowMs) - hold)).toBeLessThan(10);
  });

  it('that is at once held where one loss is enough, is held for as long as that takes to decay', () => {
    const { state } = run([[0, false]], { ...RULE, suppress: 1_000, reuse: 500 }).at(-1)!;
    expect(heldMs(state, 0)).toBe(5_000);
  });

  it('is forgotten once it is free and below half of reuse, and not while it is held', () => {
    const { state } = run([[0, false]]).at(-1)!;
    expect(isForgotten(state, 0, RULE)).toBe(false);
    expect(isForgotten(state, 21_600, RULE)).toBe(false);
    expect(isForgotten(state, 21_620, RULE)).toBe(true);
    expect(isForgotten({ ...state, heldUntilMs: 30_000 }, 29_999, RULE)).toBe(false);
  });
});

describe('with the defaults', () => {
  it.each([
    [0.5, 10],
    [1, 20],
    [1, 300],
    [2, 60],
    [10, 600],
  ])('flapping at %s Hz %s times changes the answer three times, and once more when it has ended', (hertz, flaps) => {
    const half = 500 / hertz;
    const seen = run(flapping(flaps, half, half));
    expect(changesOf(seen)).toBe(3);
    const rest = run([...flapping(flaps, half, half), [60_000, true]]);
    expect(changesOf(rest)).toBe(4);
  });

  it.each([
    [3_600, 2],
    [6_000, 3],
    [7_000, 6],
  ])('losses %s ms apart begin a hold with number %s', (everyMs, number) => {
    const lost = run(flapping(20, everyMs / 2, everyMs / 2)).filter(({ state }) => !state.isUp);
    expect(lost.findIndex(({ state, nowMs }) => heldMs(state, nowMs) > 0) + 1).toBe(number);
  });

  it('a member that dies and returns every 12 s or slower is never held: `rise` alone decides', () => {
    const cycle = fc
      .integer({ min: 12_000, max: 60_000 })
      .chain((everyMs) => fc.integer({ min: 1, max: everyMs - 1 }).map((downMs) => ({ everyMs, downMs })));
    const cycles = fc.array(cycle, { minLength: 20, maxLength: 40 });
    fc.assert(
      fc.property(cycles, (all) => {
        const steps = all.flatMap(({ everyMs, downMs }): Step[] => [
          [downMs, true],
          [everyMs - downMs, false],
        ]);
        for (const { state, nowMs } of run([[0, false], ...steps])) expect(heldMs(state, nowMs)).toBe(0);
      }),
    );
  });

  it('not even where it is noticed up to 3 s earlier or later, twenty times in a row', () => {
    const noticed = fc.array(fc.integer({ min: -3_000, max: 3_000 }), { minLength: 20, maxLength: 20 });
    fc.assert(
      fc.property(noticed, (shifts) => {
        const lost = shifts.map((shift, i) => 10_000 + i * 12_000 + shift);
        const steps = lost.flatMap((atMs, i): Step[] => [
          [atMs - (lost[i - 1] ?? 0) - 1_000, false],
          [1_000, true],
        ]);
        for (const { state, nowMs } of run(steps)) expect(heldMs(state, nowMs)).toBe(0);
      }),
    );
  });
});

describe('whatever happens to a member', () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 20_000 }), fc.boolean()), { maxLength: 60 });
  const rules = fc
    .record({
      halfLifeMs: fc.integer({ min: 100, max: 60_000 }),
      reuse: fc.integer({ min: 1, max: 2_000 }),
      above: fc.integer({ min: 1, max: 4_000 }),
      room: fc.double({ min: 1, max: 5, noNaN: true }),
    })
    .map(({ halfLifeMs, reuse, above, room }): DampingRule => {
      const suppress = reuse + above;
      return { halfLifeMs, reuse, suppress, maxHoldMs: Math.ceil(halfLifeMs * Math.log2(suppress / reuse) * room) };
    });

  it('it is answered only while it is up, and is held no longer than max_hold after its last loss', () => {
    fc.assert(
      fc.property(steps, rules, (all, rule) => {
        for (const [i, { state, nowMs, isAnswered }] of run(all, rule).entries()) {
          if (isAnswered) expect(all[i]?.[1]).toBe(true);
          expect(state.heldUntilMs).toBeLessThanOrEqual(state.atMs + rule.maxHoldMs + 1e-6);
          expect(heldMs(state, nowMs + rule.maxHoldMs + 1)).toBe(0);
        }
      }),
    );
  });

  it('its penalty only falls while it is not lost, and a hold ends where it has fallen to reuse', () => {
    fc.assert(
      fc.property(steps, rules, fc.integer({ min: 1, max: 10_000 }), (all, rule, laterMs) => {
        for (const { state, nowMs } of run(all, rule)) {
          const now = penaltyAt(state, nowMs, rule);
          expect(penaltyAt(state, nowMs + laterMs, rule)).toBeLessThanOrEqual(now);
          expect(now).toBeGreaterThanOrEqual(0);
          const left = heldMs(state, nowMs);
          if (left > 0) expect(penaltyAt(state, nowMs + left, rule)).toBeCloseTo(rule.reuse, 3);
        }
      }),
    );
  });

  it('losses of a member that is held never shorten the hold', () => {
    fc.assert(
      fc.property(steps, rules, (all, rule) => {
        let heldUntilMs = Number.NEGATIVE_INFINITY;
        for (const { state, nowMs } of run(all, rule)) {
          if (nowMs < heldUntilMs) expect(state.heldUntilMs).toBeGreaterThanOrEqual(heldUntilMs - 1e-6);
          heldUntilMs = state.heldUntilMs;
        }
      }),
    );
  });
});
