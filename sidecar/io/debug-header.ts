/** `x-outrigger-explain`: for callers that may know, why their request went where it went. */
import { policyFor } from '../../src/balance/policies.ts';
import type { DiscoveryStatus } from '../../src/cluster-view.ts';
import { keyPartsOf } from '../../src/config/cluster.ts';
import type { DiscoverConfig } from '../../src/config/discover.ts';
import type { Endpoint } from '../../src/endpoint.ts';
import type { Reason } from '../../src/error.ts';
import type { ClientIdentity } from '../client-identity.ts';
import { explainChoice } from '../explain/explain-choice.ts';
import { findKey } from '../explain/explain-key.ts';
import { explainSplit } from '../explain/explain-split.ts';
import type { SplitExplanation } from '../explain/explanation.ts';
import { shortAnswer, shortForm, shortRefusal } from '../explain/short-form.ts';
import type { Interests } from '../http1/interests.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { HttpRoutes } from './http-routes.ts';
import type { AnswerTarget, HttpRoute, RouteTarget } from './http-target.ts';

/** The line of one client connection's answers; it has none unless the listener explains and the caller is trusted. */
export interface DebugHeader {
  /** Of the answer under way, whole; or empty. */
  readonly line: string;
  /** The next request, which goes by these rules however they change meanwhile. */
  begin(listener: ExplainingListener): void;
  /**
   * An endpoint was picked, or none could be: of the same snapshot, and before it counts as in flight. `pinned`: by a
   * sticky cookie. On the hot path, so there is no object around the four.
   */
  onPick(
    target: RouteTarget,
    tried: readonly Endpoint[],
    pinned: Endpoint | undefined,
    endpoint: Endpoint | undefined,
  ): void;
  /** The line of an answer in our own words. */
  replyLine(reason: Reason): string;
  /** The line of an answer that a route gives by itself. */
  answerLine(target: AnswerTarget | undefined): string;
  /** The answer has been given. */
  clear(): void;
}

export interface ExplainingListener {
  readonly name: string;
  readonly explains: boolean;
  readonly routes: HttpRoutes;
}

/** `head` is the connection's, read anew for each request. */
export function debugHeader(identity: ClientIdentity, head: RequestHead): DebugHeader {
  return identity.isTrusted ? new ExplainHeader(identity, head) : NO_HEADER;
}

const NO_HEADER: DebugHeader = {
  line: '',
  begin: () => undefined,
  onPick: () => undefined,
  replyLine: () => '',
  answerLine: () => '',
  clear: () => undefined,
};

class ExplainHeader implements DebugHeader {
  line = '';
  #name = '';
  /** Undefined where nothing is explained. */
  #routes: HttpRoutes | undefined;
  readonly #identity: ClientIdentity;
  readonly #head: RequestHead;

  constructor(identity: ClientIdentity, head: RequestHead) {
    this.#identity = identity;
    this.#head = head;
  }

  begin({ name, explains, routes }: ExplainingListener): void {
    this.#name = name;
    this.#routes = explains ? routes : undefined;
  }

  onPick(
    target: RouteTarget,
    tried: readonly Endpoint[],
    pinned: Endpoint | undefined,
    endpoint: Endpoint | undefined,
  ): void {
    const routes = this.#routes;
    const { cluster } = target;
    // What the routes were compiled for: a cluster that stays through a reload has other settings at once.
    const config = routes?.used.find((it) => it.cluster === cluster)?.config;
    if (routes === undefined || config === undefined) return;
    const { balance, discover } = config;
    const { interests, index } = routes;
    const asked = { head: this.#head, client: this.#identity.clientOf(this.#head) };
    const found = target.requestKey && findKey(keyPartsOf(balance), interests, asked);
    const route = index.routes.find(({ name }) => name === target.name);
    const cookie = route?.config.sticky_cookie?.name ?? '';
    const choice = explainChoice({
      cluster: cluster.name,
      policy: policyFor(balance),
      state: { snapshot: cluster.snapshot, source: sourceOf(discover) },
      found,
      pinned: pinned && { endpoint: pinned, cookie },
      tried,
    });
    const picked = endpoint === undefined ? null : { id: endpoint.id, address: endpoint.address };
    const place = { listener: this.#name, route: target.name, split: this.#splitOf(route, interests) };
    this.#say(shortForm({ ...choice, ...place, pinned: pinned?.id, endpoint: picked }));
  }

  #splitOf(route: HttpRoute | undefined, interests: Interests): SplitExplanation | undefined {
    if (route?.split === undefined) return undefined;
    const head = this.#head;
    const clientIp = this.#identity.clientOf(head);
    const { split_key: parts } = route.config;
    const found = parts && findKey(parts, interests, { head, client: clientIp });
    return explainSplit(route.split, { head, clientIp, isTrusted: this.#identity.isTrusted }, found);
  }

  replyLine(reason: Reason): string {
    const names = this.#routes?.index.routes.map(({ name }) => name);
    if (names !== undefined && reason === 'no_route') this.#say(shortRefusal(this.#name, names));
    return this.line;
  }

  answerLine(target: AnswerTarget | undefined): string {
    if (this.#routes !== undefined && target !== undefined) this.#say(shortAnswer(this.#name, target.name));
    return this.line;
  }

  clear(): void {
    this.line = '';
  }

  #say(value: string): void {
    this.line = `x-outrigger-explain: ${value}\r\n`;
  }
}

function sourceOf(discover: DiscoverConfig): DiscoveryStatus['source'] {
  return (['consul', 'dns', 'file'] as const).find((source) => discover[source] !== undefined) ?? 'static';
}
