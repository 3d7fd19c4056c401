import { expect, it } from 'vitest';
import { nextLookupMs } from '../../src/lookup-pace.ts';

it.each([
  ['a TTL', 30, 0, 30_000],
  ['a TTL, at most a tenth later', 30, 0.999_999, 33_000],
  ['a TTL of 0, as if it were a second', 0, 0, 1_000],
  ['a TTL that is none', -5, 0.5, 1_050],
  ['a TTL of a day, as if it were a minute', 86_400, 0, 60_000],
])('the next look-up comes after %s', (_what, ttlSeconds, random, ms) => {
  expect(nextLookupMs(ttlSeconds, random)).toBe(ms);
});
