/** Whom a sticky cookie pins a request to, and why that is not honoured where it is not. */
import type { StickyCookieConfig } from '../../src/config/sticky-cookie.ts';
import type { Endpoint } from '../../src/endpoint.ts';
import type { Interests } from '../http1/interests.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { compileStickyCookie } from '../sticky-cookie.ts';
import { type ClusterState, whyNoWork } from './cluster-state.ts';
import type { ExplainedWorld } from './explained-world.ts';
import type { StickyExplanation } from './explanation.ts';

export interface StickyInputs {
  readonly cookie: StickyCookieConfig;
  readonly cluster: string;
  readonly state: ClusterState;
  readonly interests: Interests;
}

export interface FoundPin {
  readonly sticky: StickyExplanation;
  /** Up or not. */
  readonly endpoint: Endpoint | undefined;
  /** False where nobody can tell whom the cookie means. */
  readonly isKnown: boolean;
}

export function findPin(
  head: RequestHead,
  { cookie, cluster, state, interests }: StickyInputs,
  world: Pick<ExplainedWorld, 'pinnedBy'>,
): FoundPin {
  const value = compileStickyCookie(cookie, interests).read(head);
  const none = (why: string): FoundPin => {
    return { sticky: { cookie: cookie.name, pinned: null, honoured: false, why }, endpoint: undefined, isKnown: true };
  };
  if (value === undefined) return none('the request has no such cookie; the answer sets it');
  const endpoint = world.pinnedBy(value, { cookie, cluster, endpoints: state.snapshot.endpoints });
  if (typeof endpoint === 'string') return { ...none(endpoint), isKnown: false };
  if (endpoint === undefined) {
    return none('its value stands for no endpoint of this cluster; the answer sets another');
  }
  const why = whyNoWork(state, endpoint);
  const pinned = { id: endpoint.id, address: endpoint.address };
  return {
    sticky: { cookie: cookie.name, pinned, honoured: why === undefined, why: why ?? '' },
    endpoint,
    isKnown: true,
  };
}
