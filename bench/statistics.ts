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
export function ratioSpread(
  values: readonly (number | undefined)[],
  references: readonly (number | undefined)[],
): Spread | undefined {
  const ratios = values.flatMap((value, turn) => {
    const reference = references[turn];
    return value === undefined || reference === undefined || reference === 0 ? [] : [value / reference];
  });
  return spreadOf(ratios);
}
