/** Turns in proportion to weight, spread as evenly as they can be: nginx's smooth weighted round robin. */
import type { Endpoint } from '../endpoint.ts';

/**
 * Each turn every candidate gains its weight as credit, the richest is taken and pays the sum of the candidates'
 * weights (nginx, `ngx_http_upstream_get_peer`): 5/1/1 gives a a b a c a a.
 */
export class SmoothRotation {
  readonly endpoints: readonly Endpoint[];
  /** Credit of `endpoints[i]`, in units of weight. */
  readonly #credit: Float64Array;

  /** Endpoints of weight 0 are left out. `previous` hands its credits on, so that a rebuild is no fresh start. */
  constructor(endpoints: readonly Endpoint[], previous: SmoothRotation | undefined) {
    this.endpoints = endpoints.filter((endpoint) => endpoint.weight > 0);
    this.#credit = new Float64Array(this.endpoints.length);
    if (previous !== undefined) this.#inherit(previous);
  }

  /** Credit follows weight, or one that went from weight 100 to 1 would sit out its debt for a hundred turns. */
  #inherit(previous: SmoothRotation): void {
    const former = new Map(previous.endpoints.map(({ id, weight }, i) => [id, (previous.#credit[i] ?? 0) / weight]));
    for (const [i, { id, weight }] of this.endpoints.entries()) this.#credit[i] = (former.get(id) ?? 0) * weight;
  }

  /** Whose turn it is among the first `count` of `candidates` (indices in `endpoints`; at least one); takes the turn. */
  take(candidates: Uint32Array, count: number): Endpoint {
    const credit = this.#credit;
    let total = 0;
    let best = candidates[0] as number;
    for (let n = 0; n < count; n += 1) {
      const i = candidates[n] as number;
      const { weight } = this.endpoints[i] as Endpoint;
      total += weight;
      credit[i] = (credit[i] as number) + weight;
      if ((credit[i] as number) > (credit[best] as number)) best = i;
    }
    credit[best] = (credit[best] as number) - total;
    return this.endpoints[best] as Endpoint;
  }
}
