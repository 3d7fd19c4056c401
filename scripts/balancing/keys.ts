/** Which keys move when a set changes, and how evenly keys are spread. */
import { type PolicyName, policyFor } from '../../src/balance/policies.ts';
import type { Accept } from '../../src/balance/policy.ts';
import type { Endpoint } from '../../src/endpoint.ts';
import { type Effort, type Figure, meanOf, percent, shownOf } from './figure.ts';
import { ANYONE, fleet, keysOf, worldOf } from './fleet.ts';

type Keyed = Extract<PolicyName, 'ring_hash' | 'maglev'>;

/** For each key the slot of its endpoint, which here is the same as long as the endpoint is. */
function homesOf(policy: Keyed, endpoints: readonly Endpoint[], keys: readonly string[], accept = ANYONE): Int32Array {
  const picker = policyFor({ policy }).build(endpoints, worldOf(endpoints));
  return Int32Array.from(keys, (key) => picker.pick(key, accept)?.slot ?? -1);
}

interface Change {
  readonly name: string;
  /** What comes of the set without its last, which is the one that joins. */
  after(all: readonly Endpoint[], one: Endpoint): readonly Endpoint[];
  accept?(one: Endpoint): Accept;
  /** The one whose keys may come or go. */
  one(all: readonly Endpoint[]): Endpoint;
  /** The share of the keys that has to move. */
  ideal(count: number): number;
}

const middle = (all: readonly Endpoint[]): Endpoint => all[(all.length - 1) >> 1] as Endpoint;
const withoutLast = (all: readonly Endpoint[]): readonly Endpoint[] => all.slice(0, -1);

const CHANGES: readonly Change[] = [
  {
    name: 'leaves',
    after: (all, one) => withoutLast(all).filter((it) => it !== one),
    one: middle,
    ideal: (count) => 1 / count,
  },
  {
    name: 'joins',
    after: (all) => all,
    one: (all) => all.at(-1) as Endpoint,
    ideal: (count) => 1 / (count + 1),
  },
  {
    name: 'is down or ejected',
    after: withoutLast,
    accept: (one) => (endpoint) => endpoint !== one,
    one: middle,
    ideal: (count) => 1 / count,
  },
  {
    name: 'doubles its weight',
    after: (all, one) => withoutLast(all).map((it) => (it === one ? { ...it, weight: 2 } : it)),
    one: middle,
    ideal: (count) => 1 / (count + 1) - 1 / (count * (count + 1)),
  },
];

interface Moves {
  /** Keys that went elsewhere. */
  readonly moved: number;
  /** Those of them that neither left the one that changed nor came to it. */
  readonly collateral: number;
}

/** What each change moves, in the order of `changes`. */
function movesOf(
  policy: Keyed,
  changes: readonly Change[],
  all: readonly Endpoint[],
  keys: readonly string[],
): readonly Moves[] {
  const before = homesOf(policy, withoutLast(all), keys);
  return changes.map((change) => {
    const one = change.one(all);
    const after = homesOf(policy, change.after(all, one), keys, change.accept?.(one));
    let moved = 0;
    let collateral = 0;
    for (const [i, home] of before.entries()) {
      if (home === after[i]) continue;
      moved += 1;
      if (home !== one.slot && after[i] !== one.slot) collateral += 1;
    }
    return { moved, collateral };
  });
}

/** Keys that move without need, at worst over all numbers of endpoints. */
export function collateralFigure({ keys: count, sizes }: Effort): Figure {
  const keys = keysOf(count);
  const worstOf = (policy: Keyed): readonly number[] => {
    const bySize = sizes.map((size) => movesOf(policy, CHANGES, fleet(size + 1), keys));
    return CHANGES.map((_, i) => Math.max(...bySize.map((moves) => moves[i]?.collateral ?? 0)));
  };
  const [rings, tables] = [worstOf('ring_hash'), worstOf('maglev')];
  const broken: string[] = [];
  const rows = CHANGES.map(({ name }, i) => {
    const [ring = 0, table = 0] = [rings[i], tables[i]];
    if (ring > 0) broken.push(`ring_hash moves ${ring} keys without need when one ${name}`);
    if (table > count / 100) broken.push(`maglev moves over 1 % of the keys without need when one ${name}`);
    return [`one ${name}`, String(ring), `${table} (${percent(table / count)})`];
  });
  return {
    name: 'collateral',
    table: [['change', '`ring_hash`', '`maglev`'], ...rows],
    note: `Of ${count.toLocaleString('en')} keys, the most over sets of ${sizes[0]} to ${sizes.at(-1)} endpoints.`,
    broken,
  };
}

/** Health is no reason for new shares, and moves what leaving moves. */
const REWEIGHING = CHANGES.filter(({ name }) => name !== 'is down or ejected');

/** Keys that move in all, as a multiple of what has to: means over many sets. */
export function movedFigure({ keys: all, sizes, sets }: Effort): Figure {
  const count = all / 5;
  const keys = keysOf(count);
  const broken: string[] = [];
  const rows = shownOf(sizes).map((size) => {
    const bySet = Array.from({ length: sets }, (_, set) =>
      movesOf('ring_hash', REWEIGHING, fleet(size + 1, set), keys),
    );
    const ratios = REWEIGHING.map((change, i) => {
      const ratio = meanOf(bySet.map((moves) => moves[i]?.moved ?? 0)) / count / change.ideal(size);
      if (ratio > 1.1) broken.push(`${ratio.toFixed(3)} × the ideal share moves when one of ${size} ${change.name}`);
      return ratio;
    });
    return [String(size), ...ratios.map((ratio) => ratio.toFixed(3))];
  });
  return {
    name: 'moved',
    table: [['endpoints', 'one leaves', 'one joins', 'one doubles its weight'], ...rows],
    note: `\`ring_hash\`: keys that moved ÷ keys that had to; the mean of ${sets} sets, ${count.toLocaleString('en')} keys each.`,
    broken,
  };
}
