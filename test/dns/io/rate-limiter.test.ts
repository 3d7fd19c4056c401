import { expect, it } from 'vitest';
import { rateLimiter } from '../../../dns/io/rate-limiter.ts';

const CONFIG = { responses_per_second: 1, window: 1_000, slip: 0, exempt: ['192.0.2.0/25', '2001:db8::1'] };

it.each([
  ['192.0.2.1', 'answer'],
  ['192.0.2.129', 'drop'],
  ['2001:db8::1', 'answer'],
  ['2001:db8::2', 'drop'],
])('%s: %s', (address, verdict) => {
  const limit = rateLimiter(CONFIG);
  limit?.decide(address, 0);
  expect(limit?.decide(address, 0)).toBe(verdict);
});

it('there is none without a configuration', () => {
  expect(rateLimiter(undefined)).toBeUndefined();
});
