import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Candidate } from '../../dns/candidate.ts';
import type { Ip } from '../../dns/ip.ts';
import { WeightedTurns } from '../../dns/weighted-turns.ts';

function candidates(...weights: readonly number[]): readonly Candidate[] {
  return weights.map((weight, i) => ({ ip: `192.0.2.${i + 1}` as Ip, weight }));
}

function take(turns: WeightedTurns, count: number): readonly number[] {
  return Array.from({ length: count }, () => turns.next());
}

function countEach(places: readonly number[], of: number): readonly number[] {
  return Array.from({ length: of }, (_, place) => places.filter((it) => it === place).length);
}

const weights = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 8 });
const sum = (all: readonly number[]): number => all.reduce((a, b) => a + b, 0);

describe('turns by weight', () => {
  it('give the heavy one no burst', () => {
    expect(take(new WeightedTurns(candidates(5, 1, 1), undefined), 7)).toEqual([0, 0, 1, 0, 2, 0, 0]);
  });

  it('give each its weight in each cycle of as many turns as all weights together', () => {
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 3 }), (all, cycles) => {
        const turns = new WeightedTurns(candidates(...all), undefined);
        for (let i = 0; i < cycles; i++) expect(countEach(take(turns, sum(all)), all.length)).toEqual(all);
      }),
    );
  });

  it('go on where they were when somebody leaves, joins or changes, and owe nobody more than two turns', () => {
    fc.assert(
      fc.property(weights, fc.nat(50), weights, (before, taken, after) => {
        const former = new WeightedTurns(candidates(...before), undefined);
        take(former, taken);
        const turns = new WeightedTurns(candidates(...after), former);
        const cycles = take(turns, 4 * sum(after));
        for (const [place, count] of countEach(cycles, after.length).entries()) {
          expect(Math.abs(count - 4 * after[place]!)).toBeLessThanOrEqual(2);
        }
      }),
    );
  });

  it('are no burst for anybody when the heavy one leaves', () => {
    for (let taken = 0; taken < 204; taken += 1) {
      const former = new WeightedTurns(candidates(1, 1, 100), undefined);
      take(former, taken);
      const places = take(new WeightedTurns(candidates(1, 1), former), 8);
      expect(Math.min(...countEach(places, 2))).toBeGreaterThanOrEqual(3);
    }
  });

  it('are not begun anew with the same candidates', () => {
    fc.assert(
      fc.property(weights, fc.nat(30), (all, taken) => {
        const [whole, first] = [1, 2].map(() => new WeightedTurns(candidates(...all), undefined));
        take(whole!, taken);
        take(first!, taken);
        expect(take(new WeightedTurns(candidates(...all), first), 30)).toEqual(take(whole!, 30));
      }),
    );
  });
});
