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
    const { random } = this.#inputs;
    const one = this.#draw.draw(random, accept);
    if (one === undefined) return undefined;
    // Two draws that give the same endpoint are no choice; a third settles it often enough for small sets.
    let two = this.#draw.draw(random, accept);
    if (two === one) two = this.#draw.draw(random, accept);
    return two === undefined || this.#cost(one) <= this.#cost(two) ? one : two;
  }

  /** With equal weights the number in flight; otherwise what one more request would cost per unit of weight. */
  #cost(endpoint: Endpoint): number {
    return (this.#inputs.loadOf(endpoint) + 1) / endpoint.weight;
  }
}

export const leastRequests: Policy = {
  name: 'least_requests',
  keyed: false,
  build: (endpoints, inputs) => new LeastRequestsPicker(endpoints, inputs),
};
