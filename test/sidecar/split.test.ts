import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { splitFigures } from '../../scripts/balancing/arms.ts';
import { Split, type SplitChoice, weightsProblem } from '../../sidecar/split.ts';

const USERS = Array.from({ length: 10_000 }, (_, i) => `user-${i}`);

function shares(split: Split, keys: readonly string[] = USERS): readonly number[] {
  const counts = split.arms.map(() => 0);
  for (const key of keys) counts[split.armOf(key)]! += 1;
  return counts.map((count) => (count / keys.length) * 100);
}

describe('a split', () => {
  test.each([[[95, 5]], [[99, 1]], [[50, 50]], [[80, 15, 5]], [[1, 1, 1, 1]], [[0, 7]], [[65_535, 65_535]]])(
    'of weights %j gives each arm its share within a point',
    (weights) => {
      const split = new Split(
        weights.map((_, i) => `arm-${i}`),
        weights,
        'seed',
      );
      const sum = weights.reduce((all, weight) => all + weight, 0);
      for (const [arm, share] of shares(split).entries()) {
        expect(Math.abs(share - (weights[arm]! / sum) * 100)).toBeLessThan(1);
      }
    },
  );

  test('never sends anyone to an arm of weight 0', () => {
    expect(shares(new Split(['a', 'b'], [0, 1], 's'))).toEqual([0, 100]);
  });

  test('puts a key where every other process puts it', () => {
    const split = new Split(['stable', 'canary'], [50, 50], 'products');
    const placed = ['user-1', 'user-2', 'user-3', 'user-4', 'user-5', 'user-6', ''].map((key) => split.armOf(key));
    // Computed once and kept: two versions of the program must agree about who is in the canary.
    expect(placed).toMatchInlineSnapshot(`
      [
        0,
        1,
        1,
        0,
        0,
        1,
        0,
      ]
    `);
  });

  test('with another seed puts other keys into an arm', () => {
    const [one, other] = ['a', 'b'].map((seed) => new Split(['x', 'y'], [90, 10], seed)) as [Split, Split];
    const both = USERS.filter((key) => one.armOf(key) === 1 && other.armOf(key) === 1).length;
    // 10 % of 10 %, if the two know nothing of each other.
    expect(both).toBeGreaterThan(60);
    expect(both).toBeLessThan(140);
  });

  const weights = fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 2, maxLength: 5 });
  const usable = (list: readonly number[]): boolean => list.some((it) => it > 0);
  const KEYS = USERS.slice(0, 400);

  test('moves a key only to an arm whose weight has grown beside that of the arm it leaves', () => {
    fc.assert(
      fc.property(
        weights,
        fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 5, maxLength: 5 }),
        (before, more) => {
          const after = before.map((_, i) => more[i]!);
          fc.pre(usable(before) && usable(after));
          const split = new Split(
            before.map((_, i) => `arm-${i}`),
            before,
            's',
          );
          const placed = KEYS.map((key) => split.armOf(key));
          split.setWeights(after);
          for (const [i, key] of KEYS.entries()) {
            const [from, to] = [placed[i]!, split.armOf(key)];
            if (from !== to) expect(after[to]! * before[from]!).toBeGreaterThan(after[from]! * before[to]!);
          }
        },
      ),
    );
  });

  test('does not care for the order of its arms', () => {
    fc.assert(
      fc.property(weights.filter(usable), (list) => {
        const names = list.map((_, i) => `arm-${i}`);
        const forth = new Split(names, list, 's');
        const back = new Split(names.toReversed(), list.toReversed(), 's');
        for (const key of KEYS) expect(forth.arms[forth.armOf(key)]).toBe(back.arms[back.armOf(key)]);
      }),
      { numRuns: 30 },
    );
  });

  test('that gets another arm moves keys into that one only, and takes it away without moving others', () => {
    const two = new Split(['a', 'b'], [90, 10], 's');
    const three = new Split(['a', 'b', 'c'], [90, 10, 25], 's');
    for (const key of USERS) {
      const now = three.arms[three.armOf(key)];
      if (now !== 'c') expect(now).toBe(two.arms[two.armOf(key)]);
    }
  });

  test.each([
    [[1], 'are 1, and there are 2 arms'],
    [[1, 2, 3], 'are 3, and there are 2 arms'],
    [[0, 0], 'must not all be 0'],
    [[1, -1], 'must be whole numbers from 0 to 65535'],
    [[1, 65_536], 'must be whole numbers from 0 to 65535'],
    [[1, 0.5], 'must be whole numbers from 0 to 65535'],
    [[1, Number.NaN], 'must be whole numbers from 0 to 65535'],
    [[1, 0], undefined],
  ])('with new weights %j: they %s', (list, problem) => {
    expect(weightsProblem(list, 2)).toBe(problem);
    const split = new Split(['a', 'b'], [1, 2], 's');
    if (problem === undefined) {
      split.setWeights(list);
      expect(split.weights).toEqual(list);
    } else {
      expect(() => split.setWeights(list)).toThrow(`the weights of a split ${problem}`);
      expect(split.weights).toEqual([1, 2]);
    }
  });

  test('keeps weights of its own', () => {
    const list = [1, 2];
    const split = new Split(['a', 'b'], list, 's');
    list[0] = 9;
    expect(split.weights).toEqual([1, 2]);
  });

  test.each([
    [
      [1, 3],
      [0, 0.249],
      [0.25, 0.999_999],
    ],
    [[0, 1], [], [0, 0.999_999]],
    [[1, 0], [0, 0.999_999], []],
  ])('of weights %j draws by chance', (list, first, second) => {
    const split = new Split(['a', 'b'], list, 's');
    for (const at of first) expect(split.armAt(at)).toBe(0);
    for (const at of second) expect(split.armAt(at)).toBe(1);
  });
});

describe('what a split tells of a key', () => {
  test('is from which share on an arm would have it', () => {
    for (const key of USERS.slice(0, 200)) {
      const split = new Split(['stable', 'canary'], [95, 5], 'products');
      const [stable, canary] = split.choices(key) as [SplitChoice, SplitChoice];
      expect(stable.joinsAt + canary.joinsAt).toBeCloseTo(1, 9);
      expect(split.armOf(key) === 1).toBe(canary.joinsAt < 0.05);
      const share = Math.round(canary.joinsAt * 10_000);
      for (const [at, expected] of [
        [share - 1, 0],
        [share + 1, 1],
      ] as const) {
        if (at <= 0 || at >= 10_000) continue;
        split.setWeights([10_000 - at, at]);
        expect(split.armOf(key)).toBe(expected);
      }
    }
  });

  test('names arms, weights and shares', () => {
    const choices = new Split(['a', 'b', 'c'], [6, 2, 0], 's').choices('user-1');
    expect(choices.map(({ name, weight, share }) => [name, weight, share])).toEqual([
      ['a', 6, 0.75],
      ['b', 2, 0.25],
      ['c', 0, 0],
    ]);
  });
});

test('10,000 users at 1, 5, 20 and 50 %: every arm within a point, and nobody ever leaves the growing arm', () => {
  const figures = splitFigures();
  expect(figures.map((it) => it.percent)).toEqual([1, 5, 20, 50]);
  for (const { percent, actualPercent, left } of figures) {
    expect(Math.abs(actualPercent - percent)).toBeLessThanOrEqual(1);
    expect(left).toBe(0);
  }
});
