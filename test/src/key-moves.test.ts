import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Policy } from '../../src/balance/policy.ts';
import { ringHash } from '../../src/balance/ring-hash.ts';
import { type DiscoveredEndpoint, endpointId } from '../../src/endpoint.ts';
import { murmur3 } from '../../src/hash.ts';
import { reportMoves } from '../../src/key-moves.ts';
import { sampledKey } from '../../src/key-shares.ts';
import { offlineSnapshot } from '../../src/offline-snapshot.ts';
import { anyone, discovered } from '../support/endpoints.ts';

const KEYS = 2_000;

const moves = (
  before: readonly DiscoveredEndpoint[],
  after: readonly DiscoveredEndpoint[],
  policy: Policy = ringHash,
) => reportMoves(offlineSnapshot(before, policy), offlineSnapshot(after, policy), KEYS);

const fleet = (count: number) => Array.from({ length: count }, (_, i) => discovered(`node-${i}/web-${i}`));

/** Hashes modulo the number of endpoints: what a ring is there to avoid. */
const modulo: Policy = {
  name: 'modulo',
  keyed: 'request',
  build: (endpoints) => ({ pick: (key) => endpoints[murmur3(key) % Math.max(1, endpoints.length)] }),
};

/** Any change of a set of up to eight: some leave, some join, some get another weight. */
const change = fc.uniqueArray(fc.stringMatching(/^[a-z0-9]{1,6}$/), { minLength: 1, maxLength: 8 }).chain((ids) => {
  const weights = fc.array(fc.integer({ min: -1, max: 3 }), { minLength: ids.length, maxLength: ids.length });
  const setOf = (of: readonly number[]) =>
    ids.flatMap((id, i) => ((of[i] as number) < 0 ? [] : [discovered(`${id}*${of[i]}`)]));
  return fc.tuple(weights.map(setOf), weights.map(setOf));
});

describe('on a ring', () => {
  test('the loss of one of ten moves its keys, which is all that has to move, and no others', () => {
    const set = fleet(10);
    const report = moves(set, set.slice(1));
    expect(report.collateral).toBe(0);
    expect(report.needed).toBeCloseTo(0.1, 9);
    const [gone, ...others] = report.endpoints;
    expect(gone).toMatchObject({ id: 'node-0/web-0', weightBefore: 1, weightAfter: null, shareAfter: 0 });
    expect(gone!.lost).toBe(report.moved);
    expect(others.every(({ lost }) => lost === 0)).toBe(true);
    expect(others.reduce((sum, { gained }) => sum + gained, 0)).toBe(report.moved);
  });

  test('no change has collateral', () => {
    fc.assert(
      fc.property(change, ([before, after]) => {
        expect(moves(before, after).collateral).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  test('one that comes while another goes is not taken for it', () => {
    const report = moves([discovered('a'), discovered('b')], [discovered('a'), discovered('c')]);
    expect(report.endpoints.map(({ id, weightBefore, weightAfter }) => [id, weightBefore, weightAfter])).toEqual([
      ['a', 1, 1],
      ['b', 1, null],
      ['c', null, 1],
    ]);
    const [, b, c] = report.endpoints;
    expect(b!.lost).toBe(Math.round(b!.shareBefore * KEYS));
    expect(c!.gained).toBe(Math.round(c!.shareAfter * KEYS));
    expect(report.fingerprintBefore).not.toBe(report.fingerprintAfter);
  });

  test('health moves nothing here: an endpoint that is down keeps its keys', () => {
    const set = fleet(4);
    const [first, ...others] = set;
    const down = { ...(first as DiscoveredEndpoint), health: 'down' as const, healthReason: 'x' };
    expect(moves(set, [down, ...others]).moved).toBe(0);
  });
});

test('what is counted is what picking each key before and after gives, whatever the policy', () => {
  fc.assert(
    fc.property(change, fc.constantFrom(ringHash, modulo), ([before, after], policy) => {
      const report = moves(before, after, policy);
      const [old, next] = [offlineSnapshot(before, policy), offlineSnapshot(after, policy)];
      const owners = Array.from({ length: KEYS }, (_, i) => [
        old.picker.pick(sampledKey(i), anyone)?.id,
        next.picker.pick(sampledKey(i), anyone)?.id,
      ]);
      expect(report.moved).toBe(owners.filter(([from, to]) => from !== to).length);
      for (const { id, shareBefore, shareAfter, gained, lost } of report.endpoints) {
        expect(shareBefore * KEYS).toBeCloseTo(owners.filter(([from]) => from === id).length, 6);
        expect(shareAfter * KEYS).toBeCloseTo(owners.filter(([, to]) => to === id).length, 6);
        expect(gained - lost).toBeCloseTo((shareAfter - shareBefore) * KEYS, 6);
      }
    }),
    { numRuns: 30 },
  );
});

test('a policy that moves keys between those that stay is found out', () => {
  const set = fleet(10);
  const report = moves(set, set.slice(0, 9), modulo);
  // Of ten that become nine, modulo keeps about a tenth of the keys where they were.
  expect(report.moved / KEYS).toBeGreaterThan(0.8);
  expect(report.collateral / KEYS).toBeGreaterThan(0.7);
  expect(report.collateral).toBeLessThan(report.moved);
});

test('without endpoints before or after, all keys come or go', () => {
  const one = [{ ...discovered('a'), id: endpointId('a') }];
  expect(moves([], one)).toMatchObject({ moved: KEYS, collateral: 0, needed: 1 });
  expect(moves(one, [])).toMatchObject({ moved: KEYS, collateral: 0, needed: 1 });
  expect(moves([], [])).toMatchObject({ moved: 0, needed: 0, endpoints: [] });
});
