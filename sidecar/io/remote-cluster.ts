/** A cluster as a worker sees it: snapshots come by message, pickers are its own. */
import { policyFor } from '../../src/balance/policies.ts';
import type { ClusterConfig } from '../../src/config/cluster.ts';
import { pickersFor, type SnapshotPickerInputs } from '../../src/pickers.ts';
import { applyUpdate, type SnapshotUpdate } from '../../src/remote-snapshot.ts';
import { sameValue } from '../../src/same-value.ts';
import type { Snapshot } from '../../src/snapshot.ts';
import type { InFlight } from '../in-flight.ts';
import type { SnapshotView } from './upstream-cluster.ts';

type SnapshotListener = (snapshot: Snapshot, previous: Snapshot) => void;

export class RemoteCluster implements SnapshotView {
  readonly name: string;
  #balance: ClusterConfig['balance'];
  #inputs: SnapshotPickerInputs;
  readonly #listeners = new Set<SnapshotListener>();
  #snapshot: Snapshot;

  constructor(options: {
    readonly name: string;
    readonly balance: ClusterConfig['balance'];
    readonly first: SnapshotUpdate;
    readonly inFlight: InFlight;
  }) {
    this.name = options.name;
    this.#balance = options.balance;
    const { inFlight } = options;
    this.#inputs = {
      policy: policyFor(options.balance),
      random: Math.random,
      now: () => performance.now(),
      loadOf: ({ slot }) => inFlight.of(slot),
      totalLoad: () => inFlight.total(),
      upWeight: () => this.#snapshot.upWeight,
    };
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

  /** Chooses in this way from here on. */
  replaceBalance(balance: ClusterConfig['balance']): void {
    if (sameValue(balance, this.#balance)) return;
    const previous = this.#snapshot;
    this.#balance = balance;
    this.#inputs = { ...this.#inputs, policy: policyFor(balance) };
    const pickers = pickersFor(previous.endpoints, this.#inputs, undefined);
    this.#snapshot = Object.freeze({ ...previous, ...pickers });
    for (const listener of this.#listeners) listener(this.#snapshot, previous);
  }

  onChange(listener: SnapshotListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
