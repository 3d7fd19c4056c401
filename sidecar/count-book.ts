/** The counts of one thread by name: who asks for a name again goes on counting where the one before has stopped. */
import type { FindCounts, NewCounts } from './traffic.ts';

export class CountBook {
  readonly #counts = new Map<string, Float64Array>();
  readonly #make: NewCounts;

  /** `make` is asked once for each name, and again for one that was forgotten. */
  constructor(make: NewCounts) {
    this.#make = make;
  }

  readonly newCounts: NewCounts = (name, length) => {
    const known = this.#counts.get(name);
    if (known !== undefined) return known;
    const counts = this.#make(name, length);
    this.#counts.set(name, counts);
    return counts;
  };

  readonly find: FindCounts = (name) => this.#counts.get(name);

  /** Drops every name that `isGone` says is of no use any more; whoever still counts there does so for nobody. */
  forget(isGone: (name: string) => boolean): void {
    for (const name of this.#counts.keys()) if (isGone(name)) this.#counts.delete(name);
  }
}
