import { expect, test } from 'vitest';
import { Visited } from '../../src/visited.ts';

test('a thing is new once in each walk', () => {
  const visited = new Visited(3);
  for (let walk = 0; walk < 5; walk += 1) {
    visited.begin();
    expect([0, 2, 0, 1, 2, 1].map((thing) => visited.add(thing))).toEqual([true, true, false, true, false, false]);
  }
});

test('things that nobody has do not count as new', () => {
  const visited = new Visited(0);
  visited.begin();
  expect(visited.add(0)).toBe(true);
  expect(visited.add(0)).toBe(true);
});
