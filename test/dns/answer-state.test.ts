import { expect, it } from 'vitest';
import { type AnswerState, ToldAnswers } from '../../dns/answer-state.ts';

const STATE = {
  name: 'www.lb.test',
  known: true,
  isStale: false,
  addresses: ['192.0.2.1'],
  weights: [1],
  ttlSeconds: 5,
} as unknown as AnswerState;

it.each([
  ['the same again', {}, false],
  ['another TTL', { ttlSeconds: 4 }, true],
  ['other addresses', { addresses: ['192.0.2.2'] }, true],
  ['other weights', { weights: [2] }, true],
  ['that it is stale', { isStale: true }, true],
  ['that nobody knows it', { known: false }, true],
  ['another name', { name: 'api.lb.test' }, true],
])('%s is told once: %o', (_what, change, isNews) => {
  const told = new ToldAnswers();
  expect(told.isNews(STATE)).toBe(true);
  const next = { ...STATE, ...change } as AnswerState;
  expect(told.isNews(next)).toBe(isNews);
  expect(told.isNews({ ...next })).toBe(false);
});
