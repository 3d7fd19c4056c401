/** The endpoint with the least work per unit of weight, found by looking at all; equals take turns by weight. */
import type { Endpoint } from '../endpoint.ts';
import type { Accept, Picker, Policy, PolicyInputs } from './policy.ts';
import { SmoothRotation } from './smooth-rotation.ts';

class LeastConnectionsPicker implements Picker {
  readonly #rotation: SmoothRotation;
  readonly #inputs: PolicyInputs;
  /** Scratch of one pick: indices of the equally least loaded ones. */
  readonly #least: Uint32Array;

  constructor(endpoints: readonly Endpoint[], inputs: PolicyInputs) {
    const { previous } = inputs;
    this.#inputs = inputs;
    this.#rotation = new SmoothRotation(
      endpoints,
      previous instanceof LeastConnectionsPicker ? previous.#rotation : undefined,
    );
    this.#least = new Uint32Array(this.#rotation.endpoints.length);
  }

  pick(_key: string, accept: Accept): Endpoint | undefined {
    const { endpoints } = this.#rotation;
    let count = 0;
    let lowest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < endpoints.length; i += 1) {
      const endpoint = endpoints[i] as Endpoint;
      const cost = this.#inputs.loadOf(endpoint) / endpoint.weight;
      if (cost > lowest || !accept(endpoint)) continue;
      if (cost < lowest) count = 0;
      lowest = cost;
      this.#least[count++] = i;
    }
    return count === 0 ? undefined : this.#rotation.take(this.#least, count);
  }
}

export const leastConnections: Policy = {
  name: 'least_connections',
  keyed: false,
  build: (endpoints, inputs) => new LeastConnectionsPicker(endpoints, inputs),
};
