import { describe, expect, test } from 'vitest';
import { parseHostPort } from '../../src/address.ts';
import { policyFor } from '../../src/balance/policies.ts';
import { type Endpoint, endpointId, holdEndpoint } from '../../src/endpoint.ts';
import { buildNginxRing, nginxHash } from '../../src/nginx-ring.ts';
import { walkRing } from '../../src/ring.ts';
import { POINTS_PER_WEIGHT } from '../../src/ring-points.ts';
import { askNginx, findNginx, goldenKeys, readGolden, SETS } from '../golden/nginx-consistent.ts';
import { anyone, endpoints, worldOf } from '../support/endpoints.ts';

const golden = readGolden();
const nginx = findNginx();

/** One for each `server` line: its address is its id, as in a static list without ids. */
function endpointsOf(servers: readonly string[]): readonly Endpoint[] {
  return servers.map((line, slot) => {
    const [address = '', ...options] = line.split(' ');
    const weight = Number(options.find((it) => it.startsWith('weight='))?.slice(7) ?? 1);
    const discovered = { ...parseHostPort(address)!, id: endpointId(address), weight };
    return holdEndpoint({ ...discovered, health: 'up', healthReason: '' }, slot);
  });
}

/** In the form of the golden data: the index of each key's server, as one character. */
function ownersOf(servers: readonly string[]): string {
  const held = endpointsOf(servers);
  const byId = held.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const picker = policyFor({ policy: 'ring_hash', layout: 'nginx' }).build(byId, worldOf(held));
  const isUp = ({ slot }: Endpoint): boolean => !servers[slot]!.includes(' down');
  return goldenKeys()
    .map((key) => picker.pick(key, isUp)!.slot.toString(36))
    .join('');
}

describe(`where nginx ${golden.nginx} sends 10,000 keys with hash … consistent`, () => {
  test.each(Object.entries(golden.sets))('is where they go here: %s', (_name, { servers, owners }) => {
    expect(owners).toHaveLength(10_000);
    expect(ownersOf(servers)).toBe(owners);
  });

  test('was asked for the sets of the recipe', () => {
    expect(Object.entries(golden.sets).map(([name, { servers }]) => [name, servers])).toEqual(Object.entries(SETS));
  });

  test.skipIf(nginx === undefined)('is where the nginx of this machine sends them', { timeout: 60_000 }, async () => {
    expect((await askNginx(nginx!)).sets).toEqual(golden.sets);
  });
});

describe("nginx's ring", () => {
  test('depends on addresses and weights, not on ids', () => {
    const [one, two] = [
      ['a', 'b*3'],
      ['y', 'z*3'],
    ].map((texts) => buildNginxRing(endpoints(...texts)));
    expect(one!.hashes).toEqual(two!.hashes);
    expect(one!.hashes.length).toBeLessThanOrEqual(4 * POINTS_PER_WEIGHT);
  });

  test('keeps one of equal points, and still finds an endpoint that has none left', () => {
    const [first] = endpoints('a');
    const twin = { ...first!, id: endpointId('twin'), slot: 1 };
    const ring = buildNginxRing([twin, first!]);
    expect(ring.hashes).toHaveLength(POINTS_PER_WEIGHT);
    for (let i = 0; i < 50; i += 1) {
      expect(walkRing(ring, nginxHash(`user-${i}`), anyone)).toBe(first);
      expect(walkRing(ring, nginxHash(`user-${i}`), (endpoint) => endpoint === twin)).toBe(twin);
    }
  });

  test('of nobody is empty', () => {
    expect(walkRing(buildNginxRing([]), 1, anyone)).toBeUndefined();
    expect(walkRing(buildNginxRing(endpoints('a*0')), 1, anyone)).toBeUndefined();
  });

  test('is no beginning for our own, nor our own for it', () => {
    const held = endpoints('a', 'b', 'c', 'd');
    const pickersOf = (layout: 'nginx' | 'outrigger') => {
      const policy = policyFor({ policy: 'ring_hash', layout });
      const previous = policyFor({ policy: 'ring_hash', layout: layout === 'nginx' ? 'outrigger' : 'nginx' });
      const world = worldOf(held);
      const former = previous.build(held.slice(1), world);
      return [policy.build(held, world), policy.build(held, { ...world, previous: former })];
    };
    for (const layout of ['nginx', 'outrigger'] as const) {
      const [fresh, successor] = pickersOf(layout);
      expect(successor!.fingerprint).toBe(fresh!.fingerprint);
    }
  });
});
