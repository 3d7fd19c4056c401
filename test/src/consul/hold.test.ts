import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  describeHeld,
  endpointsOf,
  type HoldState,
  holdUpdate,
  NOTHING_HELD,
  nextReleaseMs,
  releaseHeld,
} from '../../../src/consul/hold.ts';
import type { DiscoveredEndpoint } from '../../../src/endpoint.ts';
import { discovered } from '../../support/endpoints.ts';

/** `a b !c` is three, the last of them down in discovery. */
function set(text: string): DiscoveredEndpoint[] {
  const words = text.split(' ').filter((word) => word !== '');
  return words.map((word) => discovered(word.replace('!', ''), word.startsWith('!') ? { health: 'down' } : {}));
}

const names = (endpoints: readonly DiscoveredEndpoint[]): string => endpoints.map((it) => it.id).join(' ');
const updates = (...sets: string[]): HoldState =>
  sets.reduce((state, text) => holdUpdate(state, set(text), 0), NOTHING_HELD);

describe('an update', () => {
  it.each([
    // before | then | in use | held
    ['', '', '', ''],
    ['', 'a b', 'a b', ''],
    ['a b c', 'a b c', 'a b c', ''],
    ['a b c', 'a b', 'a b', ''],
    ['a b', 'a', 'a', ''],
    ['a b c d', 'a b', 'a b', ''],
    ['a b c', 'a', 'a b c', 'b c'],
    ['a', '', 'a', 'a'],
    ['a b c', '', 'a b c', 'a b c'],
    ['a b c', 'd e f', 'd e f a b c', 'a b c'],
    ['!a !b !c', '', '', ''],
    ['a !b !c', '', 'a', 'a'],
    ['a b c', '!a !b !c', '!a !b !c'.replaceAll('!', ''), ''],
  ])('from [%s] to [%s] leaves [%s] in use and holds [%s]', (before, then, used, held) => {
    const state = updates(before, then);
    expect(names(endpointsOf(state))).toBe(used);
    expect(names(state.held.map((it) => it.endpoint))).toBe(held);
  });

  it('takes changes of what stays at once, also while something is held', () => {
    const state = updates('a b c', '!a');
    expect(endpointsOf(state).map((it) => `${it.id} ${it.health}`)).toEqual(['a down', 'b up', 'c up']);
  });
});

describe('what is held', () => {
  it('is dropped after ten seconds and not before', () => {
    const state = updates('a b c', 'a');
    expect(nextReleaseMs(state)).toBe(10_000);
    expect(releaseHeld(state, 9_999)).toBe(state);
    expect(names(endpointsOf(releaseHeld(state, 10_000)))).toBe('a');
  });

  it('is dropped at once when its probe says that it is gone', () => {
    const state = updates('a b c', 'a');
    expect(names(endpointsOf(releaseHeld(state, 1, (id) => id === 'b')))).toBe('a c');
  });

  it('is an ordinary endpoint again when it comes back', () => {
    const state = updates('a b c', '', 'a b c');
    expect(state.held).toEqual([]);
    expect(names(endpointsOf(state))).toBe('a b c');
  });

  it('is not held longer by further updates', () => {
    const first = holdUpdate(updates('a b c'), set('a'), 0);
    const second = holdUpdate(first, set('a d'), 6_000);
    expect(nextReleaseMs(second)).toBe(10_000);
    expect(names(endpointsOf(holdUpdate(second, set('a d e'), 10_000)))).toBe('a d e');
  });

  it('is described with its names', () => {
    expect(describeHeld(updates('a b c'))).toBeUndefined();
    expect(describeHeld(updates('a b c', 'a'))).toBe('2 endpoints vanished at once and are kept for up to 10s: b, c');
  });
});

it('never holds what is live, and never loses what is live', () => {
  const ids = fc.subarray(['a', 'b', 'c', 'd', 'e', 'f']);
  fc.assert(
    fc.property(fc.array(fc.tuple(ids, fc.integer({ min: 0, max: 8_000 }))), (steps) => {
      let state = NOTHING_HELD;
      let nowMs = 0;
      for (const [live, pauseMs] of steps) {
        nowMs += pauseMs;
        state = holdUpdate(state, set(live.join(' ')), nowMs);
        const used = endpointsOf(state).map((it) => it.id);
        expect(new Set(used).size).toBe(used.length);
        expect(used.slice(0, live.length)).toEqual(live);
        expect(state.held.every((it) => it.untilMs > nowMs && it.untilMs <= nowMs + 10_000)).toBe(true);
      }
    }),
  );
});
