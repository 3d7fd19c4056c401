import { describe, expect, it } from 'vitest';
import {
  boundedAddresses,
  type FoundService,
  MAX_ADDRESSES,
  MAX_SERVICES,
  namedEndpoint,
  preferredPlaces,
} from '../../src/named-endpoints.ts';

const found = (...addresses: string[]) => addresses.map((address) => ({ address, ttlSeconds: 1 }));
const srv = (text: string): FoundService => {
  const [priority = '', weight = '', port = '', target = ''] = text.split(' ');
  return { priority: Number(priority), weight: Number(weight), port: Number(port), target, ttlSeconds: 5 };
};

describe('addresses', () => {
  it('are each there once, in the same order whatever the order of the answer', () => {
    const { items, leftOut } = boundedAddresses(found('10.0.0.2', '10.0.0.1', '10.0.0.2', 'no address'));
    expect([items, leftOut]).toEqual([['10.0.0.1', '10.0.0.2'], []]);
  });

  it('beyond a thousand are left out, always the same ones', () => {
    const all = Array.from({ length: MAX_ADDRESSES + 5 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
    const { items, leftOut } = boundedAddresses(found(...all));
    expect([items.length, leftOut]).toEqual([MAX_ADDRESSES, ['5 addresses beyond the first 1000']]);
    expect(boundedAddresses(found(...all.toReversed())).items).toEqual(items);
  });
});

describe('services', () => {
  const CASES: readonly (readonly [string, readonly string[], readonly string[], readonly string[]])[] = [
    [
      'bring port and weight',
      ['0 5 8080 A.internal', '0 7 8081 b.internal'],
      ['a.internal 8080 5', 'b.internal 8081 7'],
      [],
    ],
    ['of the lowest priority are taken', ['20 1 1 a', '10 1 2 b', '10 1 3 c', '30 1 4 d'], ['b 2 1', 'c 3 1'], []],
    ['of weight 0 count as 1', ['0 0 1 a', '0 9 1 b'], ['a 1 1', 'b 1 9'], []],
    ['that are decidedly not available are none', ['0 0 0 '], [], []],
    ['at two ports of one host are two', ['0 1 2 a', '0 1 1 a'], ['a 1 1', 'a 2 1'], []],
    [
      'without a port or a host are left out, whatever their priority',
      ['0 1 0 a', '0 1 80 10.0.0.1', '0 1 80 a..b', '1 1 80 c'],
      ['c 80 1'],
      ['3 services without a host and a port'],
    ],
    ['are not there where there is no record', [], [], []],
  ];
  it.each(CASES)('%s', (_what, records, places, leftOut) => {
    const preferred = preferredPlaces(records.map(srv));
    expect(preferred.items.map(({ host, port, weight }) => `${host} ${port} ${weight}`)).toEqual(places);
    expect(preferred.leftOut).toEqual(leftOut);
  });

  it('beyond a hundred are left out', () => {
    const records = Array.from({ length: MAX_SERVICES + 1 }, (_, i) => srv(`0 1 ${i + 1} a`));
    const { items, leftOut } = preferredPlaces(records);
    expect([items.length, leftOut]).toEqual([MAX_SERVICES, ['1 services beyond the first 100']]);
  });
});

it.each([
  ['10.0.0.7', true, 'users.internal/10.0.0.7:8080'],
  ['2001:db8::7', true, 'users.internal/[2001:db8::7]:8080'],
  ['2001:db8::7', false, 'users.internal/2001:db8::7'],
])('an endpoint at %s has a name that stays the same', (address, withPort, id) => {
  const endpoint = namedEndpoint({ host: 'users.internal', port: 8080, weight: 3 }, address, withPort);
  expect(endpoint).toEqual({ id, host: address, port: 8080, weight: 3, health: 'up', healthReason: '' });
});
