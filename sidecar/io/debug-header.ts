/** `x-outrigger-explain`: for callers that may know, why their request went where it went. */
import { policyFor } from '../../src/balance/policies.ts';
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
import type { AnswerTarget, HttpRoute, RouteTarget } from './http-target.ts';

/** The line of one client connection's answers; it has none unless the listener explains and the caller is trusted. */
export interface DebugHeader {
  /** Of the answer under way, whole; or empty. */
  readonly line: string;
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
  readonly interests: Interests;
  readonly routes: { readonly index: { readonly routes: readonly HttpRoute[] } };
}

/** `head` is the connection's, read anew for each request. */
export function debugHeader(listener: ExplainingListener, identity: ClientIdentity, head: RequestHead): DebugHeader {
  return listener.explains && identity.isTrusted ? new ExplainHeader(listener, identity, head) : NO_HEADER;
}

const NO_HEADER: DebugHeader = {
  line: '',
  onPick: () => undefined,
  replyLine: () => '',
  answerLine: () => '',
  clear: () => undefined,
};

class ExplainHeader implements DebugHeader {
  line = '';
  readonly #listener: ExplainingListener;
  readonly #identity: ClientIdentity;
  readonly #head: RequestHead;

  constructor(listener: ExplainingListener, identity: ClientIdentity, head: RequestHead) {
    this.#listener = listener;
    this.#identity = identity;
    this.#head = head;
  }

  onPick(
    target: RouteTarget,
    tried: readonly Endpoint[],
    pinned: Endpoint | undefined,
    endpoint: Endpoint | undefined,
  ): void {
    const { cluster } = target;
    const { balance, discover } = cluster.config;
    const { name: listener, interests } = this.#listener;
    const asked = { head: this.#head, client: this.#identity.clientOf(this.#head) };
    const found = target.requestKey && findKey(keyPartsOf(balance), interests, asked);
    const route = this.#listener.routes.index.routes.find(({ name }) => name === target.name);
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
    const place = { listener, route: target.name, split: this.#splitOf(route) };
    this.#say(shortForm({ ...choice, ...place, pinned: pinned?.id, endpoint: picked }));
  }

  #splitOf(route: HttpRoute | undefined): SplitExplanation | undefined {
    if (route?.split === undefined) return undefined;
    const head = this.#head;
    const clientIp = this.#identity.clientOf(head);
    const { split_key: parts } = route.config;
    const found = parts && findKey(parts, this.#listener.interests, { head, client: clientIp });
    return explainSplit(route.split, { head, clientIp, isTrusted: this.#identity.isTrusted }, found);
  }

  replyLine(reason: Reason): string {
    const names = this.#listener.routes.index.routes.map(({ name }) => name);
    if (reason === 'no_route') this.#say(shortRefusal(this.#listener.name, names));
    return this.line;
  }

  answerLine(target: AnswerTarget | undefined): string {
    if (target !== undefined) this.#say(shortAnswer(this.#listener.name, target.name));
    return this.line;
  }

  clear(): void {
    this.line = '';
  }

  #say(value: string): void {
    this.line = `x-outrigger-explain: ${value}\r\n`;
  }
}

function sourceOf(discover: DiscoverConfig): 'consul' | 'file' | 'static' {
  if (discover.consul !== undefined) return 'consul';
  return discover.file === undefined ? 'static' : 'file';
}
