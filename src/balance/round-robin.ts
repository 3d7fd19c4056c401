/** Smooth weighted round robin: nginx's algorithm, which never sends a burst to the heavy one. */
import type { Endpoint } from '../endpoint.ts';
import type { Accept, Picker, Policy } from './policy.ts';

/**
 * Each turn every accepted endpoint gains its weight, the richest is taken and pays the sum of the weights
 * (nginx, `ngx_http_upstream_get_peer`): 5/1/1 gives a a b a c a a.
 */
class RoundRobinPicker implements Picker {
  readonly #endpoints: readonly Endpoint[];
  /** Credit of `#endpoints[i]`. */
  readonly #credit: Float64Array;

  constructor(endpoints: readonly Endpoint[], previous: Picker | undefined) {
    this.#endpoints = endpoints.filter((endpoint) => endpoint.weight > 0);
    this.#credit = new Float64Array(this.#endpoints.length);
    if (previous instanceof RoundRobinPicker) this.#inherit(previous);
  }

  /** Credits survive a rebuild, or every change of the set would send the next requests to the first endpoint. */
  #inherit(previous: RoundRobinPicker): void {
    const former = new Map(previous.#endpoints.map((endpoint, i) => [endpoint.id, previous.#credit[i] ?? 0]));
    for (const [i, endpoint] of this.#endpoints.entries()) this.#credit[i] = former.get(endpoint.id) ?? 0;
  }

  pick(_key: string, accept: Accept): Endpoint | undefined {
    const credit = this.#credit;
    let total = 0;
    let best = -1;
    for (let i = 0; i < credit.length; i += 1) {
      const endpoint = this.#endpoints[i] as Endpoint;
      if (!accept(endpoint)) continue;
      total += endpoint.weight;
      credit[i] = (credit[i] as number) + endpoint.weight;
      if (best < 0 || (credit[i] as number) > (credit[best] as number)) best = i;
    }
    if (best < 0) return undefined;
    credit[best] = (credit[best] as number) - total;
    return this.#endpoints[best];
  }
}

export const roundRobin: Policy = {
  name: 'round_robin',
  keyed: false,
  build: (endpoints, inputs) => new RoundRobinPicker(endpoints, inputs.previous),
};
