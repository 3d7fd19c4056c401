/** One service as we hold it: discovery's answers and probes' observations in, frozen snapshots out. Pure. */

import type { Policy } from './balance/policy.ts';
import { type DiscoveredEndpoint, type Endpoint, type EndpointId, holdEndpoint, sameEndpoint } from './endpoint.ts';
import { type Observation, observeProbe, type ProbeState, type ProbeThresholds, UNPROBED } from './health.ts';
import { type PickerInputs, pickersFor, type SnapshotPickerInputs } from './pickers.ts';
import { DOWN, DRAINING, type EndpointStatus, type Snapshot, UP, upWeightOf } from './snapshot.ts';

export interface ClusterOptions extends PickerInputs {
  /** `fall` and `rise` where the cluster is probed; undefined where discovery's word is all there is. */
  readonly probe: ProbeThresholds | undefined;
}

/**
 * The state behind a cluster's snapshots. An endpoint is up when discovery says so and, where the cluster is
 * probed, its probes say so too; before its first probe a probed endpoint is down.
 *
 *   discovery | weight | probe (if any) | status
 *   ----------|--------|----------------|---------
 *   up        | > 0    | up             | up
 *   up        | > 0    | unknown, down  | down
 *   up        | 0      | any            | draining (weight 0 takes no new work, as in HAProxy)
 *   draining  | any    | any            | draining
 *   down      | any    | any            | down
 */
export class Cluster {
  #options: ClusterOptions;
  #pickerInputs: SnapshotPickerInputs;
  #snapshot: Snapshot;
  /** One for each endpoint of a probed cluster; empty where the cluster is not probed. */
  readonly #probes = new Map<EndpointId, ProbeState>();
  /** Former owners of slots; a slot is free again when its former owner has no work left. */
  readonly #retired: Endpoint[] = [];
  #slotCount = 0;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#pickerInputs = { ...options, upWeight: () => this.#snapshot.upWeight };
    this.#snapshot = this.#publish([], undefined);
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** What the probes of an endpoint have shown so far. */
  probeState(id: EndpointId): ProbeState {
    return this.#probes.get(id) ?? UNPROBED;
  }

  /** Takes a whole new set; of entries with the same id the first counts. Returns true when a snapshot was published. */
  replaceEndpoints(discovered: readonly DiscoveredEndpoint[]): boolean {
    const former = new Map(this.#snapshot.endpoints.map((endpoint) => [endpoint.id, endpoint]));
    const endpoints = orderedById(discovered).map((next) => this.#hold(next, former.get(next.id)));
    const current = this.#snapshot.endpoints;
    if (endpoints.length === current.length && endpoints.every((endpoint, i) => endpoint === current[i])) return false;
    const slots = new Set(endpoints.map((endpoint) => endpoint.slot));
    for (const endpoint of former.values()) if (!slots.has(endpoint.slot)) this.#retired.push(endpoint);
    this.#keepProbesOf(endpoints, former);
    this.#snapshot = this.#publish(endpoints, this.#snapshot);
    return true;
  }

  /** Publishes the same endpoints with pickers of another policy. */
  replacePolicy(policy: Policy): void {
    this.#options = { ...this.#options, policy };
    this.#pickerInputs = { ...this.#pickerInputs, policy };
    const { version, ...rest } = this.#snapshot;
    const pickers = pickersFor(rest.endpoints, this.#pickerInputs, undefined);
    this.#snapshot = Object.freeze({ ...rest, version: version + 1, ...pickers });
  }

  /** Takes one probe result; unknown ids are ignored. Returns true when a new snapshot was published. */
  observe(id: EndpointId, failure: Observation): boolean {
    const { probe } = this.#options;
    const before = this.#probes.get(id);
    if (probe === undefined || before === undefined) return false;
    const after = observeProbe(before, failure, probe);
    this.#probes.set(id, after);
    // Another reason for being down is news as well; a failure that has not flipped anything yet is not.
    if (after.status === before.status && (after.status !== 'down' || after.reason === before.reason)) return false;
    this.#snapshot = this.#publish(this.#snapshot.endpoints, this.#snapshot);
    return true;
  }

  /** Another address is another server: what the probes showed of the old one says nothing of it. */
  #keepProbesOf(endpoints: readonly Endpoint[], former: ReadonlyMap<EndpointId, Endpoint>): void {
    if (this.#options.probe === undefined) return;
    const ids = new Set(endpoints.map((endpoint) => endpoint.id));
    for (const id of this.#probes.keys()) if (!ids.has(id)) this.#probes.delete(id);
    for (const { id, slot } of endpoints) if (former.get(id)?.slot !== slot) this.#probes.set(id, UNPROBED);
  }

  /** The former object where nothing changed, so that `===` means "same"; a new slot where the address changed. */
  #hold(next: DiscoveredEndpoint, former: Endpoint | undefined): Endpoint {
    if (former === undefined) return holdEndpoint(next, this.#freeSlot());
    if (sameEndpoint(former, next)) return former;
    const moved = former.host !== next.host || former.port !== next.port;
    return holdEndpoint(next, moved ? this.#freeSlot() : former.slot);
  }

  #freeSlot(): number {
    const idle = this.#retired.findIndex((endpoint) => this.#options.loadOf(endpoint) === 0);
    const [reused] = idle < 0 ? [] : this.#retired.splice(idle, 1);
    return reused?.slot ?? this.#slotCount++;
  }

  #publish(endpoints: readonly Endpoint[], previous: Snapshot | undefined): Snapshot {
    const statuses = new Uint8Array(this.#slotCount);
    const reasons = new Map<EndpointId, string>();
    let upCount = 0;
    for (const endpoint of endpoints) {
      const [status, reason] = this.#judge(endpoint);
      statuses[endpoint.slot] = status;
      if (status === UP) upCount += 1;
      else reasons.set(endpoint.id, reason);
    }
    return Object.freeze({
      version: (previous?.version ?? 0) + 1,
      endpoints: Object.freeze([...endpoints]),
      statuses,
      reasons,
      upCount,
      upWeight: upWeightOf(endpoints, statuses),
      ...pickersFor(endpoints, this.#pickerInputs, previous),
    });
  }

  #judge(endpoint: Endpoint): readonly [EndpointStatus, string] {
    if (endpoint.health === 'draining') return [DRAINING, endpoint.healthReason];
    if (endpoint.health === 'down') return [DOWN, endpoint.healthReason];
    if (endpoint.weight === 0) return [DRAINING, 'its weight is 0'];
    if (this.#options.probe === undefined) return [UP, ''];
    const probe = this.probeState(endpoint.id);
    if (probe.status === 'up') return [UP, ''];
    return [DOWN, probe.status === 'unknown' ? 'not probed yet' : `probe: ${probe.reason}`];
  }
}

/** In order of id, each id once: the first of several, as they were given. */
function orderedById(discovered: readonly DiscoveredEndpoint[]): readonly DiscoveredEndpoint[] {
  return discovered
    .toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
    .filter((endpoint, i, all) => endpoint.id !== all[i - 1]?.id);
}
