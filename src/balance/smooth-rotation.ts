/** Turns in proportion to weight, spread as evenly as they can be: nginx's smooth weighted round robin. */
import type { Endpoint } from '../endpoint.ts';

/** Who takes turns; ids are unique. */
export interface Weighted {
  readonly id: string;
  readonly weight: number;
}

/**
 * Each turn every candidate gains its weight as credit, the richest is taken and pays the sum of the candidates'
 * weights (nginx, `ngx_http_upstream_get_peer`): 5/1/1 gives a a b a c a a.
 */
export class SmoothRotation<Turn extends Weighted = Endpoint> {
  readonly endpoints: readonly Turn[];
  /** Credit of `endpoints[i]`, in units of weight. */
  readonly #credit: Float64Array;

  /** Endpoints of weight 0 are left out. `previous` hands its credits on, so that a rebuild is no fresh start. */
  constructor(endpoints: readonly Turn[], previous: SmoothRotation<Turn> | undefined) {
    this.endpoints = endpoints.filter((endpoint) => endpoint.weight > 0);
    this.#credit = new Float64Array(this.endpoints.length);
    if (previous !== undefined) this.#inherit(previous);
  }

  /**
   * Credit follows the weights' sum, by which it is counted in turns that are due: or one that went from weight 100 to 1,
   * or those who stay when one of weight 100 leaves, would sit out a debt or take what is due for a hundred turns.
   */
  #inherit(previous: SmoothRotation<Turn>): void {
    const [before, now] = [previous.endpoints, this.endpoints].map(totalWeight) as [number, number];
    const former = new Map(previous.endpoints.map(({ id }, i) => [id, previous.#credit[i] ?? 0]));
    for (const [i, { id }] of this.endpoints.entries()) {
      const credit = former.get(id) ?? 0;
      // Not divided without need: a rounding error would decide between equals.
      this.#credit[i] = before === now || credit === 0 ? credit : (credit / before) * now;
    }
  }

  /** Whose turn it is among the first `count` of `candidates` (indices in `endpoints`; at least one); takes the turn. */
  take(candidates: Uint32Array, count: number): Turn {
    const credit = this.#credit;
    let total = 0;
    let best = candidates[0] as number;
    for (let n = 0; n < count; n += 1) {
      const i = candidates[n] as number;
      const { weight } = this.endpoints[i] as Turn;
      total += weight;
      credit[i] = (credit[i] as number) + weight;
      if ((credit[i] as number) > (credit[best] as number)) best = i;
    }
    credit[best] = (credit[best] as number) - total;
    return this.endpoints[best] as Turn;
  }
}

function totalWeight(turns: readonly Weighted[]): number {
  return turns.reduce((sum, { weight }) => sum + weight, 0);
}
