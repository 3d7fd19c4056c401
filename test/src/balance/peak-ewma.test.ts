import { beforeEach, describe, expect, test } from 'vitest';
import { peakEwma } from '../../../src/balance/peak-ewma.ts';
import type { Picker, TryOutcome } from '../../../src/balance/policy.ts';
import { roundRobin } from '../../../src/balance/round-robin.ts';
import type { Endpoint } from '../../../src/endpoint.ts';
import { anyone, endpoints, seeded, worldOf } from '../../support/endpoints.ts';

let nowMs = 0;
let load = new Map<string, number>();

beforeEach(() => {
  nowMs = 5_000;
  load = new Map();
});

function build(held: readonly Endpoint[], previous?: Picker): Picker {
  return peakEwma.build(held, {
    ...worldOf(held),
    random: seeded(1),
    now: () => nowMs,
    loadOf: ({ id }) => load.get(id) ?? 0,
    previous,
  });
}

const sharesOf = (picker: Picker, picks = 400): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (let i = 0; i < picks; i += 1) {
    const { id } = picker.pick('', anyone)!;
    counts[id] = (counts[id] ?? 0) + 1 / picks;
  }
  return counts;
};

/** With two endpoints both are always drawn, so one of them has everything unless they cost the same. */
const favourite = (picker: Picker): string => {
  const [[id, share] = ['', 0], ...others] = Object.entries(sharesOf(picker, 60));
  return others.length === 0 && share > 0.99 ? id : 'both';
};

const held = endpoints('a', 'b');
const [a, b] = held as [Endpoint, Endpoint];

/** Tells both of a first latency; after that nobody is merely guessed. */
const warm = (picker: Picker, ms: Readonly<Record<string, number>>): Picker => {
  for (const endpoint of held) picker.observe!(endpoint, ms[endpoint.id]!, 'answered');
  return picker;
};

describe('the expected latency', () => {
  test('decides between two that are idle, and makes no difference while nothing is known', () => {
    expect(favourite(build(held))).toBe('both');
    expect(favourite(warm(build(held), { a: 200, b: 100 }))).toBe('b');
  });

  test('leaps up to a slower answer at once, and comes down from it by e in ten seconds', () => {
    const picker = warm(build(held), { a: 40, b: 100 });
    expect(favourite(picker)).toBe('a');
    picker.observe!(a, 1_000, 'answered');
    expect(favourite(picker)).toBe('b');
    // b is asked once a second and stays at 100 ms; a hears nothing: 1,000 × e^(−t / 10 s) meets it after 23 s.
    for (const [seconds, expected] of [
      [22, 'b'],
      [3, 'a'],
    ] as const) {
      for (let i = 0; i < seconds; i += 1) {
        nowMs += 1_000;
        picker.observe!(b, 100, 'answered');
      }
      expect(favourite(picker)).toBe(expected);
    }
  });

  test('moves towards quicker answers by as much as time has passed', () => {
    const picker = warm(build(held), { a: 1_000, b: 600 });
    nowMs += 5_000;
    picker.observe!(b, 600, 'answered');
    // 1,000 × e^−0.5 + 10 × (1 − e^−0.5) = 610: the quick answer is a part of the average, not the whole of it.
    picker.observe!(a, 10, 'answered');
    expect(favourite(picker)).toBe('b');
    nowMs += 1_000;
    picker.observe!(a, 10, 'answered');
    picker.observe!(b, 600, 'answered');
    expect(favourite(picker)).toBe('a');
  });

  test('is multiplied by the work in flight and the request to come', () => {
    const picker = warm(build(held), { a: 100, b: 250 });
    load.set('a', 1);
    expect(favourite(picker)).toBe('a');
    load.set('a', 2);
    expect(favourite(picker)).toBe('b');
  });

  test('is weighed by weight when there is work in flight', () => {
    const weighed = endpoints('heavy*4', 'light');
    const picker = build(weighed);
    for (const endpoint of weighed) picker.observe!(endpoint, 100, 'answered');
    load.set('heavy', 2).set('light', 0);
    // (2 + 1) / 4 against (0 + 1) / 1.
    expect(favourite(picker)).toBe('heavy');
  });
});

describe('a failure', () => {
  test.each<[string, number, number]>([
    ['counts as five seconds, however quick it was', 1, 5_000],
    ['counts as what it took when that was longer', 8_000, 8_000],
    ['counts as the time for which it asked to be left alone', 120_000, 120_000],
    ['counts as five minutes at most', 999_000, 300_000],
  ])('%s', (_what, latencyMs, asMs) => {
    for (const [otherMs, expected] of [
      [asMs - 1, 'b'],
      [asMs + 1, 'a'],
    ] as const) {
      const picker = warm(build(held), { a: 1, b: otherMs });
      picker.observe!(a, latencyMs, 'failed');
      expect(favourite(picker)).toBe(expected);
    }
  });

  test('of a fast one draws less traffic than health at 100 ms, from the first second on', () => {
    const picker = build(held);
    const random = seeded(3);
    const picks = { a: 0, b: 0 };
    const running: { readonly endpoint: Endpoint; readonly endMs: number; readonly startMs: number }[] = [];
    const ended = (): void => {
      for (const [i, { endpoint, endMs, startMs }] of [...running.entries()].toReversed()) {
        if (endMs > nowMs) continue;
        running.splice(i, 1);
        load.set(endpoint.id, load.get(endpoint.id)! - 1);
        picker.observe!(endpoint, endMs - startMs, endpoint === a ? 'failed' : 'answered');
      }
    };
    // 200 requests a second for one second; a answers 500 in a millisecond, b answers 200 in 100 ms.
    for (const endAt = nowMs + 1_000; nowMs < endAt; nowMs += 1) {
      ended();
      if (random() > 0.2) continue;
      const endpoint = picker.pick('', anyone)!;
      picks[endpoint === a ? 'a' : 'b'] += 1;
      load.set(endpoint.id, (load.get(endpoint.id) ?? 0) + 1);
      running.push({ endpoint, startMs: nowMs, endMs: nowMs + (endpoint === a ? 1 : 100) });
    }
    expect(picks.a + picks.b).toBeGreaterThan(150);
    expect(picks.a).toBeLessThan(picks.b / 10);
  });

  test('is forgotten in time: one that recovers gets work again within a minute', () => {
    const picker = warm(build(held), { a: 100, b: 100 });
    picker.observe!(a, 1, 'failed');
    let seconds = 0;
    for (; favourite(picker) === 'b' && seconds < 120; seconds += 1) {
      nowMs += 1_000;
      picker.observe!(b, 100, 'answered');
    }
    expect(seconds).toBeGreaterThan(20);
    expect(seconds).toBeLessThan(60);
  });
});

describe('a try that nobody waited for', () => {
  test.each<[TryOutcome, number, string]>([
    ['abandoned', 500, 'b'],
    ['abandoned', 10, 'a'],
  ])('(%s) after %i ms leaves %s the favourite: it would have taken at least that long', (outcome, ms, expected) => {
    const picker = warm(build(held), { a: 100, b: 200 });
    nowMs += 1_000;
    picker.observe!(b, 200, 'answered');
    picker.observe!(a, ms, outcome);
    expect(favourite(picker)).toBe(expected);
  });

  test('does not make anyone look quicker', () => {
    const picker = warm(build(held), { a: 300, b: 200 });
    for (let i = 0; i < 50; i += 1) picker.observe!(a, 1, 'abandoned');
    expect(favourite(picker)).toBe('b');
  });
});

describe('a rebuild', () => {
  test('keeps what is known of those that stay, a new weight notwithstanding', () => {
    const before = warm(build(held), { a: 500, b: 100 });
    const after = build(endpoints('a*3', 'b'), before);
    expect(favourite(after)).toBe('b');
    expect(favourite(build(held, after))).toBe('b');
  });

  test('knows nothing of one that came to the slot of another, nor of one at another slot', () => {
    const before = warm(build(held), { a: 500, b: 29 });
    nowMs += 100;
    before.observe!(b, 29, 'answered');
    const [c] = endpoints('c') as [Endpoint];
    // c has the slot of a, and nobody's latency: the first guess of 30 ms.
    expect(c.slot).toBe(a.slot);
    expect(favourite(build([b, c], before))).toBe('b');
    expect(favourite(build([a, b], before))).toBe('b');
    const moved = { ...a, slot: 9 };
    const after = build([moved, b], before);
    after.observe!(b, 31, 'answered');
    expect(favourite(after)).toBe('a');
  });

  test('does not take what another policy knew', () => {
    const other = roundRobin.build(held, worldOf(held));
    expect(favourite(build(held, other))).toBe('both');
  });

  test('ignores what comes in for one that has left', () => {
    const picker = build([b]);
    picker.observe!(a, 1, 'failed');
    picker.observe!({ ...b, slot: 400 }, 1, 'failed');
    expect(picker.pick('', anyone)).toBe(b);
  });
});
