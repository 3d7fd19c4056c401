import { expect, test } from 'vitest';
import { sameValue } from '../../src/same-value.ts';

test.each([
  ['equal trees', { a: [1, { b: 'x' }], c: undefined }, { a: [1, { b: 'x' }] }, true],
  ['keys in another order', { a: 1, b: 2 }, { b: 2, a: 1 }, true],
  ['a value', { a: 1 }, { a: 2 }, false],
  ['a key', { a: 1 }, { a: 1, b: 1 }, false],
  ['an order', [1, 2], [2, 1], false],
  ['a length', [1], [1, undefined], false],
  ['a list and a mapping', [], {}, false],
  ['null and a mapping', null, {}, false],
  ['NaN', Number.NaN, Number.NaN, true],
  ['kinds', 1, '1', false],
  ['objects that are no plain data', new Map(), new Map(), false],
  ['a name that every object has', {}, { constructor: 1 }, false],
])('%s', (_, a, b, same) => {
  expect(sameValue(a, b)).toBe(same);
  expect(sameValue(b, a)).toBe(same);
});
