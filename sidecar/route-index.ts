/**
 * Which of many routes is the first to hold, without asking all of them: each route is filed under the host and the
 * path, or else a header, that it cannot do without, and only what is filed where a request belongs is asked, in the
 * order of the list. The answer is that of asking all of them one after the other.
 */
import type { MatchConfig } from '../src/config/match.ts';
import { bytesOf } from '../src/hash.ts';
import { validPattern } from '../src/pattern/pattern.ts';
import { hostName } from './http1/host.ts';
import type { Interests } from './http1/interests.ts';
import type { RequestHead } from './http1/request-head.ts';
import { type Route, routeHolds } from './route.ts';

/** Up to here asking one after the other is as quick. */
const FEW = 8;

/** Places in the list of routes, ascending. */
type Places = number[];

export class RouteIndex<R extends Route> {
  readonly routes: readonly R[];
  readonly #hosts = new PrefixFile<Drawer>();
  readonly #domains = new PrefixFile<Drawer>();
  readonly #anyHost: Drawer;
  /** Of the last request's host, which is nearly always that of the next one. */
  #lastHost = '';
  #drawers: readonly Drawer[];
  /** Reused: lists that may hold the route of the request at hand, and how far each has been looked at. */
  readonly #lists: Places[] = [];
  readonly #cursors: number[] = [];

  constructor(routes: readonly R[], interests: Interests) {
    this.routes = routes;
    this.#anyHost = new Drawer(interests);
    this.#drawers = [this.#anyHost];
    if (routes.length <= FEW) return;
    const newDrawer = (): Drawer => new Drawer(interests);
    for (const [place, { config }] of routes.entries()) {
      const { host } = config.match;
      const name = host !== undefined && 'name' in host ? host.name : undefined;
      const drawer =
        name === undefined
          ? this.#anyHost
          : name.startsWith('*')
            ? this.#domains.at(name.slice(1), newDrawer)
            : this.#hosts.at(name, newDrawer);
      drawer.file(config.match, place);
    }
  }

  /** The first route whose conditions all hold; undefined when none does. On the hot path (`bench/micro.ts`). */
  find(head: RequestHead): R | undefined {
    const { routes } = this;
    if (routes.length <= FEW) {
      for (let i = 0; i < routes.length; i += 1) if (routeHolds(routes[i] as R, head)) return routes[i];
      return undefined;
    }
    const lists = this.#lists;
    lists.length = 0;
    if (head.host !== this.#lastHost) this.#drawers = this.#drawersOf(head.host);
    for (const drawer of this.#drawers) drawer.collect(head, lists);
    return this.#firstOf(head);
  }

  /** Goes through all lists at once, always on with the route that stands first. */
  #firstOf(head: RequestHead): R | undefined {
    const lists = this.#lists;
    const cursors = this.#cursors;
    for (let i = 0; i < lists.length; i += 1) cursors[i] = 0;
    for (;;) {
      let first = Number.POSITIVE_INFINITY;
      let from = -1;
      for (let i = 0; i < lists.length; i += 1) {
        const place = (lists[i] as Places)[cursors[i] as number];
        if (place === undefined || place >= first) continue;
        first = place;
        from = i;
      }
      if (from < 0) return undefined;
      const route = this.routes[first] as R;
      if (routeHolds(route, head)) return route;
      cursors[from] = (cursors[from] as number) + 1;
    }
  }

  #drawersOf(host: string): readonly Drawer[] {
    this.#lastHost = host;
    const name = hostName(host);
    const drawers = [this.#anyHost];
    const own = this.#hosts.of(name, name.length);
    if (own !== undefined) drawers.push(own);
    for (let dot = name.indexOf('.', 1); dot > 0; dot = name.indexOf('.', dot + 1)) {
      const domain = this.#domains.of(name.slice(dot), name.length - dot);
      if (domain !== undefined) drawers.push(domain);
    }
    return drawers;
  }
}

/** Texts with something filed under each; knows by its length that a text cannot be one of them. */
class PrefixFile<Item> {
  readonly #items = new Map<string, Item>();
  readonly #lengths: boolean[] = [];

  get longest(): number {
    return this.#lengths.length - 1;
  }

  at(text: string, create: () => Item): Item {
    const known = this.#items.get(text);
    if (known !== undefined) return known;
    const item = create();
    this.#items.set(text, item);
    this.#lengths[text.length] = true;
    return item;
  }

  /** What is filed under the first `length` characters of `text`. */
  of(text: string, length: number): Item | undefined {
    if (this.#lengths[length] !== true) return undefined;
    return this.#items.get(length === text.length ? text : text.slice(0, length));
  }
}

/** The routes of one host, or of all hosts. */
class Drawer {
  readonly #interests: Interests;
  readonly #exact = new Map<string, Places>();
  readonly #prefixes = new PrefixFile<Places>();
  /** By slot, then by value. */
  readonly #headers = new Map<number, Map<string, Places>>();
  readonly #rest: Places = [];

  constructor(interests: Interests) {
    this.#interests = interests;
  }

  file(match: MatchConfig, place: number): void {
    this.#placesFor(match).push(place);
  }

  #placesFor(match: MatchConfig): Places {
    if (match.path !== undefined) return at(this.#exact, match.path, () => []);
    const prefix = match.path_prefix ?? firstSegments(match.path_regex);
    if (prefix !== '') return this.#prefixes.at(prefix, () => []);
    for (const { name, condition } of match.headers) {
      const slot = this.#interests.slotOf(name);
      if (slot === undefined || !('equals' in condition)) continue;
      const values = at(this.#headers, slot, () => new Map<string, Places>());
      return at(values, bytesOf(condition.equals), () => []);
    }
    return this.#rest;
  }

  /** Adds every list that may hold the route of this request. */
  collect(head: RequestHead, lists: Places[]): void {
    const { path } = head;
    if (this.#rest.length > 0) lists.push(this.#rest);
    if (this.#exact.size > 0) add(lists, this.#exact.get(path));
    const prefixes = this.#prefixes;
    const { longest } = prefixes;
    if (longest >= 0) {
      for (let slash = path.indexOf('/'); slash >= 0 && slash <= longest; slash = path.indexOf('/', slash + 1)) {
        // `/api` holds for `/api/x`, and so does `/api/`.
        add(lists, prefixes.of(path, slash));
        if (slash + 1 < path.length) add(lists, prefixes.of(path, slash + 1));
      }
      add(lists, prefixes.of(path, path.length));
    }
    for (const [slot, values] of this.#headers) {
      const value = head.values[slot];
      if (value !== undefined) add(lists, values.get(value));
    }
  }
}

function add(lists: Places[], places: Places | undefined): void {
  if (places !== undefined) lists.push(places);
}

function at<Key, Item>(items: Map<Key, Item>, key: Key, create: () => Item): Item {
  const known = items.get(key);
  if (known !== undefined) return known;
  const item = create();
  items.set(key, item);
  return item;
}

/** The whole segments that every path begins with which matches; empty where there are none. */
function firstSegments(regex: string | undefined): string {
  if (regex === undefined) return '';
  const { beginning } = validPattern(regex);
  return beginning.slice(0, beginning.lastIndexOf('/') + 1);
}
