/** Which endpoint a key leads to and why the others do not get the request: the picker's own order and its own answer. */
import type { Candidate, Policy } from '../../src/balance/policy.ts';
import type { Endpoint } from '../../src/endpoint.ts';
import { textOf } from '../../src/hash.ts';
import { statusOf, UP } from '../../src/snapshot.ts';
import { type ClusterState, whyNoWork } from './cluster-state.ts';
import type { FoundKey } from './explain-key.ts';
import type { CandidateExplanation, ChoiceExplanation } from './explanation.ts';

export interface ChoiceInputs {
  readonly cluster: string;
  readonly policy: Policy;
  readonly state: ClusterState;
  /** Undefined where the policy has no use for a key. */
  readonly found: FoundKey | undefined;
  /** By a sticky cookie, up or not. */
  readonly pinned?: { readonly endpoint: Endpoint; readonly cookie: string } | undefined;
  /** Endpoints that have been tried for this request already. */
  readonly tried: readonly Endpoint[];
}

/** Candidates shown beyond the chosen one at most: the rest of a ring of thousands tells nothing more. */
const SHOWN = 100;

export function explainChoice({ cluster, policy, state, found, pinned, tried }: ChoiceInputs): ChoiceExplanation {
  const { snapshot } = state;
  const key = found?.key;
  const place = key === undefined ? undefined : snapshot.picker.locate?.(key);
  const ordered = withTheRest(place?.candidates ?? [], snapshot.endpoints);
  const accept = (endpoint: Endpoint): boolean =>
    statusOf(snapshot, endpoint) === UP && !tried.some(({ id }) => id === endpoint.id);
  const judged = ordered.map((candidate) => judge(candidate, state, tried));
  const isPinned = pinned !== undefined && accept(pinned.endpoint);
  const picked = key === undefined ? onlyOne(ordered, accept) : snapshot.picker.pick(key, accept);
  const chosen = isPinned ? pinned.endpoint : picked;
  const at = judged.findIndex(({ id }) => id === chosen?.id);
  const shown = judged.slice(0, Math.max(SHOWN, at + 1)).map((it, i) => (i === at ? taken(it) : it));
  return {
    cluster,
    policy: policy.name,
    fingerprint: snapshot.fingerprint === '' ? null : snapshot.fingerprint,
    up: snapshot.upCount,
    endpoints: snapshot.endpoints.length,
    key: key === undefined ? null : { value: textOf(key), from: found?.from ?? '' },
    missing: found?.missing ?? [],
    hash: place === undefined ? null : place.hash.toString(16).padStart(8, '0'),
    position: place?.position ?? null,
    positions: place?.positions ?? null,
    candidates: shown,
    omitted: judged.length - shown.length,
    endpoint: chosen === undefined ? null : { id: chosen.id, address: chosen.address },
    by: isPinned ? `its cookie ${pinned.cookie}` : wayOf(policy, found),
  };
}

/** Those whom the key does not lead to come last, in order of id: all of them where no key decides. */
function withTheRest(ordered: readonly Candidate[], endpoints: readonly Endpoint[]): readonly Candidate[] {
  const ids = new Set(ordered.map(({ endpoint }) => endpoint.id));
  const rest = endpoints.filter(({ id }) => !ids.has(id));
  return [...ordered, ...rest.map((endpoint) => ({ endpoint, bound: undefined }))];
}

function onlyOne(candidates: readonly Candidate[], accept: (endpoint: Endpoint) => boolean): Endpoint | undefined {
  const accepted = candidates.filter(({ endpoint }) => accept(endpoint));
  return accepted.length === 1 ? accepted[0]?.endpoint : undefined;
}

function judge({ endpoint, bound }: Candidate, state: ClusterState, tried: readonly Endpoint[]): CandidateExplanation {
  const why =
    whyNoWork(state, endpoint) ??
    (tried.some(({ id }) => id === endpoint.id) ? 'already tried' : undefined) ??
    (bound?.isOver === true ? `over bound: ${bound.load} in flight, it may have ${bound.capacity}` : undefined);
  const { id, address, weight } = endpoint;
  const inFlight = state.inFlightOf?.(endpoint) ?? null;
  return { id, address, weight, in_flight: inFlight, accepted: why === undefined, why: why ?? '' };
}

/** Of those that are all over their bound the least loaded is taken, and a pinned client is not moved by a bound. */
function taken(candidate: CandidateExplanation): CandidateExplanation {
  return candidate.accepted ? candidate : { ...candidate, accepted: true, why: `${candidate.why}; taken all the same` };
}

const WAYS: Readonly<Record<string, string>> = {
  round_robin: 'whose turn it is',
  random: 'chance',
  least_requests: 'the less busy of two drawn at random',
  least_connections: 'the least work for its weight',
  peak_ewma: 'the quicker of two drawn at random',
};

function wayOf(policy: Policy, found: FoundKey | undefined): string {
  if (found === undefined) return WAYS[policy.name] ?? policy.name;
  return found.key === undefined ? 'chance: the request carries no key' : 'its key';
}
