import { describe, expect, test } from 'vitest';
import { POLICIES, POLICY_NAMES } from '../../src/balance/policies.ts';
import { ringHash } from '../../src/balance/ring-hash.ts';
import { reportShares, sampledKey } from '../../src/key-shares.ts';
import { offlineSnapshot } from '../../src/offline-snapshot.ts';
import { anyone, discovered } from '../support/endpoints.ts';

const KEYS = 20_000;

describe.each(POLICY_NAMES.filter((name) => POLICIES[name].keyed))('the shares of %s', (name) => {
  const policy = POLICIES[name];
  const set = [discovered('a'), discovered('b*3'), discovered('none*0')];

  test('are what picking each key gives', () => {
    const snapshot = offlineSnapshot(set, policy);
    const report = reportShares(snapshot, 500);
    const owners = Array.from({ length: 500 }, (_, i) => snapshot.picker.pick(sampledKey(i), anyone)?.id);
    for (const { id, actual } of report.endpoints) {
      expect(actual).toBe(owners.filter((owner) => owner === id).length / 500);
    }
  });

  test('add up to all keys and follow the weights', () => {
    const { endpoints, keys, worst, fingerprint } = reportShares(offlineSnapshot(set, policy), KEYS);
    expect(keys).toBe(KEYS);
    expect(endpoints.map(({ id, expected }) => [id, expected])).toEqual([
      ['a', 0.25],
      ['b', 0.75],
      ['none', 0],
    ]);
    expect(endpoints.reduce((sum, { actual }) => sum + actual, 0)).toBeCloseTo(1, 9);
    for (const { expected, actual } of endpoints) expect(Math.abs(actual - expected)).toBeLessThan(0.05);
    expect(worst).toBeGreaterThanOrEqual(1);
    expect(worst).toBeLessThan(1.25);
    expect(fingerprint).toBe(offlineSnapshot(set, policy).fingerprint);
  });
});

test('an endpoint that is down keeps its share of the keys, and has none of them now', () => {
  const set = [discovered('a'), discovered('b'), discovered('c', { health: 'down', healthReason: 'x' })];
  const { endpoints } = reportShares(offlineSnapshot(set, ringHash), KEYS);
  const [a, b, c] = endpoints;
  expect(c).toMatchObject({ status: 'down', now: 0 });
  expect(c!.actual).toBeGreaterThan(0.25);
  expect(a!.now + b!.now).toBeCloseTo(1, 9);
  expect(a!.now).toBeGreaterThan(a!.actual);
});

test('without endpoints, or without any weight, nobody has a share', () => {
  expect(reportShares(offlineSnapshot([], ringHash), 10)).toMatchObject({ endpoints: [], worst: 0 });
  const { endpoints, worst } = reportShares(offlineSnapshot([discovered('a*0')], ringHash), 10);
  expect({ endpoints, worst }).toMatchObject({ endpoints: [{ expected: 0, actual: 0 }], worst: 0 });
});
