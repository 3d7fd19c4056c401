/** Bounds of load, as the policies that have them keep them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { policyFor } from '../../../src/balance/policies.ts';
import type { Picker } from '../../../src/balance/policy.ts';
import type { BoundedLoad } from '../../../src/config/balance-options.ts';
import type { Endpoint } from '../../../src/endpoint.ts';
import { anyone, endpoints, fleet, seeded, worldOf } from '../../support/endpoints.ts';

/** A policy at work: requests that last until they are told to end, and endpoints that go down. */
class Traffic {
  readonly held: readonly Endpoint[];
  readonly picker: Picker;
  readonly down = new Set<Endpoint>();
  readonly #load = new Map<Endpoint, number>();
  total = 0;

  constructor(policy: 'ring_hash' | 'maglev', held: readonly Endpoint[], bound?: BoundedLoad) {
    this.held = held;
    this.picker = policyFor({ policy, bounded_load: bound }).build(held, {
      ...worldOf(held),
      loadOf: (endpoint) => this.loadOf(endpoint),
      totalLoad: () => this.total,
      upWeight: () => this.upWeight,
    });
  }

  get upWeight(): number {
    return this.held.reduce((sum, endpoint) => (this.down.has(endpoint) ? sum : sum + endpoint.weight), 0);
  }

  loadOf(endpoint: Endpoint): number {
    return this.#load.get(endpoint) ?? 0;
  }

  isUp = (endpoint: Endpoint): boolean => !this.down.has(endpoint);

  begin(key: string, accept = this.isUp): Endpoint | undefined {
    const picked = this.picker.pick(key, accept);
    if (picked !== undefined) this.add(picked, 1);
    return picked;
  }

  add(endpoint: Endpoint, change: number): void {
    this.#load.set(endpoint, this.loadOf(endpoint) + change);
    this.total += change;
  }

  /** What an endpoint may have, were one more to come. */
  capacityOf({ weight }: Endpoint, { factor, min_slots: slots }: BoundedLoad): number {
    return Math.max(slots, Math.ceil((factor * (this.total + 1) * weight) / this.upWeight - 1e-9));
  }
}

describe.each(['ring_hash', 'maglev'] as const)('%s with bounded loads', (policy) => {
  const usual: BoundedLoad = { factor: 1.25, min_slots: 4 };

  test('never gives an endpoint more than its capacity, whatever comes and goes', () => {
    const scene = fc.record({
      weights: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 8 }),
      bound: fc.record({ factor: fc.double({ min: 1, max: 3, noNaN: true }), min_slots: fc.nat(6) }),
      down: fc.nat(7),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(scene, ({ weights, bound, down, seed }) => {
        const held = endpoints(...weights.map((weight, i) => `e${i}*${weight}`));
        const traffic = new Traffic(policy, held, bound);
        if (held.length > 1 && held[down] !== undefined) traffic.down.add(held[down]);
        const random = seeded(seed);
        const running: Endpoint[] = [];
        for (let i = 0; i < 300; i += 1) {
          if (running.length > 0 && random() < 0.4) {
            const [ended] = running.splice(Math.floor(random() * running.length), 1);
            traffic.add(ended!, -1);
          }
          const capacities = new Map(held.map((endpoint) => [endpoint, traffic.capacityOf(endpoint, bound)]));
          // Half of the traffic is one key.
          const picked = traffic.begin(random() < 0.5 ? 'hot' : `user-${i}`)!;
          expect(traffic.isUp(picked)).toBe(true);
          expect(traffic.loadOf(picked)).toBeLessThanOrEqual(capacities.get(picked)!);
          running.push(picked);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('with one key that carries half of the traffic stays below factor × mean + min_slots everywhere', () => {
    const bounded = new Traffic(policy, fleet(10), usual);
    const free = new Traffic(policy, fleet(10));
    for (const traffic of [bounded, free]) {
      for (let i = 0; i < 2_000; i += 1) traffic.begin(i % 2 === 0 ? 'hot' : `user-${i}`);
    }
    const fullest = (traffic: Traffic): number => Math.max(...traffic.held.map((it) => traffic.loadOf(it)));
    expect(fullest(bounded)).toBeLessThanOrEqual(1.25 * 200 + 4);
    expect(fullest(free)).toBeGreaterThan(1_000);
  });

  test('keeps every key at home while there is less to do than min_slots', () => {
    const traffic = new Traffic(policy, fleet(10), usual);
    const free = new Traffic(policy, fleet(10));
    for (let i = 0; i < 500; i += 1) {
      const home = free.picker.pick(`user-${i}`, anyone)!.id;
      const running = Array.from({ length: 4 }, () => traffic.begin(`user-${i}`)!);
      expect(running.map(({ id }) => id)).toEqual([home, home, home, home]);
      expect(traffic.begin(`user-${i}`)!.id).not.toBe(home);
      for (const endpoint of traffic.held) traffic.add(endpoint, -traffic.loadOf(endpoint));
    }
  });

  test('sends what is too much on to the next in order, and back home when there is room again', () => {
    const traffic = new Traffic(policy, fleet(5), { factor: 1, min_slots: 2 });
    const [home, second] = traffic.picker.locate!('hot').candidates.map(({ endpoint }) => endpoint);
    const picked = Array.from({ length: 4 }, () => traffic.begin('hot'));
    expect(picked).toEqual([home, home, second, second]);
    traffic.add(home!, -1);
    expect(traffic.begin('hot')).toBe(home);
  });

  test('gives the share of one that is down to the others', () => {
    const held = fleet(2);
    const traffic = new Traffic(policy, held, { factor: 1, min_slots: 0 });
    const [dead, other] = held as [Endpoint, Endpoint];
    traffic.down.add(dead);
    for (let i = 0; i < 50; i += 1) expect(traffic.begin(`user-${i}`)).toBe(other);
  });

  test('takes the least loaded for its weight when those with room have been tried, and never nobody', () => {
    const held = endpoints('a', 'b', 'c*4', 'd');
    const traffic = new Traffic(policy, held, { factor: 1, min_slots: 0 });
    const [a, b, c, d] = held as [Endpoint, Endpoint, Endpoint, Endpoint];
    traffic.add(a, 5);
    traffic.add(b, 4);
    traffic.add(c, 15);
    // d is idle and has room, and was tried already.
    for (let i = 0; i < 20; i += 1) {
      expect(traffic.picker.pick(`user-${i}`, (it) => it !== d)).toBe(c);
      expect(traffic.picker.pick(`user-${i}`, (it) => it !== d && it !== c)).toBe(b);
      expect(traffic.picker.pick(`user-${i}`, anyone)).toBe(d);
      expect(traffic.picker.pick(`user-${i}`, () => false)).toBeUndefined();
    }
  });

  test('does not count floating dust as a slot', () => {
    const held = fleet(11);
    const traffic = new Traffic(policy, held, { factor: 1.1, min_slots: 0 });
    // 1.1 × 10 / 11 is 1.0000000000000002 to a computer.
    for (let i = 0; i < 10; i += 1) traffic.begin('hot');
    expect(Math.max(...held.map((it) => traffic.loadOf(it)))).toBe(1);
  });

  test('tells whoever asks who is over its bound, and by how much', () => {
    const traffic = new Traffic(policy, fleet(3), { factor: 1, min_slots: 2 });
    const [home] = traffic.picker.locate!('hot').candidates.map(({ endpoint }) => endpoint);
    traffic.add(home!, 2);
    const { candidates } = traffic.picker.locate!('hot');
    expect(candidates.map(({ bound }) => bound)).toEqual([
      { load: 2, capacity: 2, isOver: true },
      { load: 0, capacity: 2, isOver: false },
      { load: 0, capacity: 2, isOver: false },
    ]);
    expect(traffic.begin('hot')).toBe(candidates[1]!.endpoint);
  });
});

test('loads are not looked at without a bound', () => {
  const picker = policyFor({ policy: 'ring_hash' }).build(fleet(3), {
    ...worldOf(fleet(3)),
    loadOf: () => {
      throw new Error('asked');
    },
  });
  expect(picker.pick('hot', anyone)).toBeDefined();
  expect(picker.locate!('hot').candidates.map(({ bound }) => bound)).toEqual([undefined, undefined, undefined]);
});
