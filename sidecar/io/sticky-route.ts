/** `sticky_cookie` at work: which endpoint a client is pinned to, and what an answer must say when that has changed. */
import type { StickyCookieConfig } from '../../src/config/sticky-cookie.ts';
import type { Endpoint } from '../../src/endpoint.ts';
import type { Interests } from '../http1/interests.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { compileStickyCookie, type StickyCookie } from '../sticky-cookie.ts';
import { StickyPins } from './sticky-pins.ts';
import type { UpstreamCluster } from './upstream-cluster.ts';

export class StickyRoute {
  readonly #cookie: StickyCookie;
  readonly #secret: string;
  /** A split leads to several clusters. */
  readonly #pins = new Map<UpstreamCluster, StickyPins>();

  /** `config` must have its secret by now. */
  constructor(config: StickyCookieConfig, interests: Interests) {
    if (config.secret === undefined) throw new Error(`sticky_cookie ${config.name} has no secret`);
    this.#secret = config.secret;
    this.#cookie = compileStickyCookie(config, interests);
  }

  /** The endpoint that the client's cookie stands for, up or not; undefined where it has none that is valid here. */
  pinned(head: RequestHead, cluster: UpstreamCluster): Endpoint | undefined {
    const value = this.#cookie.read(head);
    return value === undefined ? undefined : this.#pinsOf(cluster).find(value, cluster.snapshot.endpoints);
  }

  /** The line of an answer that pins its client to `endpoint` from here on; empty where it is `pinned` there already. */
  setLine(cluster: UpstreamCluster, endpoint: Endpoint | undefined, pinned: Endpoint | undefined): string {
    if (endpoint === undefined || endpoint.id === pinned?.id) return '';
    return this.#cookie.setLine(this.#pinsOf(cluster).valueOf(endpoint, cluster.snapshot.endpoints));
  }

  #pinsOf(cluster: UpstreamCluster): StickyPins {
    let pins = this.#pins.get(cluster);
    if (pins === undefined) {
      pins = new StickyPins(this.#secret, cluster.name);
      this.#pins.set(cluster, pins);
    }
    return pins;
  }
}
