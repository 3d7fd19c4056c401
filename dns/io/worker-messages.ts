/** What the control thread and a worker of the name server say to each other beside src/io/worker-words.ts. */
import type { DnsConfig } from '../../src/config/dns.ts';
import type { AnswerState } from '../answer-state.ts';
import type { SharedLimit } from './rate-limiter.ts';

/** What a balanced name and its zone say at a moment. */
export interface AnswersUpdate {
  readonly answers: readonly AnswerState[];
  /** By zone. */
  readonly serials: ReadonlyMap<string, number>;
}

/** Names and answers as a worker is to have them; it builds its own tree. */
export interface WorkerPlan {
  /** With addresses whose port 0 is the port that the first worker got. */
  readonly dns: DnsConfig;
  /** By their place among what is counted. */
  readonly zones: readonly string[];
  /** Secrets of cookies; as octets, since a message makes those of Node's buffers. */
  readonly secrets: readonly Uint8Array[];
  readonly nsid: Uint8Array | undefined;
  readonly limit: SharedLimit | undefined;
}

/** Given to a worker when it starts: it answers with all of this in place. */
export interface WorkerStart {
  /** Which house the thread belongs to: cli/main.ts looks. */
  readonly role: 'dns';
  readonly plan: WorkerPlan;
  readonly update: AnswersUpdate;
  /** Among how many the connections of a limit are divided. */
  readonly workers: number;
  readonly besideOthers: boolean;
}

export type ToWorker =
  /** Answered by `prepared` or `refused`. */
  | { readonly kind: 'prepare'; readonly plan: WorkerPlan }
  /** Puts what was prepared in place, with these answers; answered by `applied`. */
  | { readonly kind: 'replace'; readonly update: AnswersUpdate }
  | { readonly kind: 'answers'; readonly update: AnswersUpdate };

/** A warning for the log. */
export interface FromWorker {
  readonly message: string;
  readonly fields: object;
}
