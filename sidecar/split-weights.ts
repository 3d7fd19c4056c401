/** The weights of a split as somebody writes them down outside of the configuration: read strictly, taken as a whole. */

/** As many as a split may have in any sensible configuration; more is something else. */
const MAX_ARMS = 1_000;

/** In the order of the arms, or what is wrong, in words that follow "the value". */
export type ReadWeights = { readonly weights: readonly number[] } | { readonly problem: string };

/**
 * `{"products": 80, "products-canary": 20}`: a JSON object with the weight of each arm and of nothing else. `problemOf`
 * judges the weights as numbers.
 */
export function readWeights(
  text: string,
  arms: readonly string[],
  problemOf: (weights: readonly number[]) => string | undefined,
): ReadWeights {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: 'is not JSON' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { problem: 'must be an object of cluster names and weights' };
  }
  // A Map, because the names come from outside.
  const given = new Map(Object.entries(value).slice(0, MAX_ARMS + 1));
  const unknown = [...given.keys()].find((name) => !arms.includes(name));
  if (unknown !== undefined)
    return { problem: `names ${JSON.stringify(unknown.slice(0, 128))}, which is no arm of this split` };
  const missing = arms.find((name) => !given.has(name));
  if (missing !== undefined) return { problem: `has no weight for ${missing}` };
  const weights = arms.map((name) => given.get(name));
  if (!weights.every((weight) => typeof weight === 'number')) return { problem: 'has a weight that is no number' };
  const problem = problemOf(weights);
  return problem === undefined ? { weights } : { problem: `has weights that ${problem}` };
}
