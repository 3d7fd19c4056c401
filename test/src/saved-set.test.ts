import { expect, it } from 'vitest';
import { readSavedSet, writeSavedSet } from '../../src/saved-set.ts';
import { discovered } from '../support/endpoints.ts';

const SET = [
  discovered('n/a', { locality: 'dc1' }),
  discovered('n/b*7', { host: '::1', health: 'down', healthReason: 'check "x" is critical' }),
];

it('a set comes back as it was written', () => {
  expect(readSavedSet(writeSavedSet('consul web', SET), 'consul web')).toEqual(SET);
});

it.each([
  ['of another service', writeSavedSet('consul db', SET), 'it is of "consul db"'],
  ['that is cut', writeSavedSet('consul web', SET).slice(0, 50), 'it is not JSON'],
  ['that is empty', '', 'it is not JSON'],
  ['of another format', '{"format":2,"source":"consul web","endpoints":[]}', /^format: /],
  ['with a bad port', writeSavedSet('consul web', [discovered('a', { port: 70_000 })]), /^endpoints\.0\.port: /],
  ['with a bad host', writeSavedSet('consul web', [discovered('a', { host: 'a b' })]), /^endpoints\.0\.host: /],
  ['that is a list', '[]', /./],
])('a set %s is not used', (_what, text, reason) => {
  const read = readSavedSet(text, 'consul web');
  if (reason instanceof RegExp) expect(read).toMatch(reason);
  else expect(read).toBe(reason);
});
