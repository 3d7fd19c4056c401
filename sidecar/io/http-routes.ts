/** The routes of one HTTP listener, ready for requests: conditions, targets, counts. */
import { POLICIES } from '../../src/balance/policies.ts';
import { type ClusterConfig, keyPartsOf } from '../../src/config/cluster.ts';
import type { HttpListenerConfig, RouteConfig } from '../../src/config/listener.ts';
import { compileHeaderEdits } from '../header-edits.ts';
import type { Interests } from '../http1/interests.ts';
import { listenerInterests } from '../listener-interests.ts';
import { MirrorCounts } from '../mirror.ts';
import { compileOwnAnswer } from '../own-answer.ts';
import { compileRequestEdit } from '../request-edit.ts';
import { compileRequestKey, type RequestKey } from '../request-key.ts';
import { longestPath } from '../rewrite.ts';
import { compileRoute, routeName } from '../route.ts';
import { RouteIndex } from '../route-index.ts';
import { compileSplit } from '../split-choice.ts';
import { fittingWeights, type SplitWeights, splitName } from '../split-weights.ts';
import { DurationHistogram, KeylessCount, type NewCounts, RequestCounts, within } from '../traffic.ts';
import { clusterPath, countedClusters, mirrorPath, routePath, splitPath } from '../worker-counts.ts';
import type { AnswerTarget, HttpRoute, RouteTarget, SplitTarget } from './http-target.ts';
import { RouteMirror } from './route-mirror.ts';
import { StickyRoute } from './sticky-route.ts';
import type { UpstreamCluster } from './upstream-cluster.ts';

/** A cluster that routes lead to, with what they are compiled for: one that stays through a reload takes it up later. */
export interface RoutedCluster {
  readonly cluster: UpstreamCluster;
  readonly config: ClusterConfig;
}

type RouteExtras = Pick<RouteTarget, 'sticky' | 'mirror'>;

export class HttpRoutes {
  /** The fields that conditions and keys read. */
  readonly interests: Interests;
  readonly index: RouteIndex<HttpRoute>;
  /** Clusters that requests are sent to, each once. */
  readonly used: readonly RoutedCluster[];
  readonly #clusters: ReadonlyMap<string, RoutedCluster>;
  readonly #newCounts: NewCounts;
  readonly #mirrors: RouteMirror[] = [];

  constructor(config: HttpListenerConfig, clusters: ReadonlyMap<string, RoutedCluster>, newCounts: NewCounts) {
    const { routes } = config;
    this.#clusters = clusters;
    this.#newCounts = newCounts;
    this.used = [...new Set(routes.flatMap(countedClusters))].map((name) => this.#clusterOf(name));
    this.interests = listenerInterests(config, (name) => this.#clusterOf(name).config.balance);
    this.index = new RouteIndex(
      routes.map((route, place) => this.#compile(route, place)),
      this.interests,
    );
  }

  /** Whether nothing is sent beside the requests themselves now. */
  get isIdle(): boolean {
    return this.#mirrors.every((mirror) => mirror.isIdle);
  }

  /** Cuts what is sent beside the requests themselves. */
  close(): void {
    for (const mirror of this.#mirrors) mirror.close();
  }

  /** Weights of splits that are in force from here on; those that do not fit a split leave it as it is. */
  setWeights(listener: string, weights: SplitWeights): void {
    for (const { name, split } of this.index.routes) {
      if (split === undefined) continue;
      const fitting = fittingWeights(weights.get(splitName(listener, name)), split.split.arms);
      if (fitting !== undefined) split.split.setWeights(fitting);
    }
  }

  #compile(config: RouteConfig, place: number): HttpRoute {
    const extras = this.#extras(config, place);
    return {
      ...compileRoute(config, place, this.interests),
      target: config.to === undefined ? this.#answer(config, place) : this.#target(config, place, config.to, extras),
      split: this.#split(config, place, extras),
    };
  }

  /** What all arms of a split share. */
  #extras({ sticky_cookie: sticky, mirror: config, name }: RouteConfig, place: number): RouteExtras {
    const common = { sticky: sticky && new StickyRoute(sticky, this.interests) };
    if (config === undefined) return { ...common, mirror: undefined };
    const route = routeName({ name }, place);
    const routed = this.#clusterOf(config.to);
    const counts = new MirrorCounts(within(this.#newCounts, ...mirrorPath(route, config.to)));
    const { cluster } = routed;
    const mirror = new RouteMirror({ config, cluster, requestKey: this.#requestKeyOf(routed), counts });
    this.#mirrors.push(mirror);
    return { ...common, mirror };
  }

  #requestKeyOf({ config: { balance } }: RoutedCluster): RequestKey | undefined {
    const isKeyed = POLICIES[balance.policy].keyed !== false;
    return isKeyed ? compileRequestKey(keyPartsOf(balance), this.interests) : undefined;
  }

  #target(config: RouteConfig, place: number, clusterName: string, extras: RouteExtras): RouteTarget {
    const routed = this.#clusterOf(clusterName);
    const { cluster } = routed;
    const { timeouts } = routed.config;
    return {
      kind: 'endpoint',
      name: routeName(config, place),
      cluster,
      requestKey: this.#requestKeyOf(routed),
      ...extras,
      requestTimeoutMs: config.timeout ?? timeouts.request,
      idleTimeoutMs: timeouts.idle,
      editRequest: compileRequestEdit(config),
      longestPath: longestPath(config.rewrite),
      responseEdits: config.response_headers && compileHeaderEdits(config.response_headers),
      counts: this.#counts(config, place, clusterName),
      // One for all routes to the same cluster: counts of one name are one.
      durations: new DurationHistogram(within(this.#newCounts, ...clusterPath(clusterName))),
    };
  }

  #split(config: RouteConfig, place: number, extras: RouteExtras): SplitTarget | undefined {
    const split = compileSplit(config, place, this.interests);
    if (split === undefined) return undefined;
    return {
      ...split,
      arms: split.split.arms.map((cluster) => this.#target(config, place, cluster, extras)),
      keyless: new KeylessCount(within(this.#newCounts, ...splitPath(routeName(config, place)))),
    };
  }

  #answer(config: RouteConfig, place: number): AnswerTarget | undefined {
    const answer = compileOwnAnswer(config);
    if (answer === undefined) return undefined;
    return { kind: 'answer', name: routeName(config, place), answer, counts: this.#counts(config, place, '') };
  }

  #counts(config: RouteConfig, place: number, cluster: string): RequestCounts {
    return new RequestCounts(within(this.#newCounts, ...routePath(routeName(config, place), cluster)));
  }

  #clusterOf(name: string): RoutedCluster {
    const cluster = this.#clusters.get(name);
    if (cluster === undefined) throw new Error(`cluster ${name} does not exist`);
    return cluster;
  }
}
