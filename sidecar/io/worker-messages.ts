/**
 * What the control thread and its workers say to each other beside src/io/worker-words.ts: plain data and shared memory.
 */
import type { SnapshotUpdate } from '../../src/remote-snapshot.ts';
import type { SplitWeights } from '../split-weights.ts';
import type { DataPathConfig } from './serving.ts';

/** A cluster as a worker is told of it. */
export interface WorkerCluster {
  readonly id: number;
  readonly name: string;
  /** Undefined where the worker has a cluster of this id. */
  readonly snapshot: SnapshotUpdate | undefined;
  /** in-flight.ts */
  readonly inFlight: Int32Array;
}

export interface WorkerPlan {
  readonly config: DataPathConfig;
  readonly clusters: readonly WorkerCluster[];
  /** By listener key (process-connection-limit.ts). */
  readonly connections: ReadonlyMap<string, Int32Array>;
  /** What stands for port 0, by listener key, once the first worker has bound it. */
  readonly ports: ReadonlyMap<string, number>;
}

/** Given to a worker when it starts: it listens with all of this in place. */
export interface WorkerStart {
  /** Its row in every table, 0 … workers - 1; the one before it in the same row is gone. */
  readonly row: number;
  readonly plan: WorkerPlan;
  readonly weights: SplitWeights;
  readonly hashSeed: number;
  /** One slot: bytes of access lines that were posted and not taken yet. */
  readonly postedBytes: Int32Array;
}

export type ToWorker =
  | { readonly kind: 'snapshot'; readonly cluster: number; readonly update: SnapshotUpdate }
  | { readonly kind: 'weights'; readonly weights: SplitWeights }
  /** Each HTTP connection ends with its next answer. */
  | { readonly kind: 'release' }
  /** Answered by `prepared` or `refused`. */
  | { readonly kind: 'prepare'; readonly plan: WorkerPlan }
  /** Puts what was prepared in place; answered by `applied`. */
  | { readonly kind: 'apply' };

/** Whole lines for the access log. */
export interface FromWorker {
  readonly lines: string;
}
