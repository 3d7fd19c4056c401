/** `match` of a route → conditions on a request head, each of which can also say in words what it wants and found. */
import type { HostMatch, MatchConfig, ValueMatch } from '../src/config/match.ts';
import { bytesOf } from '../src/hash.ts';
import { validPattern } from '../src/pattern/pattern.ts';
import { hostName } from './http1/host.ts';
import type { Interests } from './http1/interests.ts';
import type { RequestHead } from './http1/request-head.ts';
import { compileBodyText } from './json/body-texts.ts';
import { cookieValue, queryValue } from './query.ts';

export interface Condition {
  /** Where it stands in the route: `match.path_prefix`, `match.headers.x-client`. */
  readonly path: string;
  /** `is "GET"`, `begins with "mobile"`, `is there`. */
  readonly wants: string;
  holds(head: RequestHead): boolean;
  /** What the request has there, as a byte string; undefined where it has nothing. */
  actual(head: RequestHead): string | undefined;
}

/** Lower-cased names of the header fields that these conditions read. */
export function matchHeaderNames({ headers, cookies, client }: MatchConfig): readonly string[] {
  return [
    ...headers.map((header) => header.name),
    ...(cookies.length > 0 ? ['cookie'] : []),
    ...(client === undefined ? [] : [MOBILE_HINT, 'user-agent']),
  ];
}

/** In the order in which they are checked: the cheap ones first. */
export function compileMatch(match: MatchConfig, interests: Interests): readonly Condition[] {
  const { path, path_prefix: prefix, path_regex: regex, methods, host, client } = match;
  const conditions: Condition[] = [];
  if (path !== undefined) conditions.push(onPath('path', `is ${quoted(path)}`, (head) => head.path === path));
  if (prefix !== undefined) {
    conditions.push(onPath('path_prefix', `begins with the segments ${quoted(prefix)}`, pathPrefix(prefix)));
  }
  if (methods !== undefined) {
    conditions.push({
      path: 'match.methods',
      wants: `is ${methods.map(quoted).join(' or ')}`,
      holds: (head) => methods.includes(head.method),
      actual: (head) => head.method,
    });
  }
  if (host !== undefined) conditions.push(hostCondition(host));
  conditions.push(...valueConditions(match, interests));
  if (client !== undefined) conditions.push(mobileCondition(interests));
  if (regex !== undefined) {
    const pattern = validPattern(regex);
    conditions.push(onPath('path_regex', `matches ${quoted(regex)}`, (head) => pattern.test(head.path)));
  }
  // Last, so that a body is waited for only where everything else holds.
  conditions.push(...bodyConditions(match, interests));
  return conditions;
}

function bodyConditions({ json }: MatchConfig, interests: Interests): readonly Condition[] {
  return json.map(({ name, condition }) => {
    const actual = compileBodyText(name, interests);
    const { test, wants } = compileValue(condition);
    // A body that cannot be read holds for nothing, not even for the absence of something.
    return { path: `match.json.${name}`, wants, holds: (head) => test(actual(head)) && head.body.isRead, actual };
  });
}

function valueConditions({ headers, query, cookies }: MatchConfig, interests: Interests): readonly Condition[] {
  const cookieSlot = interests.slotOf('cookie') ?? -1;
  return [
    ...headers.map(({ name, condition }) => {
      const slot = interests.slotOf(name) ?? -1;
      return onValue(`match.headers.${name}`, condition, (head) => head.values[slot]);
    }),
    ...query.map(({ name, condition }) => {
      const wanted = bytesOf(name);
      return onValue(`match.query.${name}`, condition, (head) => queryValue(head.query, wanted));
    }),
    ...cookies.map(({ name, condition }) => {
      const wanted = bytesOf(name);
      return onValue(`match.cookies.${name}`, condition, (head) => cookieValue(head.values[cookieSlot] ?? '', wanted));
    }),
  ];
}

function onPath(key: string, wants: string, holds: Condition['holds']): Condition {
  return { path: `match.${key}`, wants, holds, actual: (head) => head.path };
}

function onValue(path: string, match: ValueMatch, actual: Condition['actual']): Condition {
  const { test, wants } = compileValue(match);
  return { path, wants, holds: (head) => test(actual(head)), actual };
}

/** Whole segments: `/api` holds for `/api` and `/api/x`, not for `/apiary`; `/api/` only for what is below it. */
function pathPrefix(prefix: string): Condition['holds'] {
  if (prefix.endsWith('/')) return (head) => head.path.startsWith(prefix);
  const below = `${prefix}/`;
  return (head) => head.path.startsWith(prefix) && (head.path.length === prefix.length || head.path.startsWith(below));
}

/** `*.example.com` holds for any name below example.com, at any depth; case and port do not matter. */
function hostCondition(match: HostMatch): Condition {
  const { test, wants } = compileHost(match);
  // Nearly all requests of a listener name one of very few hosts.
  let lastHost = '';
  let lastHolds = false;
  return {
    path: 'match.host',
    wants,
    holds: (head) => {
      if (head.host === lastHost) return lastHolds;
      lastHost = head.host;
      lastHolds = test(hostName(head.host));
      return lastHolds;
    },
    actual: (head) => hostName(head.host),
  };
}

function compileHost(match: HostMatch): ValueTest<string> {
  if (!('name' in match)) return compileValue(match);
  const wanted = match.name;
  if (!wanted.startsWith('*.')) return { test: (host) => host === wanted, wants: `is ${quoted(wanted)}` };
  const suffix = wanted.slice(1);
  return {
    test: (host) => host.length > suffix.length && host.endsWith(suffix),
    wants: `is a name below ${suffix.slice(1)}`,
  };
}

interface ValueTest<Value> {
  readonly test: (value: Value) => boolean;
  readonly wants: string;
}

function compileValue(match: ValueMatch): ValueTest<string | undefined> {
  if ('equals' in match) {
    const equals = bytesOf(match.equals);
    return { test: (value) => value === equals, wants: `is ${quoted(match.equals)}` };
  }
  if ('prefix' in match) {
    const prefix = bytesOf(match.prefix);
    return { test: (value) => value?.startsWith(prefix) === true, wants: `begins with ${quoted(match.prefix)}` };
  }
  if ('regex' in match) {
    const pattern = validPattern(match.regex);
    return {
      test: (value) => value !== undefined && pattern.test(value),
      wants: `matches ${quoted(match.regex)}`,
    };
  }
  const { present } = match;
  return { test: (value) => (value !== undefined) === present, wants: present ? 'is there' : 'is not there' };
}

const MOBILE_HINT = 'sec-ch-ua-mobile';

/**
 * What a browser says outright (User-Agent Client Hints: a structured boolean, `?1`), and where it says nothing the
 * word that browsers on telephones put into User-Agent, `Mobi`, with this case. Tablets do not have it.
 */
function mobileCondition(interests: Interests): Condition {
  const hint = interests.slotOf(MOBILE_HINT) ?? -1;
  const agent = interests.slotOf('user-agent') ?? -1;
  return {
    path: 'match.client',
    wants: 'is a telephone by Sec-CH-UA-Mobile or User-Agent',
    holds: (head) => {
      const said = head.values[hint];
      if (said !== undefined) return said === '?1' || said.startsWith('?1;');
      return head.values[agent]?.includes('Mobi') === true;
    },
    actual: (head) => head.values[hint] ?? head.values[agent],
  };
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
