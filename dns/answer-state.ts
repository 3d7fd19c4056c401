/** What a balanced name answers at a moment, as plain data: enough for another thread to answer the same. */
import { sameValue } from '../src/same-value.ts';
import type { AnswerSet } from './answer-set.ts';
import type { BalancedRecord } from './balanced-record.ts';
import { balancedSets, servingOf } from './balanced-sets.ts';
import type { Ip } from './ip.ts';
import type { RecordEncoder } from './record.ts';
import type { BalancedPlace } from './zone-config.ts';

export interface AnswerState {
  readonly name: string;
  readonly known: boolean;
  readonly isStale: boolean;
  readonly addresses: readonly Ip[];
  /** One for each address. */
  readonly weights: readonly number[];
  readonly ttlSeconds: number;
}

/** Undefined before the record has decided for the first time. */
export function answerState({ node, standing }: BalancedRecord): AnswerState | undefined {
  if (standing === undefined) return undefined;
  const { addresses, weights } = standing.choice;
  const { name, known, isStale } = node;
  return { name, known, isStale, addresses, weights, ttlSeconds: standing.ttlSeconds };
}

/** Has the node of `place` answer as `state` says, with turns that go on from those of `former`. */
export function applyAnswer({ node, config, fixed }: BalancedPlace, state: AnswerState, options: ApplyOptions): void {
  const { addresses, weights, ttlSeconds: ttl } = state;
  const { encode, former } = options;
  const candidates = addresses.map((ip, i) => ({ ip, weight: weights[i] ?? 1 }));
  const serving = servingOf(config);
  node.sets = [...balancedSets(candidates, { owner: node.name, ttl, serving, encode, former }), ...fixed];
  node.known = state.known;
  node.isStale = state.isStale;
}

export interface ApplyOptions {
  readonly encode: RecordEncoder;
  /** What the name has answered with up to now. */
  readonly former: readonly AnswerSet[];
}

/** The states of names as they were told last, so that only changes are told. */
export class ToldAnswers {
  readonly #told = new Map<string, AnswerState>();

  /** True where `state` is another than the last of its name; it is the last one from here on. */
  isNews(state: AnswerState): boolean {
    const former = this.#told.get(state.name);
    if (former !== undefined && sameValue(former, state)) return false;
    this.#told.set(state.name, state);
    return true;
  }
}
