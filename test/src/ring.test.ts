import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Endpoint, endpointId } from '../../src/endpoint.ts';
import { murmur3 } from '../../src/hash.ts';
import { buildRing, pointAfter, type Ring, ringFingerprint, walkRing } from '../../src/ring.ts';
import { POINTS_PER_WEIGHT } from '../../src/ring-points.ts';
import { anyone, endpoints, fleet, seeded } from '../support/endpoints.ts';

const KEYS = Array.from({ length: 4_000 }, (_, i) => murmur3(`user-${i}`));

const ownerOf = (ring: Ring, hash: number, accept: (endpoint: Endpoint) => boolean = anyone): string | undefined =>
  walkRing(ring, hash, accept)?.id;

/** Which id each of KEYS goes to. */
const assign = (
  held: readonly Endpoint[],
  accept?: (endpoint: Endpoint) => boolean,
): readonly (string | undefined)[] => {
  const ring = buildRing(held);
  return KEYS.map((hash) => ownerOf(ring, hash, accept));
};

const reweigh = (held: readonly Endpoint[], index: number, weight: number): readonly Endpoint[] =>
  held.map((endpoint, i) => (i === index ? { ...endpoint, weight } : endpoint));

/** Sets of 2 to 12 endpoints with different ids and weights from 1 to 4, and the index of one of them. */
const setAndOne = fc
  .uniqueArray(fc.stringMatching(/^[a-z0-9/-]{1,20}$/), { minLength: 2, maxLength: 12 })
  .chain((ids) =>
    fc.record({
      held: fc
        .array(fc.integer({ min: 1, max: 4 }), { minLength: ids.length, maxLength: ids.length })
        .map((weights) => endpoints(...ids.map((id, i) => `${id}*${weights[i]}`))),
      one: fc.integer({ min: 0, max: ids.length - 1 }),
    }),
  );

describe('the points of a ring', () => {
  test('number 160 per unit of weight, in ascending order, each an endpoint id hashed with its number', () => {
    const held = endpoints('a', 'b*3', 'none*0');
    const ring = buildRing(held);
    expect(ring.hashes.length).toBe(4 * POINTS_PER_WEIGHT);
    expect(ring.endpoints.map((endpoint) => endpoint.id)).toEqual(['a', 'b']);
    const expected = held.flatMap(({ id, weight }) =>
      Array.from({ length: weight * POINTS_PER_WEIGHT }, (_, i) => [murmur3(id, i), id] as const),
    );
    expected.sort(([a], [b]) => a - b);
    expect([...ring.hashes].map((hash, i) => [hash, ring.endpoints[ring.owners[i]!]!.id])).toEqual(expected);
  });

  test('of equal hash are ordered by endpoint id', () => {
    // 640,000 points in 2^32 places: some fifty pairs fall on the same one.
    const ring = buildRing(fleet(200, 20));
    let twins = 0;
    for (let i = 1; i < ring.hashes.length; i += 1) {
      if (ring.hashes[i] !== ring.hashes[i - 1]) continue;
      twins += 1;
      expect(ring.owners[i - 1]!).toBeLessThanOrEqual(ring.owners[i]!);
    }
    expect(twins).toBeGreaterThan(0);
  });
});

describe('pointAfter', () => {
  test('finds the first point at or after a hash, and after the last point the first', () => {
    const ring = buildRing(fleet(3));
    const check = (hash: number): void => {
      const found = [...ring.hashes].findIndex((point) => point >= hash);
      expect(pointAfter(ring, hash)).toBe(Math.max(found, 0));
    };
    for (const hash of [0, 1, 0xffffffff, ...KEYS.slice(0, 200)]) check(hash);
    for (const point of ring.hashes) for (const hash of [point - 1, point, point + 1]) check(Math.max(0, hash));
  });
});

describe('walkRing', () => {
  test('of an empty ring, or one of weight 0 only, finds nobody', () => {
    expect(ownerOf(buildRing([]), 1)).toBeUndefined();
    expect(ownerOf(buildRing(endpoints('a*0')), 1)).toBeUndefined();
  });

  test('asks each endpoint once, in the order of the ring', () => {
    const ring = buildRing(fleet(10));
    for (const hash of KEYS.slice(0, 50)) {
      const asked: string[] = [];
      expect(walkRing(ring, hash, (endpoint) => asked.push(endpoint.id) < 0)).toBeUndefined();
      const start = pointAfter(ring, hash);
      const inOrder = Array.from({ length: ring.owners.length }, (_, step) => {
        const owner = ring.owners[(start + step) % ring.owners.length]!;
        return ring.endpoints[owner]!.id;
      });
      expect(asked).toEqual([...new Set(inOrder)]);
    }
  });

  test('finds the only one that is accepted, wherever the walk begins', () => {
    const held = fleet(20);
    for (const only of held) {
      expect(new Set(assign(held, (endpoint) => endpoint === only))).toEqual(new Set([only.id]));
    }
  });
});

describe('which keys move', () => {
  test('when one leaves: its own, and no others', () => {
    fc.assert(
      fc.property(setAndOne, ({ held, one }) => {
        const before = assign(held);
        const after = assign(held.filter((_, i) => i !== one));
        const gone = held[one]!.id;
        expect(before.filter((owner, i) => owner !== gone && owner !== after[i])).toEqual([]);
        expect(after).not.toContain(gone);
      }),
      { numRuns: 30 },
    );
  });

  test('when one joins: those it takes, and no others', () => {
    fc.assert(
      fc.property(setAndOne, ({ held, one }) => {
        const before = assign(held.filter((_, i) => i !== one));
        const after = assign(held);
        expect(after.filter((owner, i) => owner !== held[one]!.id && owner !== before[i])).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  test('when one doubles its weight: those it gains, and no others', () => {
    fc.assert(
      fc.property(setAndOne, ({ held, one }) => {
        const before = assign(held);
        const after = assign(reweigh(held, one, held[one]!.weight * 2));
        expect(after.filter((owner, i) => owner !== held[one]!.id && owner !== before[i])).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  test('when one is refused: its own, to where they would go if it had left', () => {
    fc.assert(
      fc.property(setAndOne, ({ held, one }) => {
        const down = assign(held, (endpoint) => endpoint !== held[one]);
        expect(down).toEqual(assign(held.filter((_, i) => i !== one)));
      }),
      { numRuns: 20 },
    );
  });

  test('when addresses change: none', () => {
    const held = fleet(8);
    expect(assign(held.map((endpoint) => ({ ...endpoint, host: '192.0.2.1', port: 1 })))).toEqual(assign(held));
  });

  test('when one of ten leaves: at most 1.1 × the ideal tenth, on the mean of 20 sets', () => {
    let moved = 0;
    for (let set = 0; set < 20; set += 1) {
      const held = endpoints(...Array.from({ length: 10 }, (_, i) => `host-${set * 31 + i}/users-${set}-${i}`));
      const before = assign(held);
      const after = assign(held.filter((_, i) => i !== set % 10));
      moved += before.filter((owner, i) => owner !== after[i]).length / KEYS.length;
    }
    expect(moved / 20).toBeLessThanOrEqual(1.1 * 0.1);
    expect(moved / 20).toBeGreaterThan(0.08);
  });
});

describe('the order in which endpoints arrive', () => {
  test('never matters, neither to the ring nor to its fingerprint', () => {
    fc.assert(
      fc.property(setAndOne, fc.nat(), ({ held }, seed) => {
        const random = seeded(seed);
        const order = new Map(held.map((endpoint) => [endpoint, random()]));
        const shuffled = held.toSorted((a, b) => order.get(a)! - order.get(b)!);
        const [one, two] = [buildRing(held), buildRing(shuffled)];
        expect(two.hashes).toEqual(one.hashes);
        expect(two.owners).toEqual(one.owners);
        expect(ringFingerprint(two)).toBe(ringFingerprint(one));
      }),
      { numRuns: 30 },
    );
  });
});

describe('shares', () => {
  /** Exact: the length of the arcs, not a sample of keys. */
  function sharesOf(held: readonly Endpoint[]): ReadonlyMap<string, number> {
    const ring = buildRing(held);
    const shares = new Map<string, number>();
    ring.hashes.forEach((hash, i) => {
      const before = i === 0 ? ring.hashes.at(-1)! - 2 ** 32 : ring.hashes[i - 1]!;
      const id = ring.endpoints[ring.owners[i]!]!.id;
      shares.set(id, (shares.get(id) ?? 0) + (hash - before) / 2 ** 32);
    });
    return shares;
  }

  test.each([
    ['node names', fleet(10)],
    ['addresses', endpoints(...Array.from({ length: 10 }, (_, i) => `10.0.0.${i + 1}:8080`))],
    ['short names', endpoints('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j')],
  ])('of ten equals are within 1.25 × the mean (%s)', (_what, held) => {
    const shares = [...sharesOf(held).values()];
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
    expect(Math.max(...shares) * 10).toBeLessThanOrEqual(1.25);
  });

  test('follow weights', () => {
    const shares = sharesOf(endpoints('node-1/web-1*1', 'node-2/web-2*2', 'node-3/web-3*5'));
    expect(shares.get('node-1/web-1')! * 8).toBeCloseTo(1, 0);
    expect(shares.get('node-2/web-2')! * 8).toBeGreaterThan(1.6);
    expect(shares.get('node-2/web-2')! * 8).toBeLessThan(2.4);
    expect(shares.get('node-3/web-3')! * 8).toBeGreaterThan(4.5);
  });
});

describe('ringFingerprint', () => {
  test('is eight hex digits, and another one for another id or weight', () => {
    const of = (...texts: string[]) => ringFingerprint(buildRing(endpoints(...texts)));
    const prints = [of(), of('a'), of('a*2'), of('b'), of('a', 'b'), of('a*2', 'b'), of('a', 'b*2')];
    for (const print of prints) expect(print).toMatch(/^[0-9a-f]{8}$/);
    expect(new Set(prints).size).toBe(prints.length);
    expect(of('a', 'b*0')).toBe(of('a'));
  });

  test('is the same in every version of this program: another would move keys while old and new run side by side', () => {
    expect(ringFingerprint(buildRing(endpoints('n1/users-1', 'n2/users-2', 'n3/users-3*2')))).toBe('e2f49194');
    expect(ownerOf(buildRing(endpoints('n1/users-1', 'n2/users-2', 'n3/users-3*2')), murmur3('42'))).toBe('n3/users-3');
  });

  test('hashes an id as the bytes of its text, not as its characters', () => {
    const [held] = [{ ...endpoints('x')[0]!, id: endpointId('é') }];
    expect(buildRing([held]).hashes).toContain(murmur3('\xc3\xa9', 0));
  });
});
