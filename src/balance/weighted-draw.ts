/** Drawing an endpoint at random in proportion to its weight, in logarithmic time. */
import type { Endpoint } from '../endpoint.ts';
import type { Accept } from './policy.ts';

/** Draws before the exact way is taken: with half of the endpoints refused, eight draws fail once in 256 times. */
const QUICK_DRAWS = 8;

export class WeightedDraw {
  readonly endpoints: readonly Endpoint[];
  /** `#sums[i]` is the weight of the endpoints 0…i together. */
  readonly #sums: Float64Array;

  constructor(endpoints: readonly Endpoint[]) {
    this.endpoints = endpoints.filter((endpoint) => endpoint.weight > 0);
    this.#sums = new Float64Array(this.endpoints.length);
    let sum = 0;
    for (const [i, endpoint] of this.endpoints.entries()) this.#sums[i] = sum += endpoint.weight;
  }

  /**
   * One endpoint that `accept` allows and that is not `except`, with probability in proportion to weight;
   * undefined when there is none. Asks `accept` at most 8 times plus once per endpoint.
   */
  draw(random: () => number, accept: Accept, except?: Endpoint): Endpoint | undefined {
    if (this.endpoints.length === 0) return undefined;
    for (let i = 0; i < QUICK_DRAWS; i += 1) {
      const endpoint = this.#any(random());
      if (endpoint !== except && accept(endpoint)) return endpoint;
    }
    return this.#drawAccepted(
      random(),
      this.endpoints.filter((endpoint) => endpoint !== except && accept(endpoint)),
    );
  }

  /** The endpoint at fraction `at` of the total weight. */
  #any(at: number): Endpoint {
    const sums = this.#sums;
    const target = at * (sums[sums.length - 1] as number);
    let low = 0;
    let high = sums.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sums[middle] as number) <= target) low = middle + 1;
      else high = middle;
    }
    return this.endpoints[low] as Endpoint;
  }

  /** Exact, for the case in which most are refused. */
  #drawAccepted(at: number, accepted: readonly Endpoint[]): Endpoint | undefined {
    let target = at * accepted.reduce((sum, endpoint) => sum + endpoint.weight, 0);
    for (const endpoint of accepted) {
      target -= endpoint.weight;
      if (target < 0) return endpoint;
    }
    return accepted.at(-1);
  }
}
