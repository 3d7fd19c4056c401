/** Since when each endpoint of a cluster has the status that it has. */
import type { EndpointId } from './endpoint.ts';
import { type EndpointStatus, type Snapshot, statusOf } from './snapshot.ts';

export class StatusTimes {
  #known = new Map<EndpointId, { readonly status: EndpointStatus; readonly sinceMs: number }>();

  /** A new snapshot, published at `nowMs` of any monotonic clock. Another reason for the same status is no change. */
  take(snapshot: Snapshot, nowMs: number): void {
    const known = new Map<EndpointId, { readonly status: EndpointStatus; readonly sinceMs: number }>();
    for (const endpoint of snapshot.endpoints) {
      const before = this.#known.get(endpoint.id);
      const status = statusOf(snapshot, endpoint);
      known.set(endpoint.id, before?.status === status ? before : { status, sinceMs: nowMs });
    }
    this.#known = known;
  }

  /** Undefined for an endpoint that is not in the latest snapshot. */
  sinceMs(id: EndpointId): number | undefined {
    return this.#known.get(id)?.sinceMs;
  }
}
