import { describe, expect, test } from 'vitest';
import { outcomeOfStatus, outcomeWithoutAnswer, retryAfterMs } from '../../sidecar/try-outcome.ts';

test.each([
  [200, 'answered'],
  [304, 'answered'],
  [404, 'answered'],
  [428, 'answered'],
  [429, 'failed'],
  [499, 'answered'],
  [500, 'failed'],
  [503, 'failed'],
  [599, 'failed'],
])('an answer of %i counts as %s', (status, outcome) => {
  expect(outcomeOfStatus(status)).toBe(outcome);
});

test.each([
  ['connect_failed', false, false, 'failed'],
  ['upstream_reset', false, true, 'failed'],
  ['upstream_reset', true, true, undefined],
  ['bad_response', true, true, 'failed'],
  ['timeout', false, true, 'failed'],
  ['timeout', false, false, undefined],
  ['cancelled', true, true, 'abandoned'],
] as const)('%s (kept connection: %s, whole request: %s) counts as %s', (outcome, isReused, isWhole, told) => {
  expect(outcomeWithoutAnswer(outcome, { isReused, isWhole })).toBe(told);
});

describe('Retry-After', () => {
  const head = (...fields: string[]): string => ['HTTP/1.1 503 Busy', ...fields, ''].join('\r\n');

  test.each([
    [head('retry-after: 7'), 7_000],
    [head('x: 1', 'Retry-After:120', 'y: 2'), 120_000],
    [head('RETRY-AFTER: \t 3 \t'), 3_000],
    [head(), 0],
    [head('x-retry-after: 7'), 0],
    [head('retry-after: soon'), 0],
    [head('retry-after: -5'), 0],
    [head('retry-after: 1.5'), 0],
    [head('retry-after: Wed, 21 Oct 2015 07:28:00 GMT'), 0],
    [head(`retry-after: ${'9'.repeat(40)}`), 0],
  ])('of %j is %i ms', (text, ms) => {
    expect(retryAfterMs(text)).toBe(ms);
  });
});
