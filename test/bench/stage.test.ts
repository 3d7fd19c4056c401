import { describe, expect, test } from 'vitest';
import { coresOf } from '../../bench/stage.ts';

describe('cores', () => {
  test.each([
    [[0, 1], { proxy: [0], load: [1], pair: [0, 1], beside: [0, 1] }],
    [[2, 5, 6], { proxy: [2], load: [5, 6], pair: [2, 5], beside: [6] }],
    [[0, 1, 2, 3], { proxy: [0], load: [1, 2, 3], pair: [0, 1], beside: [2, 3] }],
  ])('%j are divided between what is measured and the rest', (allowed, expected) => {
    expect(coresOf(allowed)).toEqual(expected);
  });

  test.each([[[]], [[3]]])('%j are too few', (allowed) => {
    expect(coresOf(allowed)).toBeUndefined();
  });
});
