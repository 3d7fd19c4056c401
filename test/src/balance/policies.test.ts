/** What is particular to each policy; what all have in common is in contract.test.ts. */
import { describe, expect, test } from 'vitest';
import { POLICIES, type PolicyName } from '../../../src/balance/policies.ts';
import type { Picker, PolicyInputs } from '../../../src/balance/policy.ts';
import { RingHashPicker } from '../../../src/balance/ring-hash.ts';
import type { Endpoint } from '../../../src/endpoint.ts';
import { murmur3 } from '../../../src/hash.ts';
import { walkRing } from '../../../src/ring.ts';
import { anyone, endpoints, seeded, worldOf } from '../../support/endpoints.ts';

function build(name: PolicyName, held: readonly Endpoint[], inputs: Partial<PolicyInputs> = {}): Picker {
  return POLICIES[name].build(held, { ...worldOf(held), random: seeded(1), ...inputs });
}

const loads = (byId: Readonly<Record<string, number>>) => (endpoint: Endpoint) => byId[endpoint.id] ?? 0;

const run = (picker: Picker, turns: number, accept = anyone as (endpoint: Endpoint) => boolean): string =>
  Array.from({ length: turns }, () => picker.pick('', accept)?.id ?? '-').join(' ');

describe('round_robin', () => {
  test.each([
    [['a*5', 'b*1', 'c*1'], 'a a b a c a a'],
    [['a', 'b', 'c'], 'a b c a b c a'],
    [['a*2', 'b*1'], 'a b a a b a'],
    [['a*4', 'b*2', 'c*1'], 'a b a c a b a'],
    [['a*0', 'b*3'], 'b b b'],
    [['a'], 'a a'],
  ])('of %j gives %s', (texts, expected) => {
    expect(run(build('round_robin', endpoints(...texts)), expected.split(' ').length)).toBe(expected);
  });

  test('gives everyone exactly its weight in each round', () => {
    const turns = run(build('round_robin', endpoints('a*7', 'b*3', 'c*2', 'd*1')), 13 * 3).split(' ');
    for (let round = 0; round < 3; round += 1) {
      const inRound = turns.slice(round * 13, round * 13 + 13);
      expect(['a', 'b', 'c', 'd'].map((id) => inRound.filter((it) => it === id).length)).toEqual([7, 3, 2, 1]);
    }
  });

  test('does not make up for the time in which an endpoint was refused', () => {
    const picker = build('round_robin', endpoints('a', 'b', 'c'));
    run(picker, 300, (endpoint) => endpoint.id !== 'c');
    const turns = run(picker, 9);
    expect(turns.split(' ').filter((id) => id === 'c')).toHaveLength(3);
    expect(turns).not.toContain('c c');
  });

  test('goes on after a rebuild instead of starting at the first', () => {
    let picker = build('round_robin', endpoints('a', 'b', 'c'));
    const turns: string[] = [];
    for (let i = 0; i < 9; i += 1) {
      turns.push(run(picker, 1));
      picker = build('round_robin', endpoints('a', 'b', 'c'), { previous: picker });
    }
    expect(turns.join(' ')).toBe('a b c a b c a b c');
  });

  test('treats one that joins after many rebuilds as it treats the others', () => {
    let picker = build('round_robin', endpoints('a', 'b', 'gone-0'));
    for (let i = 0; i < 200; i += 1) {
      // Each leaves right after its turn, in debt to the others.
      for (let turn = 0; turn < 1_000 && run(picker, 1) !== `gone-${i}`; turn += 1);
      picker = build('round_robin', endpoints('a', 'b', `gone-${i + 1}`), { previous: picker });
    }
    picker = build('round_robin', endpoints('a', 'b', 'new'), { previous: picker });
    expect(run(picker, 30).match(/new/g)).toHaveLength(10);
  });

  test('lets nobody live on, or sit out, the credit of a weight it no longer has', () => {
    const heavy = build('round_robin', endpoints('a*60000', 'b*60000', 'c*1'));
    expect(run(heavy, 1)).toBe('a');
    const picker = build('round_robin', endpoints('a*1', 'b*1', 'c*1'), { previous: heavy });
    const turns = run(picker, 6);
    for (const id of ['a', 'b', 'c']) expect(turns).toContain(id);
  });
});

describe('least_connections', () => {
  const held = endpoints('a', 'b', 'c');

  test.each([
    [{ a: 3, b: 1, c: 2 }, held, 'b'],
    [{ a: 3, b: 3, c: 2 }, held, 'c'],
    [{ a: 0, b: 3, c: 2 }, held, 'a'],
    [{ a: 3, b: 2, c: 9 }, endpoints('a*2', 'b', 'c*4'), 'a'],
    [{ a: 4, b: 2, c: 7 }, endpoints('a*2', 'b', 'c*4'), 'c'],
  ])('with %j in flight takes the least per unit of weight', (inFlight, among, expected) => {
    expect(build('least_connections', among, { loadOf: loads(inFlight) }).pick('', anyone)?.id).toBe(expected);
  });

  test('lets equals take turns', () => {
    expect(run(build('least_connections', held), 6)).toBe('a b c a b c');
    expect(run(build('least_connections', held, { loadOf: loads({ b: 1 }) }), 4)).toBe('a c a c');
    expect(run(build('least_connections', endpoints('a*2', 'b')), 6)).toBe('a b a a b a');
  });

  test('goes on after a rebuild instead of starting at the first', () => {
    const first = build('least_connections', held);
    expect(run(first, 1)).toBe('a');
    expect(run(build('least_connections', held, { previous: first }), 2)).toBe('b c');
  });

  test('takes the next best when the least loaded is refused', () => {
    const picker = build('least_connections', held, { loadOf: loads({ a: 1, b: 2, c: 3 }) });
    expect(run(picker, 1, (endpoint) => endpoint.id !== 'a')).toBe('b');
  });
});

describe('least_requests', () => {
  const picks = (picker: Picker, turns: number) => {
    const counts = new Map<string, number>();
    for (const id of run(picker, turns).split(' ')) counts.set(id, (counts.get(id) ?? 0) + 1);
    return counts;
  };

  test('of two always takes the less loaded', () => {
    const picker = build('least_requests', endpoints('a', 'b'), { loadOf: loads({ a: 1 }) });
    expect(picks(picker, 500)).toEqual(new Map([['b', 500]]));
  });

  test('never takes the most loaded of three', () => {
    const picker = build('least_requests', endpoints('a', 'b', 'c'), { loadOf: loads({ a: 9, b: 1, c: 1 }) });
    expect(picks(picker, 500).has('a')).toBe(false);
  });

  test('weighs what is in flight and the one to come by weight', () => {
    // (1 + 1) / 4 against (0 + 1) / 1: the heavier one, though it has work and the other none.
    const picker = build('least_requests', endpoints('heavy*4', 'light'), { loadOf: loads({ heavy: 1 }) });
    expect(picks(picker, 200)).toEqual(new Map([['heavy', 200]]));
  });

  test('looks at two, not at all: the least loaded of many does not get everything at once', () => {
    const held = endpoints(...Array.from({ length: 20 }, (_, i) => `e${i}`));
    const busy = Object.fromEntries(held.map((endpoint) => [endpoint.id, endpoint.id === 'e7' ? 0 : 5]));
    const counts = picks(build('least_requests', held, { loadOf: loads(busy) }), 2_000);
    // It is one of two different ones drawn in 2 of 20 cases.
    expect(counts.get('e7')!).toBeGreaterThan(120);
    expect(counts.get('e7')!).toBeLessThan(290);
  });

  test('keeps the fullest far nearer to the mean than chance does', () => {
    const fullest = (name: PolicyName): number => {
      const inFlight = new Map<string, number>();
      const picker = build(name, endpoints(...Array.from({ length: 50 }, (_, i) => `e${i}`)), {
        loadOf: (endpoint) => inFlight.get(endpoint.id) ?? 0,
      });
      for (let i = 0; i < 5_000; i += 1) {
        const { id } = picker.pick('', anyone)!;
        inFlight.set(id, (inFlight.get(id) ?? 0) + 1);
      }
      return Math.max(...inFlight.values()) - 100;
    };
    expect(fullest('least_requests')).toBeLessThanOrEqual(4);
    expect(fullest('random')).toBeGreaterThan(10);
  });
});

describe('random', () => {
  test('draws exactly by weight: each draw belongs to one endpoint', () => {
    const held = endpoints('a*1', 'b*2', 'c*1');
    const draws = [0, 0.2499, 0.25, 0.5, 0.7499, 0.75, 0.9999];
    const drawn = draws.map((draw) => build('random', held, { random: () => draw }).pick('', anyone)?.id);
    expect(drawn.join(' ')).toBe('a a b b b c c');
  });

  test('finds the only accepted one of many, even if chance never points there', () => {
    const held = endpoints(...Array.from({ length: 100 }, (_, i) => `e${i}`));
    const picker = build('random', held, { random: () => 0 });
    expect(picker.pick('', (endpoint) => endpoint.id === 'e57')?.id).toBe('e57');
  });

  test('stays in proportion to weight when most are refused', () => {
    const held = endpoints('a*1', 'b*3', ...Array.from({ length: 30 }, (_, i) => `full-${i}*9`));
    const picker = build('random', held);
    const picked = run(picker, 2_000, (endpoint) => endpoint.weight < 9).split(' ');
    expect(picked.filter((id) => id === 'b').length / 2_000).toBeCloseTo(0.75, 1);
  });
});

describe('ring_hash', () => {
  test('hashes the key and walks the ring from there', () => {
    const picker = build('ring_hash', endpoints('a', 'b', 'c')) as RingHashPicker;
    expect(picker).toBeInstanceOf(RingHashPicker);
    for (let i = 0; i < 100; i += 1) {
      expect(picker.pick(`user-${i}`, anyone)).toBe(walkRing(picker.ring, murmur3(`user-${i}`), anyone));
    }
  });
});
