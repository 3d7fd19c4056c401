/** A circle of places and who owns each, as rings and lookup tables have it: whom to ask from a place on, and in which order. */
import type { Endpoint } from './endpoint.ts';
import type { Visited } from './visited.ts';

export interface OwnerTable {
  /** `owners[i]` is the index in `endpoints` that owns place `i`. */
  readonly owners: Uint16Array | Uint32Array;
  /** Those of positive weight, in order of id. Some may own no place. */
  readonly endpoints: readonly Endpoint[];
  /** Scratch of the walk that is going on: whom it has asked. */
  readonly asked: Visited;
}

/** Whoever may own a place: those of positive weight, in order of id. */
export function possibleOwners(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  return endpoints.filter((endpoint) => endpoint.weight > 0).sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

export function ownerArray(endpointCount: number, places: number): OwnerTable['owners'] {
  return endpointCount <= 0xffff ? new Uint16Array(places) : new Uint32Array(places);
}

/**
 * The owner of place `start`, or of those that follow, the first that `accept` allows; undefined when it allows none.
 * Asks `accept` once per endpoint and allocates nothing.
 */
export function walkOwners(
  table: OwnerTable,
  start: number,
  accept: (endpoint: Endpoint) => boolean,
): Endpoint | undefined {
  if (table.owners.length === 0) return undefined;
  const first = table.endpoints[table.owners[start] as number] as Endpoint;
  return accept(first) ? first : walkOn(table, start, accept);
}

/** The rest of the walk, apart so that the common case stays small. */
function walkOn(
  { owners, endpoints, asked }: OwnerTable,
  start: number,
  accept: (endpoint: Endpoint) => boolean,
): Endpoint | undefined {
  asked.begin();
  asked.add(owners[start] as number);
  let left = endpoints.length - 1;
  for (let step = 1; left > 0 && step < owners.length; step += 1) {
    const at = start + step;
    const owner = owners[at < owners.length ? at : at - owners.length] as number;
    if (!asked.add(owner)) continue;
    const endpoint = endpoints[owner] as Endpoint;
    if (accept(endpoint)) return endpoint;
    left -= 1;
  }
  // Those without a place of their own come last.
  return left === 0 ? undefined : endpoints.find((endpoint, owner) => asked.add(owner) && accept(endpoint));
}

/** Each endpoint once, in the order in which a walk from `start` asks them: that of a walk which nobody ends. */
export function ownerOrder(table: OwnerTable, start: number): readonly Endpoint[] {
  const order: Endpoint[] = [];
  walkOwners(table, start, (endpoint) => {
    order.push(endpoint);
    return false;
  });
  return order;
}
