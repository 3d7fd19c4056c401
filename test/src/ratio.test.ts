import { expect, test } from 'vitest';
import { formatRatio, parseRatio } from '../../src/ratio.ts';

test.each([
  ['15%', 0.15],
  ['0%', 0],
  ['100%', 1],
  ['0.5%', 0.005],
])('%s is %d', (text, ratio) => {
  expect(parseRatio(text)).toBeCloseTo(ratio, 12);
});

test.each(['15', '0.15', '-5%', '101%', '100.1%', '%', '1e1%', ' 15%', '15 %', '15%%', ''])(
  '%j is no ratio',
  (text) => {
    expect(parseRatio(text)).toBeUndefined();
  },
);

test.each([
  [0, '0.0 %'],
  [0.25, '25.0 %'],
  [1 / 3, '33.3 %'],
  [0.000_01, '<0.1 %'],
  [1, '100.0 %'],
])('%d is shown as %s', (ratio, text) => {
  expect(formatRatio(ratio)).toBe(text);
});
