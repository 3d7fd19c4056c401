/** Power of two choices (Mitzenmacher 2001): of two endpoints drawn at random the less loaded one. */

import type { Endpoint } from '../endpoint.ts';
import type { Accept, Picker, Policy, PolicyInputs } from './policy.ts';
import { WeightedDraw } from './weighted-draw.ts';

class LeastRequestsPicker implements Picker {
  readonly #draw: WeightedDraw;
  readonly #inputs: PolicyInputs;

  constructor(endpoints: readonly Endpoint[], inputs: PolicyInputs) {
    this.#draw = new WeightedDraw(endpoints);
    this.#inputs = inputs;
  }

  pick(_key: string, accept: Accept): Endpoint | undefined {
    const { random, loadOf } = this.#inputs;
    const one = this.#draw.draw(random, accept);
    if (one === undefined) return undefined;
    const two = this.#draw.draw(random, accept, one);
    if (two === undefined) return one;
    const loadOne = loadOf(one);
    const loadTwo = loadOf(two);
    // Between two that are idle the draw has done justice to the weights; the cost would always prefer the heavier.
    if (loadOne === 0 && loadTwo === 0) return one;
    return cost(loadOne, one) <= cost(loadTwo, two) ? one : two;
  }
}

/** What the endpoint would carry per unit of weight with one request more. */
function cost(load: number, endpoint: Endpoint): number {
  return (load + 1) / endpoint.weight;
}

export const leastRequests: Policy = {
  name: 'least_requests',
  keyed: false,
  build: (endpoints, inputs) => new LeastRequestsPicker(endpoints, inputs),
};
