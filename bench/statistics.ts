/** What is told of a handful of turns: the middle and how far apart they were. */

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** Median, least and greatest; of an even number the median is the mean of the middle two. Undefined for nothing. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const [least, most] = [sorted[0], sorted.at(-1)];
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  if (least === undefined || most === undefined || low === undefined || high === undefined) return undefined;
  return { median: (low + high) / 2, least, most };
}

/**
 * Each value by the reference of the same turn: what disturbs the machine for a while disturbs both. Turns without
 * either are left out.
 */
export function ratioSpread(values: Turns, references: Turns): Spread | undefined {
  return pairSpread(values, references, (value, reference) => (reference === 0 ? undefined : value / reference));
}

/** As {@link ratioSpread}, with how much each value is above its reference. */
export function differenceSpread(values: Turns, references: Turns): Spread | undefined {
  return pairSpread(values, references, (value, reference) => value - reference);
}

type Turns = readonly (number | undefined)[];

function pairSpread(
  values: Turns,
  references: Turns,
  compare: (value: number, reference: number) => number | undefined,
): Spread | undefined {
  const compared = values.map((value, turn) => {
    const reference = references[turn];
    return value === undefined || reference === undefined ? undefined : compare(value, reference);
  });
  return spreadOf(compared.filter((value) => value !== undefined));
}
