/**
 * Why a request would go where it goes. The steps are those of the data path, made with its own functions: the head is
 * read, the first route that matches is found, its key is taken, and the cluster's picker is asked.
 */
import { isIP } from 'node:net';
import { formatAddress, type ListenAddress } from '../../src/address.ts';
import type { Policy } from '../../src/balance/policy.ts';
import type { HttpListenerConfig, TcpListenerConfig } from '../../src/config/listener.ts';
import type { Config } from '../../src/config/root.ts';
import { REASONS, type Reason } from '../../src/error.ts';
import { textOf } from '../../src/hash.ts';
import { offlineSnapshot } from '../../src/offline-snapshot.ts';
import { TrustedProxies } from '../client-address.ts';
import { ClientIdentity } from '../client-identity.ts';
import { directOrigin } from '../client-origin.ts';
import { HeadIntake } from '../http1/head-intake.ts';
import { compileInterests, type Interests } from '../http1/interests.ts';
import { RequestHead, readRequestHead } from '../http1/request-head.ts';
import { keyHeaderNames } from '../request-key.ts';
import { compileRoute, findRoute, routeHeaderNames, routeName } from '../route.ts';
import type { ClusterState } from './cluster-state.ts';
import { explainChoice } from './explain-choice.ts';
import { type FoundKey, findKey } from './explain-key.ts';
import { type ChoiceExplanation, type Explanation, NO_CHOICE, type RouteTrial } from './explanation.ts';
import { addressOf, findListener } from './find-listener.ts';
import { type AskedUrl, headText, type Question, splitUrl } from './question.ts';
import { whyNot } from './why-not.ts';

export interface ExplainedWorld {
  readonly config: Pick<Config, 'listeners' | 'clusters' | 'trusted_proxies'>;
  /** Where listeners are really bound, by name, as far as they are. */
  readonly addresses: ReadonlyMap<string, string>;
  policyOf(cluster: string): Policy;
  /** A sentence where the endpoints are not known. */
  stateOf(cluster: string): ClusterState | string;
}

/** `problem` where the question itself makes no sense. Never throws, whatever is asked. */
export function explain(question: Question, world: ExplainedWorld): Explanation | { readonly problem: string } {
  if (isIP(question.client) === 0) return { problem: `client ${question.client}: must be an IP address` };
  if (/[\r\n]/.test([question.method, question.url, ...question.headers].join(''))) {
    return { problem: 'a line break is no part of a method, a URL or a header' };
  }
  const url = splitUrl(question.url);
  const found = findListener(world.config.listeners, world.addresses, { question, url });
  if ('problem' in found) return found;
  const { listener, notes } = found;
  const step: Step = { question, world, url, notes };
  return listener.protocol === 'tcp' ? explainTcp(listener, step) : explainHttp(listener, step);
}

interface Step {
  readonly question: Question;
  readonly world: ExplainedWorld;
  readonly url: AskedUrl;
  readonly notes: readonly string[];
}

function explainTcp(listener: TcpListenerConfig, { question, world, notes }: Step): Explanation {
  const { client } = question;
  const request = { method: '', target: '', host: '', client };
  const isKeyed = world.policyOf(listener.to).keyed;
  const found = isKeyed ? { key: client, from: 'address of the client', missing: [] } : undefined;
  const base = { request, ...placeOf(listener, world), routes: [], route: null };
  return { ...base, ...chooseIn(listener.to, found, { world, notes }) };
}

function explainHttp(listener: HttpListenerConfig, { question, world, url, notes }: Step): Explanation {
  const identity = new ClientIdentity(directOrigin(question.client), new TrustedProxies(world.config.trusted_proxies));
  const interests = interestsOf(listener, world);
  const host = url.authority === '' ? hostOf(addressOf(listener, world.addresses)) : url.authority;
  const { head, refusal } = readHead(headText(question, url.target, host), listener, { interests, identity });
  const client = identity.clientOf(head);
  const request = { method: question.method, target: url.target, host: textOf(head.host), client };
  const base = { request, ...placeOf(listener, world), routes: [], route: null, ...NO_CHOICE };
  if (refusal !== undefined) {
    const why = `${REASONS[refusal.reason].message}: ${head.problem}`;
    return { ...base, outcome: refusal.reason, status: refusal.status, notes: [...notes, why] };
  }
  if (head.maxForwards === 0 && (head.method === 'OPTIONS' || head.method === 'TRACE')) {
    return { ...base, outcome: 'answered', status: 200, notes: [...notes, 'Max-Forwards is 0: it ends here'] };
  }
  const { routes, taken } = tryRoutes(listener, interests, head);
  if (taken === undefined) return { ...base, routes, outcome: 'no_route', status: REASONS.no_route.status, notes };
  const { balance } = world.config.clusters[taken.cluster] ?? {};
  const isKeyed = world.policyOf(taken.cluster).keyed;
  const found = isKeyed ? findKey(balance?.hash_key ?? [], interests, { head, client }) : undefined;
  return { ...base, routes, route: taken.name, ...chooseIn(taken.cluster, found, { world, notes }) };
}

function placeOf(
  listener: Config['listeners'][number],
  { addresses }: ExplainedWorld,
): Pick<Explanation, 'listener' | 'protocol' | 'address'> {
  const { name, protocol } = listener;
  return { listener: name, protocol, address: formatAddress(addressOf(listener, addresses)) };
}

/** What a client names that was given a bare path; on a unix socket it is what curl says. */
function hostOf(address: ListenAddress): string {
  return 'path' in address ? 'localhost' : formatAddress(address);
}

/** The fields that the listener notes of each head, as it does itself. */
function interestsOf({ routes }: HttpListenerConfig, { config }: ExplainedWorld): Interests {
  const parts = routes.flatMap(({ to }) => config.clusters[to]?.balance.hash_key ?? []);
  return compileInterests([...routeHeaderNames(routes), ...keyHeaderNames(parts)]);
}

interface ReadHead {
  readonly head: RequestHead;
  readonly refusal: { readonly reason: Reason; readonly status: number } | undefined;
}

function readHead(
  text: string,
  { limits }: HttpListenerConfig,
  { interests, identity }: { readonly interests: Interests; readonly identity: ClientIdentity },
): ReadHead {
  const head = new RequestHead();
  const refuse = (reason: Reason, status = REASONS[reason].status): ReadHead => ({ head, refusal: { reason, status } });
  const intake = new HeadIntake(limits.max_head);
  intake.push(Buffer.from(text, 'latin1'));
  const found = intake.next();
  if (found === 'too_large') {
    head.problem = `more than ${limits.max_head} bytes`;
    return refuse('head_too_large');
  }
  if (found !== 'whole') {
    head.problem = 'malformed request head';
    return refuse('bad_request');
  }
  const verdict = readRequestHead(text, head, interests, identity.isTrusted, { maxHeaders: limits.max_headers });
  if (verdict === 'ok') return { head, refusal: undefined };
  return verdict === 'expectation_failed' ? refuse('bad_request', 417) : refuse(verdict);
}

function tryRoutes({ routes }: HttpListenerConfig, interests: Interests, head: RequestHead) {
  const compiled = routes.map((route, i) => compileRoute(route, i, interests));
  const taken = findRoute(compiled, head);
  const tried: RouteTrial[] = [];
  for (const [i, route] of routes.entries()) {
    const matches = compiled[i] === taken;
    tried.push({ name: routeName(route, i), matches, why: matches ? '' : whyNot(route, interests, head) });
    if (matches) break;
  }
  return { routes: tried, taken };
}

function chooseIn(
  cluster: string,
  found: FoundKey | undefined,
  { world, notes }: { readonly world: ExplainedWorld; readonly notes: readonly string[] },
): Pick<Explanation, keyof ChoiceExplanation | 'outcome' | 'status' | 'notes'> {
  const state = world.stateOf(cluster);
  const policy = world.policyOf(cluster);
  if (typeof state === 'string') {
    const nobody = { snapshot: offlineSnapshot([], policy), source: 'static' } as const;
    const choice = explainChoice({ cluster, policy, state: nobody, found, tried: [] });
    return { ...choice, ...UNKNOWN_ENDPOINTS, outcome: 'unknown', status: null, notes: [...notes, state] };
  }
  const choice = explainChoice({ cluster, policy, state, found, tried: [] });
  if (isChosen(choice)) return { ...choice, outcome: 'forwarded', status: null, notes };
  return { ...choice, outcome: 'no_endpoint', status: REASONS.no_endpoint.status, notes };
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
