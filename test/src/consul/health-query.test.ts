import { describe, expect, it } from 'vitest';
import { deadlineMs, describeQuery, fairWaitMs, healthPath } from '../../../src/consul/health-query.ts';

describe('the path', () => {
  it('asks to wait for a change of one service', () => {
    expect(healthPath({ service: 'web', tags: [], datacenter: undefined }, 12n, 60_000)).toBe(
      '/v1/health/service/web?index=12&wait=60s&stale',
    );
  });

  it('names every tag and the datacenter, and escapes what people write', () => {
    expect(healthPath({ service: 'a/b?c', tags: ['v2', 'x&dc=y'], datacenter: 'dc 2' }, 0n, 5_500)).toBe(
      '/v1/health/service/a%2Fb%3Fc?index=0&wait=5.5s&stale&tag=v2&tag=x%26dc%3Dy&dc=dc%202',
    );
  });
});

it('silence counts as failure after the wait, its sixteenth and ten seconds', () => {
  expect(deadlineMs(7n, 60_000)).toBe(73_750);
  expect(deadlineMs(0n, 60_000)).toBe(10_000);
});

it.each([
  [1, 60, 60_000],
  [60, 60, 60_000],
  [61, 60, 9_836],
  [120, 60, 5_000],
  [10_000, 60, 1_000],
])('%i watches on %i slots wait %i ms, so that all take turns', (watches, slots, expected) => {
  expect(fairWaitMs(watches, slots)).toBe(expected);
});

it('a query is described by what makes it different from others', () => {
  expect(describeQuery({ service: 'web', tags: [], datacenter: undefined })).toBe('web');
  expect(describeQuery({ service: 'web', tags: ['a', 'b'], datacenter: 'dc2' })).toBe('web tag=a tag=b dc=dc2');
});
