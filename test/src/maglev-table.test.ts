import { describe, expect, test } from 'vitest';
import type { Endpoint } from '../../src/endpoint.ts';
import { murmur3 } from '../../src/hash.ts';
import { buildMaglevTable, MAGLEV_TABLE_SIZE, maglevFingerprint } from '../../src/maglev-table.ts';
import { walkOwners } from '../../src/owner-table.ts';
import { anyone, endpoints, fleet } from '../support/endpoints.ts';

/** Entries by id. */
function entriesOf(held: readonly Endpoint[]): ReadonlyMap<string, number> {
  const table = buildMaglevTable(held);
  const counts = new Map<string, number>();
  for (const owner of table.owners) {
    const { id } = table.endpoints[owner]!;
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

const ownersOf = (held: readonly Endpoint[]): readonly (string | undefined)[] => {
  const { owners, endpoints: owning } = buildMaglevTable(held);
  return Array.from(owners, (owner) => owning[owner]?.id);
};

test('the size of the table is prime, or some skips would not reach every entry', () => {
  for (let divisor = 2; divisor * divisor <= MAGLEV_TABLE_SIZE; divisor += 1) {
    expect(MAGLEV_TABLE_SIZE % divisor).not.toBe(0);
  }
});

describe('the shares of a table', () => {
  test.each([1, 2, 3, 7, 10, 100, 600])('of %i equals differ by one entry at most', (count) => {
    const entries = [...entriesOf(fleet(count)).values()];
    expect(entries).toHaveLength(count);
    expect(entries.reduce((sum, each) => sum + each, 0)).toBe(MAGLEV_TABLE_SIZE);
    expect(Math.max(...entries) - Math.min(...entries)).toBeLessThanOrEqual(1);
  });

  test.each([
    [['a', 'b*2', 'c*4']],
    [['a*3', 'b*5', 'c*7', 'd*11']],
    [['a*100', 'b*101']],
    [['a*1', 'b*99']],
    [['a*65535', 'b*65535', 'c*32768']],
  ])('of %j follow the weights to within one entry each', (texts) => {
    const held = endpoints(...texts);
    const total = held.reduce((sum, { weight }) => sum + weight, 0);
    const entries = entriesOf(held);
    for (const { id, weight } of held) {
      expect(Math.abs((entries.get(id) ?? 0) - (MAGLEV_TABLE_SIZE * weight) / total)).toBeLessThanOrEqual(1);
    }
  });

  test('of none, or of weight 0 only, are none', () => {
    for (const held of [[], endpoints('a*0')]) {
      const table = buildMaglevTable(held);
      expect(table.owners).toHaveLength(0);
      expect(walkOwners(table, 0, anyone)).toBeUndefined();
    }
  });
});

describe('a table', () => {
  /** The paper's pseudocode, line by line: permutations written out, and everyone's turn one after the other. */
  function asInThePaper(ids: readonly string[]): readonly string[] {
    const M = MAGLEV_TABLE_SIZE;
    const permutation = ids.map((id) => {
      const [offset, skip] = [murmur3(id, 0x6d61676c) % M, (murmur3(id, 0x65763136) % (M - 1)) + 1];
      return Array.from({ length: M }, (_, j) => (offset + j * skip) % M);
    });
    const next = ids.map(() => 0);
    const entry: string[] = [];
    for (let n = 0; ; ) {
      for (const [i, id] of ids.entries()) {
        let c = permutation[i]![next[i]!]!;
        while (entry[c] !== undefined) {
          next[i]! += 1;
          c = permutation[i]![next[i]!]!;
        }
        entry[c] = id;
        next[i]! += 1;
        n += 1;
        if (n === M) return entry;
      }
    }
  }

  test('of equals is that of the paper, whatever the order in which they arrived', () => {
    const held = fleet(5);
    expect(ownersOf(held)).toEqual(asInThePaper(held.map(({ id }) => id)));
    expect(ownersOf(held.toReversed())).toEqual(ownersOf(held));
  });

  test('moves few keys that need not move when one of ten leaves, and shares out those of the one that left', () => {
    const held = fleet(10);
    const before = ownersOf(held);
    const gone = held[3]!.id;
    const after = ownersOf(held.filter(({ id }) => id !== gone));
    const collateral = before.filter((owner, i) => owner !== gone && owner !== after[i]).length;
    expect(collateral / MAGLEV_TABLE_SIZE).toBeLessThan(0.01);
    const heirs = new Map<string | undefined, number>();
    before.forEach((owner, i) => {
      if (owner === gone) heirs.set(after[i], (heirs.get(after[i]) ?? 0) + 1);
    });
    expect(heirs.size).toBe(9);
    for (const inherited of heirs.values()) expect(inherited / (MAGLEV_TABLE_SIZE / 90)).toBeGreaterThan(0.8);
  });

  test('moves only the keys of one that is refused', () => {
    const held = fleet(10);
    const table = buildMaglevTable(held);
    const down = held[3]!;
    const heirs = new Set<string>();
    for (let entry = 0; entry < MAGLEV_TABLE_SIZE; entry += 1) {
      const owner = walkOwners(table, entry, anyone)!;
      const picked = walkOwners(table, entry, (endpoint) => endpoint !== down)!;
      if (owner === down) heirs.add(picked.id);
      else expect(picked).toBe(owner);
    }
    expect(heirs.size).toBe(9);
  });

  test('finds one that is too light for an entry of its own', () => {
    const held = endpoints('light*1', ...Array.from({ length: 9 }, (_, i) => `heavy-${i}*65535`));
    expect(entriesOf(held).has('light')).toBe(false);
    const asked: string[] = [];
    const picked = walkOwners(buildMaglevTable(held), 7, ({ id }) => asked.push(id) > 0 && id === 'light');
    expect(picked?.id).toBe('light');
    expect(asked).toHaveLength(10);
  });
});

describe('the fingerprint of a table', () => {
  const of = (...texts: string[]): string => maglevFingerprint(buildMaglevTable(endpoints(...texts)));

  test('is eight hex digits, and another one for another id or weight', () => {
    const prints = [of(), of('a'), of('b'), of('a', 'b'), of('a*2', 'b'), of('a', 'b*2')];
    for (const print of prints) expect(print).toMatch(/^[0-9a-f]{8}$/);
    expect(new Set(prints).size).toBe(prints.length);
    expect(of('a', 'b*0')).toBe(of('a'));
  });

  test('is the same in every version of this program: another would move keys while old and new run side by side', () => {
    expect(of('n1/users-1', 'n2/users-2', 'n3/users-3*2')).toBe('7c4b47b9');
  });
});
