/** What everyone but its runner sees of a cluster: the current snapshot, and how discovery is doing. */
import type { EndpointId } from './endpoint.ts';
import type { ProbeState } from './health.ts';
import type { Snapshot } from './snapshot.ts';

export interface DiscoveryStatus {
  readonly source: 'consul' | 'dns' | 'file' | 'static';
  /**
   * waiting: no answer and no saved set yet · current: the last attempt was answered · stale: the last attempt
   * failed and an older set is in use · absent: the source says there is no such thing.
   */
  readonly state: 'waiting' | 'current' | 'stale' | 'absent';
  /** Seconds since the source last answered; undefined before its first answer. */
  readonly ageSeconds: number | undefined;
  /** Consul's index as it sent it; undefined for other sources. */
  readonly index: string | undefined;
  /** Why the last attempt failed; undefined while `current`. */
  readonly error: string | undefined;
  /** An update that is being held back, in one sentence; undefined when there is none. */
  readonly held: string | undefined;
  /** The set in use was read from `snapshot_dir`, or taken over in a reload, and no answer has replaced it yet. */
  readonly fromSaved: boolean;
  /** Entries of the last answer that were unusable and left out, with the reason of each. */
  readonly skipped: readonly string[];
  /** Updates so far by result. */
  readonly updates: Readonly<Record<'applied' | 'unchanged' | 'held' | 'failed', number>>;
}

export interface ClusterView {
  readonly name: string;
  /** Replaced as a whole; read it once per decision. */
  readonly snapshot: Snapshot;
  /** True from the first answer of discovery (or a saved set) on, and for ever after. */
  readonly started: boolean;
  readonly discovery: DiscoveryStatus;
  /** True of an endpoint that discovery no longer has, and that is kept because so many are gone. */
  isDoubted?(id: EndpointId): boolean;
  /** Probes so far that were not made, because too many were under way; undefined where there are none. */
  readonly probesNotAsked?: number | undefined;
  /** Seconds for which an endpoint of the snapshot has been up, down or draining as it is now; undefined where unknown. */
  secondsInStatus?(id: EndpointId): number | undefined;
  /**
   * Calls `listener` after each new snapshot, in the order of changes and never from within this call.
   * Returns the function that ends the subscription. A listener must not throw.
   */
  onChange(listener: (snapshot: Snapshot, previous: Snapshot) => void): () => void;
}

/** How far each endpoint is from changing its status, for those who must say how long an answer will hold. */
export interface ProbeView {
  /** What the probes of an endpoint have shown so far; `UNPROBED` for an endpoint that is not probed or not known. */
  probeState(id: EndpointId): ProbeState;
  /**
   * Calls `listener` after each change of a probe state, also one that changes no status; after the snapshot and the
   * `onChange` calls that it led to. Returns the function that ends the subscription. A listener must not throw.
   */
  onProbe(listener: (id: EndpointId) => void): () => void;
}
