/** A route with everything a request needs once it has matched: the cluster, how to find the key, where to count. */
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
import type { UpstreamCluster } from './upstream-cluster.ts';

/** Where a route, or an arm of its split, leads to. */
export interface RouteTarget {
  readonly answer: undefined;
  /** The route's name. */
  readonly name: string;
  readonly cluster: UpstreamCluster;
  /** Undefined where the policy has no use for a key. */
  readonly requestKey: RequestKey | undefined;
  readonly requestTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** Undefined where the request passes as it is; so with the answer. */
  readonly editRequest: RequestEdit | undefined;
  readonly responseEdits: HeaderEdits | undefined;
  readonly counts: RequestCounts;
  readonly durations: DurationHistogram;
}

/** A route that answers by itself. */
export interface AnswerTarget {
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

/** Where the first route that holds leads to, through its split where it has one; undefined where no route holds. */
export function targetOf(
  routes: RouteIndex<HttpRoute>,
  head: RequestHead,
  identity: ClientIdentity,
): RouteTarget | AnswerTarget | undefined {
  const route = routes.find(head);
  return route === undefined || route.split === undefined ? route?.target : armOf(route.split, head, identity);
}

function armOf(split: SplitTarget, head: RequestHead, identity: ClientIdentity): RouteTarget | undefined {
  const request = { head, clientIp: identity.clientOf(head), isTrusted: identity.isTrusted };
  const choice = chooseArm(split, request, Math.random);
  if (choice.by === 'chance' && split.requestKey !== undefined) split.keyless.count();
  return split.arms[choice.arm];
}

/** Changes `head.forwarded` as the route asks; false where its path is too long to be rewritten. */
export function editRequest(target: RouteTarget, head: RequestHead): boolean {
  const text = target.editRequest?.(head);
  if (text === undefined) return target.editRequest === undefined;
  head.forwarded = text;
  return true;
}

/** The request's key; undefined where it carries none (counted), empty where the policy has no use for one. */
export function keyOf(target: RouteTarget, head: RequestHead, identity: ClientIdentity): string | undefined {
  if (target.requestKey === undefined) return '';
  const key = target.requestKey(head, identity.clientOf(head));
  if (key === undefined) target.cluster.counts.countKeyless();
  return key;
}
