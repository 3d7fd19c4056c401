/** The series of requests that this process has had, so that a reload takes nothing away that was counted before it. */
import type { ListenerConfig, RouteConfig } from '../src/config/listener.ts';
import { routeName } from './route.ts';
import { countedClusters } from './worker-counts.ts';

export interface RouteSeries {
  /** Empty for what no route took. */
  readonly route: string;
  /** Empty where the route answers by itself too. */
  readonly cluster: string;
  /** Requests; those of one arm of a split; copies of requests. */
  readonly kind: 'route' | 'arm' | 'mirror';
}

export interface ListenerSeries {
  readonly name: string;
  readonly routes: readonly RouteSeries[];
}

/** So many series of former configurations are told; beyond it the oldest go, lest a reload a minute fill the memory. */
const MAX_FORMER = 1_000;

interface Series extends RouteSeries {
  readonly listener: string;
}

export class SeriesCatalog {
  /** In the order in which a configuration last had them. */
  readonly #series = new Map<string, Series>();

  /** Takes up the series of a configuration. True when some former one was given up for it. */
  note(listeners: readonly ListenerConfig[]): boolean {
    const present = listeners.flatMap(seriesOf);
    for (const series of present) {
      const key = keyOf(series);
      this.#series.delete(key);
      this.#series.set(key, series);
    }
    const tooMany = this.#series.size - new Set(present.map(keyOf)).size - MAX_FORMER;
    for (const key of [...this.#series.keys()].slice(0, Math.max(0, tooMany))) this.#series.delete(key);
    return tooMany > 0;
  }

  /** By listener; former series with the present ones. */
  get listeners(): readonly ListenerSeries[] {
    const byName = Map.groupBy(this.#series.values(), ({ listener }) => listener);
    return [...byName].map(([name, routes]) => ({ name, routes }));
  }

  /** Whether a name of counts (worker-counts.ts) belongs to a series that was given up. */
  isGone(name: string): boolean {
    const [kind, listener = '', part, a = '', b = ''] = name.split('/');
    if (kind !== 'listener') return false;
    const own = [...this.#series.values()].filter((series) => series.listener === listener);
    if (part === 'split') return !own.some(({ route, kind: it }) => it === 'arm' && route === a);
    if (part === 'mirror') return !own.some((it) => it.kind === 'mirror' && it.route === a && it.cluster === b);
    if (part === 'route') return !own.some((it) => it.kind !== 'mirror' && it.route === a && it.cluster === b);
    if (part === 'cluster') return !own.some((it) => it.kind !== 'mirror' && it.cluster === a);
    return own.length === 0;
  }
}

function seriesOf(config: ListenerConfig): readonly Series[] {
  const listener = config.name;
  const unrouted = { listener, route: '', cluster: '', kind: 'route' } as const;
  if (config.protocol !== 'http') return [unrouted];
  return [
    unrouted,
    ...config.routes.flatMap((route, place) => seriesOfRoute(route, { listener, route: routeName(route, place) })),
  ];
}

function seriesOfRoute(config: RouteConfig, common: Pick<Series, 'listener' | 'route'>): readonly Series[] {
  const kind = config.split === undefined ? 'route' : 'arm';
  const clusters = countedClusters(config);
  const requests = (clusters.length === 0 ? [''] : clusters).map((cluster) => ({ ...common, cluster, kind }) as const);
  if (config.mirror === undefined) return requests;
  return [...requests, { ...common, cluster: config.mirror.to, kind: 'mirror' }];
}

function keyOf({ listener, route, cluster, kind }: Series): string {
  return `${listener}/${route}/${cluster}/${kind === 'mirror' ? kind : ''}`;
}
