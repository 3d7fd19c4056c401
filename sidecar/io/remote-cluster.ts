/** A cluster as a worker sees it: snapshots come by message, pickers are its own. */

import type { PolicyName } from '../../src/balance/policies.ts';
import { POLICIES } from '../../src/balance/policies.ts';
import type { Endpoint } from '../../src/endpoint.ts';
import type { PickerInputs } from '../../src/pickers.ts';
import { applyUpdate, type SnapshotUpdate } from '../../src/remote-snapshot.ts';
import type { Snapshot } from '../../src/snapshot.ts';
import type { SnapshotView } from './upstream-cluster.ts';

type SnapshotListener = (snapshot: Snapshot, previous: Snapshot) => void;

export class RemoteCluster implements SnapshotView {
  readonly name: string;
  readonly #inputs: PickerInputs;
  readonly #listeners = new Set<SnapshotListener>();
  #snapshot: Snapshot;

  constructor(options: {
    readonly name: string;
    readonly policy: PolicyName;
    readonly first: SnapshotUpdate;
    readonly loadOf: (endpoint: Endpoint) => number;
  }) {
    this.name = options.name;
    this.#inputs = { policy: POLICIES[options.policy], random: Math.random, loadOf: options.loadOf };
    this.#snapshot = applyUpdate(options.first, undefined, this.#inputs);
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  take(update: SnapshotUpdate): void {
    const previous = this.#snapshot;
    this.#snapshot = applyUpdate(update, previous, this.#inputs);
    for (const listener of this.#listeners) listener(this.#snapshot, previous);
  }

  onChange(listener: SnapshotListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
