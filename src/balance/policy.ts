/** The contract of a balancing policy: it orders, the caller accepts. A policy sees a key and endpoints, nothing else. */
import type { OptionName, PolicyOptions } from '../config/balance-options.ts';
import type { Endpoint } from '../endpoint.ts';

/** Decides whether an endpoint may be taken now: up, not full, not tried already, not draining. Pure and quick. */
export type Accept = (endpoint: Endpoint) => boolean;

/**
 * How a try at an endpoint ended. failed: by the endpoint's fault (no connection, reset, timeout, 429, 5xx);
 * abandoned: nobody waited for the end, so it would have taken at least that long.
 */
export type TryOutcome = 'answered' | 'failed' | 'abandoned';

/** The built chooser. Replaced when endpoints change, never altered from outside. */
export interface Picker {
  /**
   * First endpoint in this policy's order for `key` that `accept` allows, or undefined when it allows none.
   * `key` is a byte string (hash.ts); policies without keys ignore it. Never throws, never waits.
   */
  pick(key: string, accept: Accept): Endpoint | undefined;
  /**
   * Where the policy learns from what it led to: `latencyMs` is from the try to the head of the answer; of a failure,
   * the time for which the endpoint asked to be left alone where that is longer (`Retry-After`).
   */
  observe?(endpoint: Endpoint, latencyMs: number, outcome: TryOutcome): void;
  /** Eight hex digits that are equal wherever the same keys go to the same endpoints; only keyed pickers have one. */
  readonly fingerprint?: string;
  /** The order for a key, for those who explain it; only keyed pickers have one. Walks everything and allocates. */
  locate?(key: string): KeyPlace;
}

/** Where a key falls, and whom its picker asks in which order, as of this moment. */
export interface KeyPlace {
  readonly hash: number;
  /** The point of the ring or the entry of the table that the hash leads to, counted from 0. */
  readonly position: number;
  /** How many of them there are. */
  readonly positions: number;
  /** Every endpoint of positive weight once, the first choice first. */
  readonly candidates: readonly Candidate[];
}

export interface Candidate {
  readonly endpoint: Endpoint;
  /** Undefined where loads are not bounded. `isOver`: passed over while another that is accepted has room. */
  readonly bound: { readonly load: number; readonly capacity: number; readonly isOver: boolean } | undefined;
}

/** What a policy may know of the world; chance, time and load come in as functions so that a policy stays pure. */
export interface PolicyInputs {
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Milliseconds from an arbitrary start; never goes back. */
  readonly now: () => number;
  /** Work of this process at the endpoint now: requests in flight, or connections of a tcp listener. */
  readonly loadOf: (endpoint: Endpoint) => number;
  /** The same of all endpoints together, those that left and have work to finish included. */
  readonly totalLoad: () => number;
  /** Weight of all endpoints that may take new work now, together. */
  readonly upWeight: () => number;
  /** The picker this one replaces, where the policy itself built it: state that should survive a rebuild. */
  readonly previous: Picker | undefined;
}

export interface Policy {
  readonly name: string;
  /** What decides where a request goes: a key of the request, the client's address, or nothing of the kind. */
  readonly keyed: 'request' | 'client' | false;
  /** The options of `balance` that it knows; any other is a mistake. */
  readonly options?: readonly OptionName[];
  /** The same policy with these options instead of their defaults; only where it has `options`. */
  withOptions?(options: PolicyOptions): Policy;
  /** `endpoints` are in order of id and may be empty; those of weight 0 are never picked. */
  build(endpoints: readonly Endpoint[], inputs: PolicyInputs): Picker;
}
