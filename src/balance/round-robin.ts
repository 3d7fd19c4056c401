/** Smooth weighted round robin over all that are accepted: no burst to the heavy one, no fresh start on a rebuild. */
import type { Endpoint } from '../endpoint.ts';
import type { Accept, Picker, Policy } from './policy.ts';
import { SmoothRotation } from './smooth-rotation.ts';

class RoundRobinPicker implements Picker {
  readonly #rotation: SmoothRotation;
  /** Scratch of one pick: indices of the accepted ones. */
  readonly #accepted: Uint32Array;

  constructor(endpoints: readonly Endpoint[], previous: Picker | undefined) {
    this.#rotation = new SmoothRotation(
      endpoints,
      previous instanceof RoundRobinPicker ? previous.#rotation : undefined,
    );
    this.#accepted = new Uint32Array(this.#rotation.endpoints.length);
  }

  pick(_key: string, accept: Accept): Endpoint | undefined {
    const { endpoints } = this.#rotation;
    let count = 0;
    for (let i = 0; i < endpoints.length; i += 1) if (accept(endpoints[i] as Endpoint)) this.#accepted[count++] = i;
    return count === 0 ? undefined : this.#rotation.take(this.#accepted, count);
  }
}

export const roundRobin: Policy = {
  name: 'round_robin',
  keyed: false,
  build: (endpoints, inputs) => new RoundRobinPicker(endpoints, inputs.previous),
};
