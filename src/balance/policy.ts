/** The contract of a balancing policy: it orders, the caller accepts. A policy sees a key and endpoints, nothing else. */
import type { Endpoint } from '../endpoint.ts';

/** Decides whether an endpoint may be taken now: up, not full, not tried already, not draining. Pure and quick. */
export type Accept = (endpoint: Endpoint) => boolean;

/** The built chooser. Replaced when endpoints change, never altered from outside. */
export interface Picker {
  /**
   * First endpoint in this policy's order for `key` that `accept` allows, or undefined when it allows none.
   * `key` is a byte string (hash.ts); policies without keys ignore it. Never throws, never waits.
   */
  pick(key: string, accept: Accept): Endpoint | undefined;
  /** The order for a key, for those who explain it; only keyed pickers have one. Walks everything and allocates. */
  locate?(key: string): KeyPlace;
}

/** Where a key falls, and whom its picker asks in which order. */
export interface KeyPlace {
  readonly hash: number;
  /** The point that the hash leads to, counted from 0. */
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

/** What a policy may know of the world; chance and load come in as functions so that a policy stays pure. */
export interface PolicyInputs {
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Work of this process at the endpoint now: requests in flight, or connections of a tcp listener. */
  readonly loadOf: (endpoint: Endpoint) => number;
  /** The picker this one replaces, where the policy itself built it: state that should survive a rebuild. */
  readonly previous: Picker | undefined;
}

export interface Policy {
  readonly name: string;
  /** True when `key` decides; requests without a key then get a random endpoint. */
  readonly keyed: boolean;
  /** `endpoints` are in order of id and may be empty; those of weight 0 are never picked. */
  build(endpoints: readonly Endpoint[], inputs: PolicyInputs): Picker;
}
