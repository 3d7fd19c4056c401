/**
 * `mirror` of a route at work. A copy is made beside the request and never waited for: whatever becomes of it, the
 * request does not notice. What copies may cost is bounded by their number, their size and their time.
 */
import type { MirrorConfig } from '../../src/config/mirror.ts';
import type { Endpoint } from '../../src/endpoint.ts';
import { HeldBody } from '../held-body.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { MAX_MIRRORED_BYTES, type MirrorCounts, mirrorHead } from '../mirror.ts';
import type { RequestKey } from '../request-key.ts';
import { MirrorConnection } from './mirror-connection.ts';
import { type ClientConnection, proxyHeaderOf } from './proxy-header.ts';
import type { UpstreamCluster } from './upstream-cluster.ts';

const NOT_TRIED: readonly Endpoint[] = [];

export interface RouteMirrorOptions {
  readonly config: MirrorConfig;
  readonly cluster: UpstreamCluster;
  /** Undefined where the cluster's policy has no use for a key. */
  readonly requestKey: RequestKey | undefined;
  readonly counts: MirrorCounts;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
}

/** What a copy needs of its request before that is whole. */
interface Mirrored {
  readonly client: ClientConnection;
  /** Of the mirror's own cluster; undefined where the request carries none, empty where there is no use for one. */
  readonly key: string | undefined;
}

export class RouteMirror {
  readonly cluster: UpstreamCluster;
  readonly counts: MirrorCounts;
  readonly #config: MirrorConfig;
  readonly #requestKey: RequestKey | undefined;
  readonly #random: () => number;
  readonly #connections = new Set<MirrorConnection>();
  /** Copies whose body is still coming. */
  #collecting = 0;
  #isClosed = false;

  constructor({ config, cluster, requestKey, counts, random = Math.random }: RouteMirrorOptions) {
    this.#config = config;
    this.#requestKey = requestKey;
    this.cluster = cluster;
    this.counts = counts;
    this.#random = random;
  }

  /** Nothing is under way. */
  get isIdle(): boolean {
    return this.#collecting + this.#connections.size === 0;
  }

  /** Decides whether a request is copied; undefined where it is not. */
  draw(head: RequestHead, client: ClientConnection, clientIp: string): MirrorCopy | undefined {
    if (this.#random() >= this.#config.share || head.upgrade !== '' || this.#isClosed) return undefined;
    if (head.contentLength > MAX_MIRRORED_BYTES) this.counts.count('too_large');
    else if (this.#collecting + this.#connections.size >= this.#config.max_in_flight) this.counts.count('overloaded');
    else {
      this.#collecting += 1;
      // A part in a body that nobody has read is not waited for: the request must not notice.
      const key = this.#requestKey === undefined ? '' : this.#requestKey(head, clientIp);
      return new MirrorCopy(this, { client, key });
    }
    return undefined;
  }

  /** A copy is not collecting any more. */
  collected(): void {
    this.#collecting -= 1;
  }

  /** `head` as it goes upstream, to an endpoint of `own`. */
  send({ client, key }: Mirrored, head: string, own: UpstreamCluster, body: readonly (string | Uint8Array)[]): void {
    if (this.#isClosed) return;
    const { cluster } = this;
    const endpoint = cluster.pick(key, NOT_TRIED);
    if (endpoint === undefined) {
      this.counts.count('no_endpoint');
      return;
    }
    const isSame = own.snapshot.endpoints.some(({ address }) => address === endpoint.address);
    if (isSame && !this.#config.allow_same_cluster) {
      this.counts.count('same_endpoint');
      return;
    }
    const version = cluster.config.send_proxy_protocol;
    const proxyHeader = version === undefined ? [] : [proxyHeaderOf(client, version)];
    cluster.inFlight.enter(endpoint.slot);
    const connection = new MirrorConnection({
      endpoint,
      pieces: [...proxyHeader, mirrorHead(head), ...body],
      timeoutMs: this.#config.timeout,
      deadlines: cluster.deadlines,
      onEnd: (outcome) => {
        this.#connections.delete(connection);
        cluster.inFlight.leave(endpoint.slot);
        this.counts.count(outcome);
      },
    });
    this.#connections.add(connection);
  }

  close(): void {
    this.#isClosed = true;
    for (const connection of this.#connections) connection.close();
  }
}

/** The body of one request on its way into a copy. It ends by exactly one of `send` and `drop`; what follows is ignored. */
export class MirrorCopy {
  readonly #mirror: RouteMirror;
  readonly #mirrored: Mirrored;
  readonly #body = new HeldBody(MAX_MIRRORED_BYTES);
  #hasEnded = false;

  constructor(mirror: RouteMirror, mirrored: Mirrored) {
    this.#mirror = mirror;
    this.#mirrored = mirrored;
  }

  /** Body bytes as they go upstream; copied. */
  push(bytes: Uint8Array): void {
    if (!this.#hasEnded && !this.#body.push(bytes)) this.#end('too_large');
  }

  /** The request is whole: `head` as it goes upstream, to an endpoint of `cluster`. `trailers` (undefined where the body was not chunked) end a chunked one. */
  send(head: string, cluster: UpstreamCluster, trailers: string | undefined): void {
    if (this.#hasEnded) return;
    const body = this.#body.take();
    this.#end(undefined);
    const pieces: (string | Uint8Array)[] = body === undefined ? [] : [body];
    if (trailers !== undefined) pieces.push(`${trailers}\r\n`);
    this.#mirror.send(this.#mirrored, head, cluster, pieces);
  }

  /** The request has ended before it was whole. */
  drop(): void {
    if (!this.#hasEnded) this.#end('incomplete');
  }

  #end(outcome: 'too_large' | 'incomplete' | undefined): void {
    this.#hasEnded = true;
    this.#body.clear();
    this.#mirror.collected();
    if (outcome !== undefined) this.#mirror.counts.count(outcome);
  }
}
