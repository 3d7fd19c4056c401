/**
 * The weights of a split that somebody writes down outside of the configuration, and which are in force.
 *
 *   the key                        | weights in force             | source
 *   -------------------------------|------------------------------|-----------
 *   has not been read yet          | those of the configuration   | config
 *   has weights that fit the split | these                        | consul_kv
 *   has something else             | those that are               | as it is
 *   does not exist                 | those of the configuration   | config
 *   cannot be read                 | those that are               | as it is
 */
import type { KvReading } from '../src/consul/kv-value.ts';
import { weightsProblem } from './split.ts';

/** Weights by split ({@link splitName}), and then by the clusters of its arms. Fit for a message between threads. */
export type SplitWeights = ReadonlyMap<string, ReadonlyMap<string, number>>;

export function splitName(listener: string, route: string): string {
  return `${listener}/${route}`;
}

export interface WeightsState {
  /** In the order of the arms. */
  readonly weights: readonly number[];
  readonly source: 'config' | 'consul_kv';
  /** Why the key is not followed at the moment, in words that follow its name; undefined where it is. */
  readonly problem: string | undefined;
}

export interface SplitArms {
  readonly arms: readonly string[];
  /** Of the configuration. */
  readonly configured: readonly number[];
}

export function configuredWeights({ configured }: SplitArms): WeightsState {
  return { weights: configured, source: 'config', problem: undefined };
}

/** What follows from one reading of the key. */
export function nextWeights(state: WeightsState, reading: KvReading, split: SplitArms): WeightsState {
  if (reading.kind === 'failed') return { ...state, problem: `cannot be read: ${reading.error.message}` };
  if (reading.value.kind === 'absent') return configuredWeights(split);
  const read = readWeights(reading.value.text, split.arms);
  if (typeof read === 'string') return { ...state, problem: read };
  return { weights: read, source: 'consul_kv', problem: undefined };
}

/** More than any sensible split has arms. */
const MAX_NAMES = 1_000;
const EXCERPT = 64;

/**
 * `{"products": 80, "products-canary": 20}`: a JSON object with a weight for each arm and for nothing else. Returns the
 * weights in the order of the arms, or what is wrong, in words that follow the name of the key.
 */
export function readWeights(text: string | undefined, arms: readonly string[]): readonly number[] | string {
  if (text === undefined) return 'is too large or no text';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'is not JSON';
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'is not an object of weights';
  // A Map, because the names come from outside.
  const given = new Map<string, unknown>(Object.entries(value).slice(0, MAX_NAMES));
  const unknown = [...given.keys()].find((name) => !arms.includes(name));
  if (unknown !== undefined) return `names ${JSON.stringify(unknown.slice(0, EXCERPT))}, which is no arm of the split`;
  const weights: number[] = [];
  for (const arm of arms) {
    const weight = given.get(arm);
    if (weight === undefined) return `has no weight for ${arm}`;
    if (typeof weight !== 'number') return `has a weight for ${arm} that is no number`;
    weights.push(weight);
  }
  const problem = weightsProblem(weights, arms.length);
  return problem === undefined ? weights : `has weights that ${problem}`;
}

/** The weights of a split in the order of its arms; undefined where there are none for exactly these. */
export function fittingWeights(given: ReadonlyMap<string, number> | undefined, arms: readonly string[]) {
  if (given === undefined || given.size !== arms.length) return undefined;
  const weights = arms.flatMap((arm) => given.get(arm) ?? []);
  return weights.length === arms.length ? weights : undefined;
}
