import { expect, it } from 'vitest';
import { nextIndex } from '../../../src/consul/cursor.ts';

it.each([
  ['grows', 5n, '6', 6n],
  ['stays', 5n, '5', 5n],
  ['is the first', 0n, '812', 812n],
  ['goes backwards', 900n, '12', 0n],
  ['is zero', 5n, '0', 1n],
  ['is negative', 5n, '-3', 1n],
  ['is missing', 5n, undefined, 1n],
  ['is empty', 5n, '', 1n],
  ['is no number', 5n, '12abc', 1n],
  ['is a fraction', 5n, '7.5', 1n],
  ['is beyond 2^53, where numbers lose digits', 9_007_199_254_740_992n, '9007199254740993', 9_007_199_254_740_993n],
  ['is the largest of 64 bits', 5n, '18446744073709551615', 18_446_744_073_709_551_615n],
  ['is beyond 64 bits', 5n, '18446744073709551616', 1n],
  ['is endless', 5n, '9'.repeat(400), 1n],
])('an index that %s', (_what, asked, header, next) => {
  expect(nextIndex(asked, header)).toBe(next);
});
