/**
 * A split: which arm a key belongs to. Weighted rendezvous hashing: each arm draws a number for the key, smaller ones
 * the larger its weight, and the smallest wins. So a key goes from one arm to another only where the other's weight has
 * grown beside that one's: an arm that grows takes keys and loses none, one that shrinks gives keys and takes none,
 * and the order of the arms does not matter. The number of a key and an arm depends on nothing but the two and the seed.
 */
import { bytesOf, murmur3 } from '../src/hash.ts';

/** What `explain` tells of an arm and a key. */
export interface SplitChoice {
  readonly name: string;
  readonly weight: number;
  /** Of all keys, 0…1. */
  readonly share: number;
  /** With this share or more the arm would have this key, as long as the others keep their proportions. */
  readonly joinsAt: number;
}

export class Split {
  /** Names of the arms, in the order of the configuration. */
  readonly arms: readonly string[];
  readonly #seeds: Int32Array;
  #weights: readonly number[];

  /** `weights` as in {@link setWeights}. `seed` is a text of any kind. */
  constructor(arms: readonly string[], weights: readonly number[], seed: string) {
    this.arms = arms;
    const common = murmur3(bytesOf(seed));
    this.#seeds = Int32Array.from(arms, (arm) => murmur3(bytesOf(arm), common));
    this.#weights = weights;
    this.setWeights(weights);
  }

  get weights(): readonly number[] {
    return this.#weights;
  }

  /** From now on; throws where {@link weightsProblem} has something to say. */
  setWeights(weights: readonly number[]): void {
    const problem = weightsProblem(weights, this.arms.length);
    if (problem !== undefined) throw new RangeError(`the weights of a split ${problem}`);
    this.#weights = [...weights];
  }

  /** The place of the arm that `key`, a byte string, belongs to. */
  armOf(key: string): number {
    const weights = this.#weights;
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let arm = 0; arm < weights.length; arm += 1) {
      const weight = weights[arm] as number;
      if (weight === 0) continue;
      const drawn = this.#draw(key, arm) / weight;
      if (drawn >= least) continue;
      least = drawn;
      best = arm;
    }
    return best;
  }

  /** The arm at `at`, in [0, 1), of all weights: for requests that have no key. */
  armAt(at: number): number {
    const weights = this.#weights;
    let left = at * weights.reduce((sum, weight) => sum + weight, 0);
    for (let arm = 0; arm < weights.length; arm += 1) {
      left -= weights[arm] as number;
      if (left < 0) return arm;
    }
    return weights.findLastIndex((weight) => weight > 0);
  }

  /** What decides about a key, arm by arm. */
  choices(key: string): readonly SplitChoice[] {
    const weights = this.#weights;
    const sum = weights.reduce((all, weight) => all + weight, 0);
    const drawn = weights.map((_, arm) => this.#draw(key, arm));
    return this.arms.map((name, arm) => {
      const weight = weights[arm] as number;
      // It wins once drawn / weight is less than that of every other arm.
      const rivals = weights.map((it, other) => (other === arm ? 0 : it / (drawn[other] as number)));
      const needed = (drawn[arm] as number) * Math.max(...rivals);
      return { name, weight, share: weight / sum, joinsAt: needed === 0 ? 0 : needed / (needed + sum - weight) };
    });
  }

  /** Exponentially distributed, from the hash of the key as a fraction that is neither 0 nor 1. */
  #draw(key: string, arm: number): number {
    return -Math.log((murmur3(key, this.#seeds[arm] as number) + 0.5) / 4_294_967_296);
  }
}

const MAX_WEIGHT = 65_535;

/** What is wrong with the weights of a split of `arms` arms, in words that follow "the weights"; undefined where nothing. */
export function weightsProblem(weights: readonly number[], arms: number): string | undefined {
  if (weights.length !== arms) return `are ${weights.length}, and there are ${arms} arms`;
  if (!weights.every((it) => Number.isInteger(it) && it >= 0 && it <= MAX_WEIGHT)) {
    return `must be whole numbers from 0 to ${MAX_WEIGHT}`;
  }
  return weights.some((it) => it > 0) ? undefined : 'must not all be 0';
}
