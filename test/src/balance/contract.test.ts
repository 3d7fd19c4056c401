/** What every policy owes its caller, whatever it is. A new policy is in here as soon as it is in the table. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { POLICIES, POLICY_NAMES, type PolicyName } from '../../../src/balance/policies.ts';
import type { Picker } from '../../../src/balance/policy.ts';
import type { Endpoint } from '../../../src/endpoint.ts';
import { anyone, endpoints, seeded, worldOf } from '../../support/endpoints.ts';

/** A world for one policy: chance from a seed, and loads that the test sets by id. */
class World {
  readonly load = new Map<string, number>();
  readonly #random: () => number;
  readonly #name: PolicyName;

  constructor(name: PolicyName, seed = 1) {
    this.#name = name;
    this.#random = seeded(seed);
  }

  build(held: readonly Endpoint[], previous?: Picker): Picker {
    const loadOf = (endpoint: Endpoint): number => this.load.get(endpoint.id) ?? 0;
    return POLICIES[this.#name].build(held, { ...worldOf(held), random: this.#random, loadOf, previous });
  }

  /** Picks and begins work that does not end, as a caller under load does. */
  pickAndHold(picker: Picker, key: string): string | undefined {
    const picked = picker.pick(key, anyone)?.id;
    if (picked !== undefined) this.load.set(picked, (this.load.get(picked) ?? 0) + 1);
    return picked;
  }
}

/** Sets with weights from 0 on, and for each endpoint whether it is accepted and what it has in flight. */
const scene = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,4}$/), { maxLength: 9 }).chain((ids) =>
  fc.record({
    held: fc
      .array(fc.integer({ min: 0, max: 5 }), { minLength: ids.length, maxLength: ids.length })
      .map((weights) => endpoints(...ids.map((id, i) => `${id}*${weights[i]}`))),
    accepted: fc.subarray(ids).map((some) => new Set<string>(some)),
    loads: fc.array(fc.nat(20), { minLength: ids.length, maxLength: ids.length }),
    keys: fc.array(fc.string({ maxLength: 12 }), { minLength: 1, maxLength: 12 }),
    seed: fc.nat(),
  }),
);

describe.each(POLICY_NAMES)('%s', (name) => {
  test('goes by the name it has in the table', () => {
    expect(POLICIES[name].name).toBe(name);
  });

  test('picks one whenever one of positive weight is accepted, never a refused one, and else nobody', () => {
    fc.assert(
      fc.property(scene, ({ held, accepted, loads, keys, seed }) => {
        const world = new World(name, seed);
        held.forEach((endpoint, i) => {
          world.load.set(endpoint.id, loads[i]!);
        });
        const picker = world.build(held);
        const possible = held.filter((endpoint) => endpoint.weight > 0 && accepted.has(endpoint.id));
        for (const key of keys) {
          const picked = picker.pick(key, (endpoint) => accepted.has(endpoint.id));
          if (possible.length === 0) expect(picked).toBeUndefined();
          else expect(possible).toContain(picked);
        }
      }),
    );
  });

  test('can be asked again and again with those already tried refused, until everyone has been tried', () => {
    const held = endpoints('a', 'b*5', 'c*2', 'd');
    const picker = new World(name).build(held);
    for (let round = 0; round < 20; round += 1) {
      const tried = new Set<Endpoint>();
      for (;;) {
        const picked = picker.pick(`key-${round}`, (endpoint) => !tried.has(endpoint));
        if (picked === undefined) break;
        tried.add(picked);
      }
      expect(tried.size).toBe(4);
    }
  });

  test('asks about each endpoint a few times at most, and only about those of positive weight', () => {
    const held = endpoints(...Array.from({ length: 40 }, (_, i) => `e${i}*${i % 4}`));
    const picker = new World(name).build(held);
    for (const only of [undefined, held[5], held[39]]) {
      let asked = 0;
      picker.pick('key', (endpoint) => {
        asked += 1;
        expect(endpoint.weight).toBeGreaterThan(0);
        return endpoint === only;
      });
      expect(asked).toBeLessThanOrEqual(2 * (8 + 30));
    }
  });

  test('gives work in proportion to weight, to within a tenth, when work is held', () => {
    const world = new World(name);
    const picker = world.build(endpoints('node-1/web*1', 'node-2/web*2', 'node-3/web*4', 'node-4/web*0'));
    const picks = 7_000;
    for (let i = 0; i < picks; i += 1) world.pickAndHold(picker, `user-${i}`);
    const shares = ['node-1/web', 'node-2/web', 'node-3/web'].map((id) => (world.load.get(id) ?? 0) / (picks / 7));
    // A ring's shares are those of its points: 160 of them for the lightest, so some 8 % off.
    const slack = POLICIES[name].keyed === false ? 0.1 : 0.2;
    [1, 2, 4].forEach((weight, i) => {
      expect(Math.abs(shares[i]! / weight - 1)).toBeLessThan(slack);
    });
    expect(world.load.has('node-4/web')).toBe(false);
  });

  test('gives work in proportion to weight also while everyone is idle', () => {
    const picker = new World(name).build(endpoints('node-1/web*1', 'node-2/web*2', 'node-3/web*4'));
    const counts = new Map<string, number>();
    for (let i = 0; i < 7_000; i += 1) {
      const { id } = picker.pick(`user-${i}`, anyone)!;
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    const slack = POLICIES[name].keyed === false ? 0.1 : 0.2;
    ['node-1/web', 'node-2/web', 'node-3/web'].forEach((id, i) => {
      expect(Math.abs(counts.get(id)! / (1_000 * 2 ** i) - 1)).toBeLessThan(slack);
    });
  });

  test('survives any sequence of rebuilds: those who left are gone, those who joined get work', () => {
    const world = new World(name);
    const sets = [['a', 'b', 'c'], ['b', 'c*3', 'd'], [], ['d'], ['a*2', 'd', 'e*0'], ['e']];
    let picker: Picker | undefined;
    for (const texts of sets) {
      const held = endpoints(...texts);
      picker = world.build(held, picker);
      const picked = new Set<string | undefined>();
      for (let i = 0; i < 200; i += 1) picked.add(picker.pick(`user-${i}`, anyone)?.id);
      const able = held.filter((endpoint) => endpoint.weight > 0).map((endpoint) => endpoint.id);
      expect(picked).toEqual(new Set(able.length === 0 ? [undefined] : able));
    }
  });

  test('takes the picker of another policy for no predecessor', () => {
    const held = endpoints('a', 'b');
    for (const other of POLICY_NAMES) {
      const picker = new World(name).build(held, new World(other).build(held));
      expect(held).toContain(picker.pick('key', anyone));
    }
  });

  test('hands out the very objects it was built from', () => {
    const held = endpoints('a', 'b*2');
    const picker = new World(name).build(held);
    for (let i = 0; i < 20; i += 1) expect(held).toContain(picker.pick(`user-${i}`, anyone));
  });

  test('repeats itself with the same chance, loads and keys', () => {
    const run = (): readonly (string | undefined)[] => {
      const world = new World(name, 7);
      const picker = world.build(endpoints('a', 'b*2', 'c'));
      return Array.from({ length: 50 }, (_, i) => world.pickAndHold(picker, `user-${i}`));
    };
    expect(run()).toEqual(run());
  });

  test(
    POLICIES[name].keyed !== false ? 'gives a key to the same endpoint every time' : 'does not look at the key',
    () => {
      const picks = (keyOf: (i: number) => string): readonly (string | undefined)[] => {
        const world = new World(name, 3);
        const picker = world.build(endpoints('a', 'b*2', 'c', 'd'));
        return Array.from({ length: 60 }, (_, i) => picker.pick(keyOf(i), anyone)?.id);
      };
      if (POLICIES[name].keyed !== false) expect(new Set(picks(() => 'user-1')).size).toBe(1);
      else expect(picks((i) => `user-${i}`)).toEqual(picks(() => ''));
    },
  );
});
