/**
 * Consistent hashing with bounded loads (Mirrokni, Thorup, Zadimoghaddam 2016): nobody takes more than `factor` times
 * its fair share of the work in flight; what is beyond goes on to the next in the key's order.
 */
import type { BoundedLoad } from '../config/balance-options.ts';
import type { Endpoint } from '../endpoint.ts';
import type { Accept, Candidate, PolicyInputs } from './policy.ts';

type Loads = Pick<PolicyInputs, 'loadOf' | 'totalLoad' | 'upWeight'>;

const NOBODY: Accept = () => false;
/** The share of this pick has not been asked for yet. */
const UNKNOWN = -1;
/** What floating point adds to a product must not become a whole slot. */
const ROUNDING = 1e-9;

/**
 * Capacity of an endpoint = max(min_slots, ceil(factor × (work in flight + 1) × weight / weight of all that are up)).
 * One that is down takes no share: the others may carry what it cannot. Sums of these capacities exceed the work in
 * flight, so somebody always has room, unless those with room were tried already: then the one with the least work for
 * its weight is taken (the first in order of several). A bound alone never refuses a request.
 */
export class LoadBound {
  readonly #bound: BoundedLoad;
  readonly #loads: Loads;
  #accept: Accept = NOBODY;
  /** Slots per unit of weight. */
  #share = UNKNOWN;
  #leastLoaded: Endpoint | undefined;
  #leastLoad = 0;

  constructor(bound: BoundedLoad, loads: Loads) {
    this.#bound = bound;
    this.#loads = loads;
  }

  /** Begins a pick: `acceptWithin` allows what `accept` allows and what has room. */
  begin(accept: Accept): Accept {
    this.#accept = accept;
    this.#share = UNKNOWN;
    this.#leastLoaded = undefined;
    return this.#acceptWithin;
  }

  /** Ends a pick that found nobody with room: the least loaded of those that were accepted but for the bound. */
  leastLoaded(): Endpoint | undefined {
    const endpoint = this.#leastLoaded;
    this.#leastLoaded = undefined;
    return endpoint;
  }

  /** What the bound says of an endpoint now. */
  judge(endpoint: Endpoint): Candidate['bound'] {
    this.#share = UNKNOWN;
    const load = this.#loads.loadOf(endpoint);
    const capacity = Math.max(this.#bound.min_slots, this.#fairSlots(endpoint));
    return { load, capacity, isOver: load >= capacity };
  }

  /** One function for all picks: what it depends on is set just before each of them, which never waits. */
  readonly #acceptWithin: Accept = (endpoint) => {
    if (!this.#accept(endpoint)) return false;
    const load = this.#loads.loadOf(endpoint);
    if (load < this.#bound.min_slots || load < this.#fairSlots(endpoint)) return true;
    const relative = load / endpoint.weight;
    if (this.#leastLoaded === undefined || relative < this.#leastLoad) {
      this.#leastLoaded = endpoint;
      this.#leastLoad = relative;
    }
    return false;
  };

  #fairSlots({ weight }: Endpoint): number {
    if (this.#share === UNKNOWN) {
      const up = this.#loads.upWeight();
      // Nobody is up, and somebody asks all the same: whoever it is may have everything.
      this.#share = up === 0 ? Number.POSITIVE_INFINITY : (this.#bound.factor * (this.#loads.totalLoad() + 1)) / up;
    }
    return Math.ceil(this.#share * weight - ROUNDING);
  }
}
