/** What a balanced name answers at a moment, as plain data: enough for another thread to answer the same. */
import { sameValue } from '../src/same-value.ts';
import type { AnswerSet } from './answer-set.ts';
import type { BalancedRecord } from './balanced-record.ts';
import { balancedSets, servingOf } from './balanced-sets.ts';
import type { Ip } from './ip.ts';
import type { NetworkRings } from './network-rings.ts';
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

/** Has the node of `place` answer as `state` says, with turns that go on; another TTL alone rebuilds nothing. */
export function applyAnswer(place: BalancedPlace, state: AnswerState, options: ApplyOptions): void {
  const { node, fixed } = place;
  const { ttlSeconds: ttl } = state;
  const { present } = options;
  if (present === undefined || !isSameContent(present, state)) node.sets = setsOf(place, state, options);
  else if (ttl !== present.ttlSeconds) node.sets = node.sets.map((it) => (fixed.includes(it) ? it : it.withTtl(ttl)));
  node.known = state.known;
  node.isStale = state.isStale;
}

function isSameContent(a: AnswerState, b: AnswerState): boolean {
  return sameValue(a.addresses, b.addresses) && sameValue(a.weights, b.weights);
}

function setsOf(place: BalancedPlace, state: AnswerState, { rings, former }: ApplyOptions): readonly AnswerSet[] {
  const { config, fixed } = place;
  const { addresses, weights, ttlSeconds: ttl } = state;
  const candidates = addresses.map((ip, i) => ({ ip, weight: weights[i] ?? 1 }));
  const options = { ttl, serving: servingOf(config), rings, former };
  return [...balancedSets(candidates, options), ...fixed];
}

export interface ApplyOptions {
  /** Those of the thread's other names. */
  readonly rings: NetworkRings;
  /** What the name has answered with up to now. */
  readonly former: readonly AnswerSet[];
  /** What was applied to this same place before; undefined where nothing was: then its sets are built. */
  readonly present?: AnswerState | undefined;
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
