/** What the control thread and its workers say to each other. Plain data and shared memory; nothing is ever answered. */
import type { SnapshotUpdate } from '../../src/remote-snapshot.ts';
import type { DataPathConfig } from './serving.ts';

/** Given to a worker when it starts: it listens with all of this in place. */
export interface WorkerStart {
  /** Its row in every table, 0 … workers - 1; the one before it in the same row is gone. */
  readonly row: number;
  /** Ports of the listeners are those that were really bound, once the first worker has bound them. */
  readonly config: DataPathConfig;
  /** By cluster. */
  readonly snapshots: ReadonlyMap<string, SnapshotUpdate>;
  /** By cluster (in-flight.ts). */
  readonly inFlight: ReadonlyMap<string, Int32Array>;
  /** By listener (process-connection-limit.ts). */
  readonly connections: ReadonlyMap<string, Int32Array>;
  readonly hashSeed: number;
  /** One slot: bytes of access lines that were posted and not taken yet. */
  readonly postedBytes: Int32Array;
}

export type ToWorker =
  | { readonly kind: 'snapshot'; readonly cluster: string; readonly update: SnapshotUpdate }
  | { readonly kind: 'drain' }
  | { readonly kind: 'close' };

export type FromWorker =
  | { readonly kind: 'listening'; readonly addresses: ReadonlyMap<string, string> }
  | { readonly kind: 'failed'; readonly error: unknown }
  /** From here on it counts `name` in this shared array, which it alone writes. */
  | { readonly kind: 'counts'; readonly name: string; readonly counts: Float64Array }
  /** Whole lines for the access log. */
  | { readonly kind: 'lines'; readonly text: string }
  | { readonly kind: 'stalled'; readonly longestMs: number }
  | { readonly kind: 'drained' }
  | { readonly kind: 'closed' };
