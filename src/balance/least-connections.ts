/** The endpoint with the least work per unit of weight, found by looking at all; ties are broken in rotation. */
import type { Endpoint } from '../endpoint.ts';
import type { Accept, Picker, Policy, PolicyInputs } from './policy.ts';

class LeastConnectionsPicker implements Picker {
  readonly #endpoints: readonly Endpoint[];
  readonly #inputs: PolicyInputs;
  /** Where the next scan starts, so that equals take turns. */
  #next = 0;

  constructor(endpoints: readonly Endpoint[], inputs: PolicyInputs) {
    this.#endpoints = endpoints.filter((endpoint) => endpoint.weight > 0);
    this.#inputs = inputs;
    if (inputs.previous instanceof LeastConnectionsPicker) this.#next = inputs.previous.#next;
  }

  pick(_key: string, accept: Accept): Endpoint | undefined {
    const count = this.#endpoints.length;
    let best = -1;
    let lowest = Number.POSITIVE_INFINITY;
    for (let step = 0; step < count; step += 1) {
      const i = (this.#next + step) % count;
      const endpoint = this.#endpoints[i] as Endpoint;
      const cost = this.#inputs.loadOf(endpoint) / endpoint.weight;
      if (cost >= lowest || !accept(endpoint)) continue;
      lowest = cost;
      best = i;
    }
    if (best < 0) return undefined;
    this.#next = (best + 1) % count;
    return this.#endpoints[best];
  }
}

export const leastConnections: Policy = {
  name: 'least_connections',
  keyed: false,
  build: (endpoints, inputs) => new LeastConnectionsPicker(endpoints, inputs),
};
