/** A cluster's snapshots in another thread: what of them has to be sent, and how the same snapshot is made of it there. */
import { type Endpoint, type EndpointId, sameEndpoint } from './endpoint.ts';
import { pickersFor, type SnapshotPickerInputs } from './pickers.ts';
import { type Snapshot, upWeightOf } from './snapshot.ts';

/** Plain data, fit for a message between threads. */
export interface SnapshotUpdate {
  readonly version: number;
  /** Undefined where they are those of the update before: a change of health is a few bytes. */
  readonly endpoints: readonly Endpoint[] | undefined;
  readonly statuses: Uint8Array;
  readonly reasons: ReadonlyMap<EndpointId, string>;
  readonly upCount: number;
}

/** `previous` is the snapshot that the receiver made last; undefined where it has none. */
export function describeSnapshot(snapshot: Snapshot, previous: Snapshot | undefined): SnapshotUpdate {
  const { version, endpoints, statuses, reasons, upCount } = snapshot;
  const same =
    previous !== undefined &&
    previous.endpoints.length === endpoints.length &&
    endpoints.every((endpoint, i) => endpoint === previous.endpoints[i]);
  return { version, endpoints: same ? undefined : endpoints, statuses, reasons, upCount };
}

/**
 * The snapshot that `update` describes, with pickers of the receiver's own: a ring is the same wherever it is built.
 * Endpoints that have not changed stay the objects they were.
 */
export function applyUpdate(
  update: SnapshotUpdate,
  previous: Snapshot | undefined,
  inputs: SnapshotPickerInputs,
): Snapshot {
  const { version, statuses, reasons, upCount } = update;
  const endpoints = update.endpoints === undefined ? (previous?.endpoints ?? []) : held(update.endpoints, previous);
  const pickers = pickersFor(endpoints, inputs, previous);
  const upWeight = upWeightOf(endpoints, statuses);
  return Object.freeze({ version, endpoints, statuses, reasons, upCount, upWeight, ...pickers });
}

function held(endpoints: readonly Endpoint[], previous: Snapshot | undefined): readonly Endpoint[] {
  const former = new Map(previous?.endpoints.map((endpoint) => [endpoint.id, endpoint]));
  return Object.freeze(
    endpoints.map((endpoint) => {
      const known = former.get(endpoint.id);
      const isSame = known !== undefined && known.slot === endpoint.slot && sameEndpoint(known, endpoint);
      return isSame ? known : Object.freeze({ ...endpoint });
    }),
  );
}
