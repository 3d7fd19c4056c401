import { describe, expect, test } from 'vitest';
import { StickyPins } from '../../../sidecar/io/sticky-pins.ts';
import { type Endpoint, endpointId, holdEndpoint } from '../../../src/endpoint.ts';

const SECRET = '0123456789abcdef';

function endpointsOf(ids: readonly string[], port = 80): readonly Endpoint[] {
  return ids.map((id, slot) =>
    holdEndpoint(
      { id: endpointId(id), host: '192.0.2.1', port: port + slot, weight: 1, health: 'up', healthReason: '' },
      slot,
    ),
  );
}

describe('values of a sticky cookie', () => {
  const ids = Array.from({ length: 200 }, (_, i) => `node/${i}`);

  test('find their endpoints again, and each of them only its own', () => {
    const endpoints = endpointsOf(ids);
    const pins = new StickyPins(SECRET, 'app');
    const values = endpoints.map((endpoint) => pins.valueOf(endpoint, endpoints));
    expect(new Set(values).size).toBe(ids.length);
    expect(values.map((value) => pins.find(value, endpoints))).toEqual(endpoints);
  });

  test('outlive every change of the set but the loss of their endpoint', () => {
    const pins = new StickyPins(SECRET, 'app');
    const before = endpointsOf(ids);
    const value = pins.valueOf(before[7]!, before);
    // Others have come and gone, and this one has another address.
    const after = endpointsOf(['new', ...ids.slice(5)], 9_000);
    expect(pins.find(value, after)).toBe(after.find(({ id }) => id === 'node/7'));
    expect(pins.find(value, endpointsOf(ids.slice(8)))).toBeUndefined();
    expect(pins.find(value, before)).toBe(before[7]);
  });

  test('depend on secret, cluster and endpoint, however their names are cut', () => {
    const values = [
      [SECRET, 'app', 'a'],
      [`${SECRET}!`, 'app', 'a'],
      [SECRET, 'next', 'a'],
      [SECRET, 'app', 'b'],
      [SECRET, 'app","a', 'b'],
      [SECRET, 'app', 'a","b'],
    ].map(([secret = '', cluster = '', id = '']) => {
      const endpoints = endpointsOf([id]);
      return new StickyPins(secret, cluster).valueOf(endpoints[0]!, endpoints);
    });
    expect(new Set(values).size).toBe(values.length);
  });

  test('stay what they are from release to release, or an upgrade would move everybody', () => {
    const endpoints = endpointsOf(['node/web-1']);
    expect(new StickyPins(SECRET, 'app').valueOf(endpoints[0]!, endpoints)).toMatchInlineSnapshot(
      `"aIkX4oEc1aBH3KdvSeqD9cjdGScht1v_"`,
    );
  });
});
