/** What an explanation says, in JSON's words. Texts are as people read them: UTF-8, not bytes. */
import type { Reason } from '../../src/error.ts';

export interface RouteTrial {
  readonly name: string;
  readonly matches: boolean;
  /** Where the first condition that does not hold stands: `match.headers.x-client`; null where all do. */
  readonly condition: string | null;
  /** The same in words, with what the request has there; empty where all do. */
  readonly why: string;
}

export interface KeyExplanation {
  readonly value: string;
  /** The part of `hash_key` that the request carries: `header x-user-id`. */
  readonly from: string;
}

export interface CandidateExplanation {
  readonly id: string;
  readonly address: string;
  readonly weight: number;
  /** Null where nobody counts. */
  readonly in_flight: number | null;
  readonly accepted: boolean;
  /** Why it is passed over, or taken all the same; else empty. */
  readonly why: string;
}

export interface EndpointName {
  readonly id: string;
  readonly address: string;
}

/** The part of an explanation that a route (or a tcp listener) leads to. */
export interface ChoiceExplanation {
  readonly cluster: string;
  readonly policy: string;
  /** Eight hex digits of the ring or table; null where there is none. */
  readonly fingerprint: string | null;
  /** Endpoints that are up, and all of them. */
  readonly up: number;
  readonly endpoints: number;
  /** Null where the policy has no use for a key, or where the request carries none. */
  readonly key: KeyExplanation | null;
  /** Parts of `hash_key` that come before the one that was found, and that the request does not carry. */
  readonly missing: readonly string[];
  /** Eight hex digits; null without a key. */
  readonly hash: string | null;
  /** Where the hash leads to, counted from 0, of `positions` on the ring or in the table; null without a key. */
  readonly position: number | null;
  readonly positions: number | null;
  /** In the order in which they are asked; where no key decides, in order of id. */
  readonly candidates: readonly CandidateExplanation[];
  /** How many more candidates there are, behind those shown. */
  readonly omitted: number;
  /** Null where there is none, or where several may be chosen and a key does not decide. */
  readonly endpoint: EndpointName | null;
  /** How the endpoint is chosen among those accepted, in a few words. */
  readonly by: string;
}

export type OrNull<T> = { readonly [Name in keyof T]: T[Name] | null };

/** One arm of a split; shares are of all keys, 0…1. */
export interface ArmExplanation {
  /** Of its cluster. */
  readonly name: string;
  readonly weight: number;
  readonly share: number;
  /** With this share or more it would have the key, as long as the others keep their proportions; null without a key. */
  readonly joins_at: number | null;
}

export interface SplitExplanation {
  /** Null where chance decides among several. */
  readonly arm: string | null;
  readonly by: 'override' | 'key' | 'chance';
  readonly key: KeyExplanation | null;
  /** Parts of `split_key` that come before the one that was found, and that the request does not carry. */
  readonly missing: readonly string[];
  /** The arm that the request names, heard or not; null where it names none. */
  readonly override: { readonly value: string; readonly honoured: boolean; readonly why: string } | null;
  readonly arms: readonly ArmExplanation[];
}

export interface StickyExplanation {
  readonly cookie: string;
  /** Null where the request has no cookie that means anything here. */
  readonly pinned: EndpointName | null;
  readonly honoured: boolean;
  /** Why not; empty where it is. */
  readonly why: string;
}

export interface MirrorExplanation {
  readonly cluster: string;
  /** 0…1. */
  readonly share: number;
  readonly copied: 'yes' | 'no' | 'perhaps' | 'unknown';
  /** Why not, or what it depends on; empty where it is copied. */
  readonly why: string;
  /** Null where there is none, or where several may be chosen and a key does not decide. */
  readonly endpoint: EndpointName | null;
}

export interface AnswerExplanation {
  readonly status: number;
  /** Of a redirect; else null. */
  readonly location: string | null;
}

/** Names of fields. */
export interface EditedHeaders {
  readonly set: readonly string[];
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

export interface ChangesExplanation {
  /** What the endpoint sees in place of the request's own; null where it stays. */
  readonly target: string | null;
  readonly host: string | null;
  readonly request_headers: EditedHeaders | null;
  readonly response_headers: EditedHeaders | null;
}

/** What a route does beside choosing; all null for tcp, for a request that no route takes, and where there is no such thing. */
export interface RouteExplanation {
  readonly split: SplitExplanation | null;
  readonly sticky: StickyExplanation | null;
  readonly mirror: MirrorExplanation | null;
  /** What the route answers by itself. */
  readonly answer: AnswerExplanation | null;
  readonly changes: ChangesExplanation | null;
}

/** Where the request comes to no cluster, all of its choice is null; where endpoints are not known, what depends on them. */
export interface Explanation extends OrNull<ChoiceExplanation>, RouteExplanation {
  readonly request: {
    readonly method: string;
    readonly target: string;
    readonly host: string;
    /** The client's address: the peer, or whom a trusted peer speaks for. */
    readonly client: string;
  };
  readonly listener: string;
  readonly protocol: 'http' | 'tcp';
  /** Of the listener. */
  readonly address: string;
  /** Those that were tried, in order: the last one matches unless none does. */
  readonly routes: readonly RouteTrial[];
  /** Null where none matches, where none was tried, and for tcp. */
  readonly route: string | null;
  /** `forwarded`, `answered` (by this process itself), `unknown`, or why the request is refused. */
  readonly outcome: 'forwarded' | 'answered' | 'unknown' | Reason;
  /** Of the answer where it is not forwarded; else null. */
  readonly status: number | null;
  /** What else there is to know. */
  readonly notes: readonly string[];
}

export const NO_CHOICE: OrNull<ChoiceExplanation> = {
  cluster: null,
  policy: null,
  fingerprint: null,
  up: null,
  endpoints: null,
  key: null,
  missing: null,
  hash: null,
  position: null,
  positions: null,
  candidates: null,
  omitted: null,
  endpoint: null,
  by: null,
};

export const NO_EXTRAS: RouteExplanation = { split: null, sticky: null, mirror: null, answer: null, changes: null };
