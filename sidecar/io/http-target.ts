/** A route with everything a request needs once it has matched: the cluster, how to find the key, where to count. */
import type { Reason } from '../../src/error.ts';
import type { ClientIdentity } from '../client-identity.ts';
import type { HeaderEdits } from '../header-edits.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { OwnAnswer } from '../own-answer.ts';
import type { RequestEdit } from '../request-edit.ts';
import type { RequestKey } from '../request-key.ts';
import type { Route } from '../route.ts';
import type { RouteIndex } from '../route-index.ts';
import { chooseArm, type RouteSplit } from '../split-choice.ts';
import type { DurationHistogram, KeylessCount, RequestCounts } from '../traffic.ts';
import { formatUpstreamHead } from '../upstream-head.ts';
import type { RouteMirror } from './route-mirror.ts';
import type { StickyRoute } from './sticky-route.ts';
import type { UpstreamCluster } from './upstream-cluster.ts';

/** Where a route, or an arm of its split, leads to. */
export interface RouteTarget {
  readonly kind: 'endpoint';
  /** The route's name. */
  readonly name: string;
  readonly cluster: UpstreamCluster;
  /** Undefined where the policy has no use for a key. */
  readonly requestKey: RequestKey | undefined;
  readonly sticky: StickyRoute | undefined;
  readonly mirror: RouteMirror | undefined;
  readonly requestTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** Undefined where the request passes as it is; so with the answer. */
  readonly editRequest: RequestEdit | undefined;
  /** Of a path that can be rewritten; Infinity where none is looked through. */
  readonly longestPath: number;
  readonly responseEdits: HeaderEdits | undefined;
  readonly counts: RequestCounts;
  readonly durations: DurationHistogram;
}

/** A route that answers by itself. */
export interface AnswerTarget {
  readonly kind: 'answer';
  readonly name: string;
  readonly answer: OwnAnswer;
  readonly counts: RequestCounts;
}

export interface SplitTarget extends RouteSplit {
  /** By the places of the arms. */
  readonly arms: readonly RouteTarget[];
  readonly keyless: KeylessCount;
}

/** Exactly one of the two is there. */
export interface HttpRoute extends Route {
  readonly target: RouteTarget | AnswerTarget | undefined;
  readonly split: SplitTarget | undefined;
}

export interface Refusal {
  readonly kind: 'refusal';
  readonly reason: Reason;
  readonly status: number;
}

const NO_ROUTE: Refusal = { kind: 'refusal', reason: 'no_route', status: 404 };
/** RFC 9110 section 15.5.15: the path is longer than what its route can rewrite. */
const PATH_TOO_LONG: Refusal = { kind: 'refusal', reason: 'bad_request', status: 414 };

/** Where the first route that holds leads to. While the body is wanted, that is not known yet. */
export function routeRequest(
  routes: RouteIndex<HttpRoute>,
  head: RequestHead,
  identity: ClientIdentity,
): RouteTarget | AnswerTarget | Refusal {
  const route = routes.find(head);
  const target = route?.split === undefined ? route?.target : armOf(route.split, head, identity);
  if (target === undefined) return NO_ROUTE;
  return target.kind === 'endpoint' && head.path.length > target.longestPath ? PATH_TOO_LONG : target;
}

function armOf(split: SplitTarget, head: RequestHead, identity: ClientIdentity): RouteTarget | undefined {
  const request = { head, clientIp: identity.clientOf(head), isTrusted: identity.isTrusted };
  const choice = chooseArm(split, request, Math.random);
  if (choice.by === 'chance' && split.requestKey !== undefined && !head.body.isWanted) split.keyless.count();
  return split.arms[choice.arm];
}

/** A request's head on its way upstream, as its route wants it. */
export function upstreamHeadOf(target: RouteTarget, head: RequestHead, origin: string, requestId: string): string {
  return formatUpstreamHead(head, origin, head.requestId === '' ? requestId : '', target.editRequest?.(head));
}

/** The request's key; undefined where it carries none (counted; not while its body is only wanted), empty where the policy has no use for one. */
export function keyOf(target: RouteTarget, head: RequestHead, identity: ClientIdentity): string | undefined {
  if (target.requestKey === undefined) return '';
  const key = target.requestKey(head, identity.clientOf(head));
  if (key === undefined && !head.body.isWanted) target.cluster.counts.countKeyless();
  return key;
}
