import { describe, expect, it } from 'vitest';
import type { DiscoveryStatus } from '../../src/cluster-view.ts';
import { DiscoveryIntake } from '../../src/discovery-intake.ts';
import { discovered } from '../support/endpoints.ts';

function intake(source: DiscoveryStatus['source'] = 'consul', gone: readonly string[] = []): DiscoveryIntake {
  const refuse = (host: string) => (host === '10.9.9.9' ? 'our own listener' : undefined);
  return new DiscoveryIntake({
    source,
    screen: { refuse, allowLinkLocal: false },
    isConfirmedGone: (id) => gone.includes(id),
  });
}

const set = (...ids: string[]) => ids.map((id) => discovered(id));
const used = (it: DiscoveryIntake): string => it.endpoints.map((endpoint) => endpoint.id).join(' ');
const state = (it: DiscoveryIntake): string => it.status({ index: undefined, nowMs: 0 }).state;

describe('absent, empty and failed', () => {
  it('are three different words', () => {
    const it = intake();
    expect(state(it)).toBe('waiting');
    it.fail('connection refused');
    expect(state(it)).toBe('waiting');
    expect(it.hasSet).toBe(false);
    it.answer([], [], 0);
    expect(state(it)).toBe('absent');
    expect(it.hasSet).toBe(true);
    it.answer(set('a'), [], 1);
    expect(state(it)).toBe('current');
    it.fail('consul answered 500');
    expect([state(it), used(it), it.error]).toEqual(['stale', 'a', 'consul answered 500']);
    it.answer([], [], 2);
    expect([state(it), used(it)]).toEqual(['current', 'a']);
    it.release(10_002);
    expect([state(it), used(it)]).toEqual(['current', '']);
  });

  it('mean the same of names as of services: gone is held, gone from the beginning is absent', () => {
    const it = intake('dns');
    it.answer([], [], 0);
    expect(state(it)).toBe('absent');
    it.answer(set('a', 'b'), [], 1);
    it.fail('no answer in time');
    expect([state(it), used(it)]).toEqual(['stale', 'a b']);
    expect(it.answer([], [], 2).result).toBe('held');
    expect([state(it), used(it), it.live]).toEqual(['current', 'a b', []]);
    it.release(10_002);
    expect([state(it), used(it)]).toEqual(['current', '']);
  });

  it('a file that vanished leaves its last endpoints', () => {
    const it = intake('file');
    it.answer(set('a'), [], 0);
    it.absent(1);
    expect([state(it), used(it)]).toEqual(['absent', 'a']);
  });

  it('a file that says it is empty is believed at once', () => {
    const it = intake('file');
    it.answer(set('a', 'b'), [], 0);
    it.answer([], [], 1);
    expect([state(it), used(it)]).toEqual(['current', '']);
  });
});

describe('losing more than half', () => {
  it('is held, counted and described', () => {
    const it = intake();
    it.answer(set('a', 'b', 'c'), [], 0);
    expect(it.answer(set('a'), [], 1_000).result).toBe('held');
    expect(it.status({ index: '7', nowMs: 3_000 })).toMatchObject({
      state: 'current',
      ageSeconds: 2,
      index: '7',
      held: '2 endpoints vanished at once and are kept for up to 10s: b, c',
      updates: { applied: 1, unchanged: 0, held: 1, failed: 0 },
    });
    expect(it.answer(set('a'), [], 2_000).result).toBe('unchanged');
    expect(it.nextReleaseMs).toBe(11_000);
    expect(it.release(10_999)).toBe(false);
    expect(it.release(11_000)).toBe(true);
    expect(used(it)).toBe('a');
  });

  it('is believed where probes say the same', () => {
    const it = intake('consul', ['b', 'c']);
    it.answer(set('a', 'b', 'c'), [], 0);
    expect(it.answer(set('a'), [], 1).result).toBe('applied');
    expect(used(it)).toBe('a');
  });
});

describe('a saved set', () => {
  it('is used until the first answer, and its losses are held too', () => {
    const it = intake();
    expect(it.restore(set('a', 'b'), 0)).toBe(true);
    expect(it.status({ index: undefined, nowMs: 0 })).toMatchObject({
      state: 'stale',
      fromSaved: true,
      ageSeconds: undefined,
    });
    it.fail('connection refused');
    expect(state(it)).toBe('stale');
    expect(it.answer([], [], 5).result).toBe('held');
    expect(it.status({ index: undefined, nowMs: 5 })).toMatchObject({ state: 'current', fromSaved: false });
    expect(used(it)).toBe('a b');
  });

  it('doubts an empty answer that came before what was saved', () => {
    const it = intake();
    it.answer([], [], 0);
    expect(it.isAbsent).toBe(true);
    expect(it.restore(set('a'), 1_000)).toBe(true);
    expect(it.endpoints.map(({ id }) => id)).toEqual(['a']);
    expect(it.held).toContain('a');
    expect(it.isAbsent).toBe(false);
    expect(it.nextReleaseMs).toBe(11_000);
    expect(it.release(11_000)).toBe(true);
    expect(it.endpoints).toEqual([]);
  });

  it('never replaces an answer, and an empty one is none', () => {
    const it = intake();
    expect(it.restore([], 0)).toBe(false);
    it.answer(set('a'), [], 0);
    expect(it.restore(set('b'), 0)).toBe(false);
    expect(used(it)).toBe('a');
  });
});

it('what is left out is shown as long as it lasts and told once', () => {
  const it = intake();
  const own = discovered('x', { host: '10.9.9.9' });
  const reason = '"x" at 10.9.9.9:8080: our own listener';
  expect(it.answer([discovered('a'), own], ['entry 2: is null'], 0).newlySkipped).toEqual(['entry 2: is null', reason]);
  expect(it.answer([discovered('a'), own], [], 1)).toEqual({ result: 'unchanged', newlySkipped: [] });
  expect(it.status({ index: undefined, nowMs: 1 }).skipped).toEqual([reason]);
  it.answer([discovered('a')], [], 2);
  expect(it.status({ index: undefined, nowMs: 2 }).skipped).toEqual([]);
});
