/** What pickers by key have in common: a table of places, a walk from the key's place on, and perhaps a bound of load. */
import type { Endpoint } from '../endpoint.ts';
import { type OwnerTable, ownerOrder, walkOwners } from '../owner-table.ts';
import type { LoadBound } from './bounded-load.ts';
import type { Accept, KeyPlace, Picker } from './policy.ts';

export abstract class KeyedPicker implements Picker {
  abstract readonly fingerprint: string;
  readonly #table: OwnerTable;
  readonly #bound: LoadBound | undefined;

  constructor(table: OwnerTable, bound: LoadBound | undefined) {
    this.#table = table;
    this.#bound = bound;
  }

  /** Unsigned, 32 bits. */
  protected abstract hashOf(key: string): number;

  /** The place in the table that a hash leads to. */
  protected abstract placeOf(hash: number): number;

  pick(key: string, accept: Accept): Endpoint | undefined {
    const place = this.placeOf(this.hashOf(key));
    const bound = this.#bound;
    if (bound === undefined) return walkOwners(this.#table, place, accept);
    return walkOwners(this.#table, place, bound.begin(accept)) ?? bound.leastLoaded();
  }

  locate(key: string): KeyPlace {
    const hash = this.hashOf(key);
    const position = this.placeOf(hash);
    const candidates = ownerOrder(this.#table, position).map((endpoint) => {
      return { endpoint, bound: this.#bound?.judge(endpoint) };
    });
    return { hash, position, positions: this.#table.owners.length, candidates };
  }
}
