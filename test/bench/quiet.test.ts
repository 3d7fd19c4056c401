import { describe, expect, test } from 'vitest';
import { needsRound, noteOf, quietest } from '../../bench/quiet.ts';

test.each([
  [
    [0.01, 0.4, 0.02, 0.03],
    [0, 2, 3],
  ],
  [
    [0.3, 0.2, 0.1, 0.4],
    [0, 1, 2],
  ],
  [
    [0, 0, 0, 0],
    [0, 1, 2],
  ],
  [
    [0.5, 0.1],
    [0, 1],
  ],
])('of rounds with noise %j the three quietest count', (noise, chosen) => {
  expect([...quietest(noise, 3)].sort((a, b) => a - b)).toEqual(chosen);
});

describe('another round of two is taken', () => {
  test.each([
    [[], true],
    [[0], true],
    [[0, 0.01], false],
    [[0, 0.9], true],
    [[0, 0.9, 0.05], false],
    [[0.9, 0.9, 0.9], true],
    [[0.9, 0.9, 0.9, 0.9], false],
  ])('after %j: %s', (noise, expected) => {
    expect(needsRound(noise, 2)).toBe(expected);
  });
});

test('only a disturbed round gets a note', () => {
  expect([noteOf(0.05), noteOf(0.07)]).toEqual(['', ' (others took 7 % of the measured cores)']);
});
