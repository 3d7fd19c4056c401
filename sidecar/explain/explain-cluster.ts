/** What becomes of a request in the cluster that it is meant for. */
import { REASONS } from '../../src/error.ts';
import { offlineSnapshot } from '../../src/offline-snapshot.ts';
import { type ChoiceInputs, explainChoice } from './explain-choice.ts';
import type { ExplainedWorld } from './explained-world.ts';
import type { ChoiceExplanation, Explanation, OrNull } from './explanation.ts';

export interface ClusterOutcome extends Pick<Explanation, 'outcome' | 'status'> {
  readonly choice: OrNull<ChoiceExplanation>;
  /** Why nobody knows more; undefined where all is known. */
  readonly note: string | undefined;
}

export function chooseIn(
  cluster: string,
  by: Pick<ChoiceInputs, 'found' | 'pinned'>,
  world: ExplainedWorld,
): ClusterOutcome {
  const state = world.stateOf(cluster);
  const policy = world.policyOf(cluster);
  if (typeof state === 'string') {
    const nobody = { snapshot: offlineSnapshot([], policy), source: 'static' } as const;
    const choice = explainChoice({ cluster, policy, state: nobody, found: by.found, tried: [] });
    return { choice: { ...choice, ...UNKNOWN_ENDPOINTS }, outcome: 'unknown', status: null, note: state };
  }
  const choice = explainChoice({ cluster, policy, state, ...by, tried: [] });
  if (isChosen(choice)) return { choice, outcome: 'forwarded', status: null, note: undefined };
  return { choice, outcome: 'no_endpoint', status: REASONS.no_endpoint.status, note: undefined };
}

/** The hash of a key is the same whoever is there; the rest is not known. */
const UNKNOWN_ENDPOINTS = {
  fingerprint: null,
  up: null,
  endpoints: null,
  position: null,
  positions: null,
  candidates: null,
  omitted: null,
} as const;

/** Where several may be chosen one of them will be. */
function isChosen({ endpoint, candidates }: ChoiceExplanation): boolean {
  return endpoint !== null || candidates.some(({ accepted }) => accepted);
}
