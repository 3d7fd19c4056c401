/** One frozen state of a cluster: what a request or a query reads, once, while everything else goes on changing. */
import type { Picker } from './balance/policy.ts';
import type { Endpoint, EndpointId } from './endpoint.ts';

/** Values of {@link Snapshot.statuses}. Small numbers because the data path compares one per candidate. */
export const DOWN = 0;
export const UP = 1;
/** Finishes what it has and gets nothing new. */
export const DRAINING = 2;

export type EndpointStatus = typeof DOWN | typeof UP | typeof DRAINING;

export const STATUS_WORDS: Readonly<Record<EndpointStatus, 'down' | 'up' | 'draining'>> = ['down', 'up', 'draining'];

/**
 * Replaced as a whole by a single assignment, never altered; holders may keep one as long as they like.
 * (Typed arrays cannot be frozen: by convention nobody writes to `statuses`.)
 */
export interface Snapshot {
  /** Grows by one with each published change. */
  readonly version: number;
  /** Ordered by id. */
  readonly endpoints: readonly Endpoint[];
  /** Status by `endpoint.slot`. */
  readonly statuses: Uint8Array;
  /** Why an endpoint is not up; holds no entry for one that is. */
  readonly reasons: ReadonlyMap<EndpointId, string>;
  readonly upCount: number;
  /** Weight of the endpoints that are up, together. */
  readonly upWeight: number;
  /** Built from `endpoints` whatever their status, so health changes move no key that need not move. */
  readonly picker: Picker;
  /** For requests without any key; the same as `picker` where the policy is not keyed. */
  readonly keylessPicker: Picker;
  /** Of the ring or table where there is one; empty otherwise. */
  readonly fingerprint: string;
}

export function upWeightOf(endpoints: readonly Endpoint[], statuses: Uint8Array): number {
  return endpoints.reduce((sum, { slot, weight }) => (statuses[slot] === UP ? sum + weight : sum), 0);
}

export function statusOf(snapshot: Snapshot, endpoint: Endpoint): EndpointStatus {
  return (snapshot.statuses[endpoint.slot] ?? DOWN) as EndpointStatus;
}
