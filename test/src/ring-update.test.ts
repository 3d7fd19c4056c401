import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Endpoint } from '../../src/endpoint.ts';
import { murmur3 } from '../../src/hash.ts';
import { buildRing, type Ring, ringFingerprint, walkRing } from '../../src/ring.ts';
import { MAX_RING_WEIGHT } from '../../src/ring-points.ts';
import { updateRing } from '../../src/ring-update.ts';
import { anyone, endpoints, fleet } from '../support/endpoints.ts';

/** A set of up to 12 endpoints with weights from 0 to 3. */
const someSet = fc
  .uniqueArray(fc.constantFrom(...'abcdefghijkl'.split('')), { maxLength: 12 })
  .chain((ids) =>
    fc
      .array(fc.nat(3), { minLength: ids.length, maxLength: ids.length })
      .map((weights) => endpoints(...ids.map((id, i) => `node-${id}/web*${weights[i]}`))),
  );

function expectSame(ring: Ring, built: Ring): void {
  expect(ring.hashes).toEqual(built.hashes);
  expect(ring.owners).toEqual(built.owners);
  expect(ring.starts).toEqual(built.starts);
  expect(ring.shift).toBe(built.shift);
  expect(ring.endpoints.map(({ id }) => id)).toEqual(built.endpoints.map(({ id }) => id));
}

describe('a ring made from another', () => {
  test('is the one that would be built anew, whatever happened in between', () => {
    fc.assert(
      fc.property(fc.array(someSet, { minLength: 1, maxLength: 6 }), (sets) => {
        let ring = buildRing([]);
        for (const held of sets) {
          ring = updateRing(ring, held);
          expectSame(ring, buildRing(held));
        }
      }),
    );
  });

  const hundred = fleet(100);
  const reweigh = (weight: number): readonly Endpoint[] =>
    hundred.map((endpoint, i) => (i === 40 ? { ...endpoint, weight } : endpoint));

  test.each<[string, readonly Endpoint[], readonly Endpoint[]]>([
    ['the first leaves', hundred, hundred.slice(1)],
    ['the last leaves', hundred, hundred.slice(0, -1)],
    ['one joins', hundred.toSpliced(50, 1), hundred],
    ['one doubles its weight', hundred, reweigh(2)],
    ['one loses its weight', hundred, reweigh(0)],
    ['one has more weight than all may have', hundred, reweigh(MAX_RING_WEIGHT + 7)],
    ['one joins with whom the weights of all count as halves', fleet(100, 70), fleet(101, 70)],
    ['one leaves without whom they count as they are', fleet(101, 70), fleet(101, 70).slice(1)],
    ['one changes its weight where all count as less', fleet(10, 60_000), fleet(10, 60_000).with(3, hundred[3]!)],
    ['half leave and others join', hundred.slice(0, 60), hundred.slice(40)],
    ['nothing changes', hundred, hundred],
    ['equal points are about', fleet(200, 20), fleet(200, 20).toSpliced(9, 1)],
  ])('is right when %s', (_what, before, after) => {
    expectSame(updateRing(buildRing(before), after), buildRing(after));
    expect(ringFingerprint(updateRing(buildRing(before), after))).toBe(ringFingerprint(buildRing(after)));
  });

  test('hands out the objects of the new set, not those that it replaced', () => {
    const before = fleet(5);
    const after = before.map((endpoint) => ({ ...endpoint, host: '192.0.2.1' }));
    const ring = updateRing(buildRing(before), after);
    for (let i = 0; i < 50; i += 1) expect(after).toContain(walkRing(ring, murmur3(`user-${i}`), anyone));
  });

  test('leaves the ring it was made from as it was', () => {
    const before = buildRing(hundred);
    const print = ringFingerprint(before);
    updateRing(before, hundred.slice(7));
    expect(ringFingerprint(before)).toBe(print);
    expectSame(before, buildRing(hundred));
  });
});
