import { describe, expect, it } from 'vitest';
import { balancedTtlSeconds, ttlSeconds } from '../../src/answer-ttl.ts';

describe('the TTL of a balanced answer', () => {
  it.each([
    [3_000, 2_000, 30_000, 3],
    [1_000, 2_000, 30_000, 2],
    [0, 2_000, 30_000, 2],
    [Infinity, 2_000, 30_000, 30],
    [60_000, 2_000, 30_000, 30],
    [3_999, 2_000, 30_000, 3],
    [300, 0, 30_000, 0],
    [300, 100, 30_000, 1],
    [0, 0, 30_000, 0],
    [5_000, 10_000, 4_000, 4],
  ])('%d ms until a change, between %d and %d ms: %d s', (flipMs, minMs, maxMs, seconds) => {
    expect(balancedTtlSeconds(flipMs, minMs, maxMs)).toBe(seconds);
  });
});

it.each([
  [0, 0],
  [1, 1],
  [999, 1],
  [1_999, 1],
  [60_000, 60],
])('a configured TTL of %d ms is %d s', (ms, seconds) => {
  expect(ttlSeconds(ms)).toBe(seconds);
});
