/** The way of a request through a listener that speaks HTTP, step by step as its connections go it. */
import { formatAddress, type ListenAddress } from '../../src/address.ts';
import { keyPartsOf } from '../../src/config/cluster.ts';
import type { HttpListenerConfig, RouteConfig } from '../../src/config/listener.ts';
import { REASONS, type Reason } from '../../src/error.ts';
import { textOf } from '../../src/hash.ts';
import { TrustedProxies } from '../client-address.ts';
import { ClientIdentity } from '../client-identity.ts';
import { directOrigin } from '../client-origin.ts';
import { listenerInterests } from '../listener-interests.ts';
import { compileRequestKey } from '../request-key.ts';
import { longestPath } from '../rewrite.ts';
import { compileRoute, routeName } from '../route.ts';
import { RouteIndex } from '../route-index.ts';
import { chooseArm, compileSplit, type RouteSplit } from '../split-choice.ts';
import { fittingWeights, splitName } from '../split-weights.ts';
import { countedClusters } from '../worker-counts.ts';
import { type Asked, balanceOf } from './asked.ts';
import { explainAnswer, explainChanges } from './explain-changes.ts';
import { explainRoutes } from './explain-routes.ts';
import { explainTarget, type SplitRoute } from './explain-target.ts';
import type { ExplainedWorld } from './explained-world.ts';
import { type Explanation, NO_CHOICE, NO_EXTRAS } from './explanation.ts';
import { type AskedUrl, headText, type Question } from './question.ts';
import { readHead, takeBody } from './read-request.ts';

export interface HttpStep {
  readonly question: Question;
  readonly world: ExplainedWorld;
  readonly url: AskedUrl;
  readonly notes: readonly string[];
  /** Of the listener. */
  readonly address: ListenAddress;
}

/** What the explanation of a listener's request says beside where that listener is. */
export type HttpExplanation = Omit<Explanation, 'listener' | 'protocol' | 'address'>;

export function explainHttp(listener: HttpListenerConfig, step: HttpStep): HttpExplanation {
  const { question, world, url, notes } = step;
  const identity = new ClientIdentity(directOrigin(question.client), new TrustedProxies(world.config.trusted_proxies));
  const interests = listenerInterests(listener, (cluster) => balanceOf(cluster, world));
  const host = url.authority === '' ? hostOf(step.address) : url.authority;
  const { head, refusal } = readHead(headText(question, url.target, host), listener, { interests, identity });
  const client = identity.clientOf(head);
  const request = { method: question.method, target: url.target, host: textOf(head.host), client };
  const base = { request, routes: [], route: null, ...NO_CHOICE, ...NO_EXTRAS, notes };
  if (refusal !== undefined) return { ...base, ...refused(refusal.reason, refusal, notes) };
  if (head.maxForwards === 0 && (head.method === 'OPTIONS' || head.method === 'TRACE')) {
    return { ...base, outcome: 'answered', status: 200, notes: [...notes, 'Max-Forwards is 0: it ends here'] };
  }
  const asked: Asked = {
    head,
    clientIp: client,
    isTrusted: identity.isTrusted,
    interests,
    listener: listener.name,
    world,
  };
  return { ...base, ...explainRouted(listener, asked, { body: question.body, notes }) };
}

type Routed = Pick<Explanation, 'routes' | 'outcome' | 'status'> & Partial<HttpExplanation>;

function explainRouted(
  { routes }: HttpListenerConfig,
  asked: Asked,
  { body, notes }: Pick<Explanation, 'notes'> & Pick<Question, 'body'>,
): Routed {
  const { head, interests } = asked;
  const compiled = routes.map((route, place) => ({
    ...compileRoute(route, place, interests),
    split: splitOf(route, place, asked),
  }));
  const index = new RouteIndex<SplitRoute>(compiled, interests);
  askForBody(index.find(head), asked);
  if (!takeBody(head, body, interests)) {
    return { routes: [], outcome: 'unknown', status: null, notes: [...notes, NO_BODY] };
  }
  const taken = index.find(head);
  const tried = explainRoutes(compiled, taken, head);
  if (taken === undefined) return { routes: tried, outcome: 'no_route', status: REASONS.no_route.status };
  const { name, config } = taken;
  const found = { routes: tried, route: name };
  const answer = explainAnswer(config, head);
  if (answer !== undefined) {
    const changes = explainChanges(config, head);
    return { ...found, answer, changes, outcome: 'answered', status: answer.status };
  }
  const longest = longestPath(config.rewrite);
  if (head.path.length > longest) {
    const problem = `the path has more than the ${longest} bytes that this route can rewrite`;
    return { ...found, ...refused('bad_request', { status: 414, problem }, notes) };
  }
  const target = explainTarget(taken, asked);
  return { ...found, ...target, notes: [...notes, ...target.notes], changes: explainChanges(config, head) };
}

const NO_BODY = 'where it goes depends on its body, which is not given';

/** With the weights in force. */
function splitOf(config: RouteConfig, place: number, { interests, listener, world }: Asked): RouteSplit | undefined {
  const compiled = compileSplit(config, place, interests);
  if (compiled === undefined) return undefined;
  const { split } = compiled;
  const weights = fittingWeights(world.weights.get(splitName(listener, routeName(config, place))), split.arms);
  if (weights !== undefined) split.setWeights(weights);
  return compiled;
}

/** Asks for everything that a connection asks for before it knows what to do with the body. */
function askForBody(route: SplitRoute | undefined, { head, clientIp, isTrusted, interests, world }: Asked): void {
  if (route === undefined || head.body.isWanted) return;
  const { split, config } = route;
  const arm = split && chooseArm(split, { head, clientIp, isTrusted }, () => 0);
  if (head.body.isWanted) return;
  const clusters = countedClusters(config);
  // What is left to chance may lead to any of them.
  const possible = arm === undefined || arm.by === 'chance' ? clusters : clusters.slice(arm.arm, arm.arm + 1);
  for (const cluster of possible) compileRequestKey(keyPartsOf(balanceOf(cluster, world)), interests)(head, clientIp);
}

function refused(
  reason: Reason,
  { status, problem }: { readonly status: number; readonly problem: string },
  notes: readonly string[],
): Pick<Explanation, 'outcome' | 'status' | 'notes'> {
  return { outcome: reason, status, notes: [...notes, `${REASONS[reason].message}: ${problem}`] };
}

/** What a client names that was given a bare path; on a unix socket it is what curl says. */
function hostOf(address: ListenAddress): string {
  return 'path' in address ? 'localhost' : formatAddress(address);
}
