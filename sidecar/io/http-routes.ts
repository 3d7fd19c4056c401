/** The routes of one HTTP listener, ready for requests: conditions, targets, counts. */
import { keyPartsOf } from '../../src/config/cluster.ts';
import type { HttpListenerConfig, RouteConfig } from '../../src/config/listener.ts';
import { compileHeaderEdits } from '../header-edits.ts';
import type { Interests } from '../http1/interests.ts';
import { listenerInterests } from '../listener-interests.ts';
import type { MirrorTraffic, RouteTraffic, SplitTraffic } from '../metrics.ts';
import { MirrorCounts } from '../mirror.ts';
import { compileOwnAnswer } from '../own-answer.ts';
import { compileRequestEdit } from '../request-edit.ts';
import { compileRequestKey, type RequestKey } from '../request-key.ts';
import { longestPath } from '../rewrite.ts';
import { compileRoute, routeName } from '../route.ts';
import { RouteIndex } from '../route-index.ts';
import { compileSplit } from '../split-choice.ts';
import { DurationHistogram, KeylessCount, type NewCounts, RequestCounts, within } from '../traffic.ts';
import { clusterPath, countedClusters, countPath, routePath } from '../worker-counts.ts';
import type { AnswerTarget, HttpRoute, RouteTarget, SplitTarget } from './http-target.ts';
import { RouteMirror } from './route-mirror.ts';
import { StickyRoute } from './sticky-route.ts';
import type { UpstreamCluster } from './upstream-cluster.ts';

type RouteExtras = Pick<RouteTarget, 'sticky' | 'mirror'>;

export class HttpRoutes {
  /** The fields that conditions and keys read. */
  readonly interests: Interests;
  readonly index: RouteIndex<HttpRoute>;
  /** Clusters that requests are sent to, with the durations of each. */
  readonly durations: ReadonlyMap<UpstreamCluster, DurationHistogram>;
  readonly #clusters: ReadonlyMap<string, UpstreamCluster>;
  readonly #newCounts: NewCounts;
  readonly #mirrors: { readonly route: string; readonly mirror: RouteMirror }[] = [];

  constructor(config: HttpListenerConfig, clusters: ReadonlyMap<string, UpstreamCluster>, newCounts: NewCounts) {
    const { routes } = config;
    this.#clusters = clusters;
    this.#newCounts = newCounts;
    const used = new Set(routes.flatMap(countedClusters).map((name) => this.#clusterOf(name)));
    this.interests = listenerInterests(config, (name) => this.#clusterOf(name).config.balance);
    this.durations = new Map(
      [...used].map((cluster) => [cluster, new DurationHistogram(within(newCounts, ...clusterPath(cluster.name)))]),
    );
    this.index = new RouteIndex(
      routes.map((route, place) => this.#compile(route, place)),
      this.interests,
    );
  }

  /** Cuts what is sent beside the requests themselves. */
  close(): void {
    for (const { mirror } of this.#mirrors) mirror.close();
  }

  mirrorTraffic(): readonly MirrorTraffic[] {
    return this.#mirrors.map(({ route, mirror }) => ({ route, cluster: mirror.cluster.name, counts: mirror.counts }));
  }

  traffic(): readonly RouteTraffic[] {
    return this.index.routes.flatMap(({ name: route, target, split }) => {
      const targets = target === undefined ? (split?.arms ?? []) : [target];
      return targets.map((it) => ({
        route,
        cluster: it.kind === 'endpoint' ? it.cluster.name : '',
        counts: it.counts,
      }));
    });
  }

  splitTraffic(): readonly SplitTraffic[] {
    return this.index.routes.flatMap(({ name, split }) =>
      split === undefined ? [] : [{ route: name, keyless: split.keyless.total }],
    );
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
    const cluster = this.#clusterOf(config.to);
    const counts = new MirrorCounts(within(this.#newCounts, ...routePath(route)));
    const mirror = new RouteMirror({ config, cluster, requestKey: this.#requestKeyOf(cluster), counts });
    this.#mirrors.push({ route, mirror });
    return { ...common, mirror };
  }

  #requestKeyOf(cluster: UpstreamCluster): RequestKey | undefined {
    return cluster.isKeyed ? compileRequestKey(keyPartsOf(cluster.config.balance), this.interests) : undefined;
  }

  #target(config: RouteConfig, place: number, clusterName: string, extras: RouteExtras): RouteTarget {
    const cluster = this.#clusterOf(clusterName);
    const { timeouts } = cluster.config;
    return {
      kind: 'endpoint',
      name: routeName(config, place),
      cluster,
      requestKey: this.#requestKeyOf(cluster),
      ...extras,
      requestTimeoutMs: config.timeout ?? timeouts.request,
      idleTimeoutMs: timeouts.idle,
      editRequest: compileRequestEdit(config),
      longestPath: longestPath(config.rewrite),
      responseEdits: config.response_headers && compileHeaderEdits(config.response_headers),
      counts: this.#counts(config, place, clusterName),
      durations: this.durations.get(cluster) as DurationHistogram,
    };
  }

  #split(config: RouteConfig, place: number, extras: RouteExtras): SplitTarget | undefined {
    const split = compileSplit(config, place, this.interests);
    if (split === undefined) return undefined;
    return {
      ...split,
      arms: split.split.arms.map((cluster) => this.#target(config, place, cluster, extras)),
      keyless: new KeylessCount(within(this.#newCounts, ...routePath(routeName(config, place)))),
    };
  }

  #answer(config: RouteConfig, place: number): AnswerTarget | undefined {
    const answer = compileOwnAnswer(config);
    if (answer === undefined) return undefined;
    return { kind: 'answer', name: routeName(config, place), answer, counts: this.#counts(config, place, '') };
  }

  #counts(config: RouteConfig, place: number, cluster: string): RequestCounts {
    return new RequestCounts(within(this.#newCounts, ...countPath(config, place, cluster)));
  }

  #clusterOf(name: string): UpstreamCluster {
    const cluster = this.#clusters.get(name);
    if (cluster === undefined) throw new Error(`cluster ${name} does not exist`);
    return cluster;
  }
}
