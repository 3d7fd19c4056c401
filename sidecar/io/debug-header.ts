/** `x-outrigger-explain`: for callers that may know, why their request went where it went. */
import { POLICIES } from '../../src/balance/policies.ts';
import type { DiscoverConfig } from '../../src/config/discover.ts';
import type { Endpoint } from '../../src/endpoint.ts';
import type { Reason } from '../../src/error.ts';
import type { ClientIdentity } from '../client-identity.ts';
import { explainChoice } from '../explain/explain-choice.ts';
import { findKey } from '../explain/explain-key.ts';
import { shortForm, shortRefusal } from '../explain/short-form.ts';
import type { Interests } from '../http1/interests.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { RouteTarget } from './http-target.ts';

/** The line of one client connection's answers; it has none unless the listener explains and the caller is trusted. */
export interface DebugHeader {
  /** Of the answer under way, whole; or empty. */
  readonly line: string;
  /** An endpoint was picked, or none could be: of the same snapshot, and before it counts as in flight. */
  onPick(target: RouteTarget, tried: readonly Endpoint[], endpoint: Endpoint | undefined): void;
  /** The line of an answer in our own words. */
  replyLine(reason: Reason): string;
  /** The answer has been given. */
  clear(): void;
}

export interface ExplainingListener {
  readonly name: string;
  readonly explains: boolean;
  readonly interests: Interests;
  readonly targets: readonly RouteTarget[];
}

/** `head` is the connection's, read anew for each request. */
export function debugHeader(listener: ExplainingListener, identity: ClientIdentity, head: RequestHead): DebugHeader {
  return listener.explains && identity.isTrusted ? new ExplainHeader(listener, identity, head) : NO_HEADER;
}

const NO_HEADER: DebugHeader = {
  line: '',
  onPick: () => undefined,
  replyLine: () => '',
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

  onPick(target: RouteTarget, tried: readonly Endpoint[], endpoint: Endpoint | undefined): void {
    const { cluster } = target;
    const { balance, discover } = cluster.config;
    const asked = { head: this.#head, client: this.#identity.clientOf(this.#head) };
    const isKeyed = target.requestKey !== undefined;
    const found = isKeyed ? findKey(balance.hash_key ?? [], this.#listener.interests, asked) : undefined;
    const state = { snapshot: cluster.snapshot, source: sourceOf(discover) };
    const policy = POLICIES[balance.policy];
    const choice = explainChoice({ cluster: cluster.name, policy, state, found, tried });
    const picked = endpoint === undefined ? null : { id: endpoint.id, address: endpoint.address };
    this.#say(shortForm({ ...choice, listener: this.#listener.name, route: target.name, endpoint: picked }));
  }

  replyLine(reason: Reason): string {
    const names = this.#listener.targets.map(({ name }) => name);
    if (reason === 'no_route') this.#say(shortRefusal(this.#listener.name, names));
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
