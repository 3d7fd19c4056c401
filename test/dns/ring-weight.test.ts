import { expect, it } from 'vitest';
import { ringWeightLimit } from '../../dns/ring-weight.ts';

function members(count: number, weight: number): readonly { weight: number }[] {
  return Array.from({ length: count }, () => ({ weight }));
}

it.each([
  ['nobody', [], 100],
  ['two with the most that Consul allows', members(2, 65_535), 100],
  ['twenty with as much as may be', members(20, 100), 100],
  ['one more', members(21, 100), 50],
  ['many small ones and a large one', [...members(190, 10), { weight: 65_535 }], 100],
  ['sixty-one with the most that Consul allows', members(61, 65_535), 25],
  ['as many addresses as an answer may have', members(2_000, 65_535), 1],
  ['more than that', members(5_000, 1), 1],
])('the weights of %s count up to a number', (_who, all, limit) => {
  expect(ringWeightLimit(all)).toBe(limit);
});
