import { describe, expect, test } from 'vitest';
import { formatProblem, parseConfig } from '../../../src/config/parse-config.ts';

const START = `clusters: { a: { discover: { static: [] } }, users: { discover: { static: [] } }, users-canary: { discover: { static: [] } } }
listeners:
  - name: web
    listen: 127.0.0.1:1
    protocol: http
    routes:
`;

/** Every problem of one route, each key on a line of its own, as `check` prints it: `line:column: key: message`. */
function problemsOf(...lines: readonly string[]): readonly string[] {
  const parsed = parseConfig(`${START}      - ${lines.join('\n        ')}\n`, { file: 'f', env: {} });
  if (parsed.ok) return [];
  return parsed.problems.map((problem) =>
    formatProblem('f', { ...problem, line: problem.line - 6 })
      .replace('f:', '')
      .replace('listeners[0].routes[0].', ''),
  );
}

const NO_REGEX = 'must be a regular expression that can be used: this one';

describe('a route', () => {
  test.each<[string, readonly string[], readonly string[]]>([
    [
      'ends somewhere',
      ['match: {}'],
      ['1:9: listeners[0].routes[0]: must name exactly one of to, split, redirect, respond'],
    ],
    [
      'ends in one place only',
      ['to: a', 'redirect: { path: / }'],
      ['1:9: listeners[0].routes[0]: must name exactly one of to, split, redirect, respond'],
    ],
    ['leads to clusters that exist', ['to: user'], ['1:13: to: no cluster has this name (did you mean "users"?)']],

    // Patterns.
    [
      'has patterns that can be matched in bounded time',
      ['match: { path_regex: "(a)\\\\1" }', 'to: a'],
      [`1:30: match.path_regex: ${NO_REGEX} has "\\1": back-references are not supported`],
    ],
    [
      'has them in every place',
      [
        'match: { headers: { x: { regex: "(" } }, cookies: { y: { regex: "a(?=b)" } }, query: { z: { regex: "a{1001}" } }, host: { regex: "[" } }',
        'to: a',
      ],
      [
        `1:41: match.headers.x.regex: ${NO_REGEX} has a "(" without its ")"`,
        `1:73: match.cookies.y.regex: ${NO_REGEX} has "(?=": look-around is not supported`,
        `1:108: match.query.z.regex: ${NO_REGEX} has "{1001}"; 1000 is the most`,
        `1:138: match.host.regex: ${NO_REGEX} has a "[" without its "]"`,
      ],
    ],
    [
      'has no pattern that takes too much',
      ['match: { path_regex: "[01]*1[01]{40}$" }', 'to: a'],
      [
        `1:30: match.path_regex: ${NO_REGEX} is too complex to be decided in one pass; anchor it with "^", or repeat less`,
      ],
    ],
    ['has no empty pattern', ['match: { path_regex: "" }', 'to: a'], ['1:18: match.path_regex: must not be empty']],
    [
      'has one kind of condition at a time',
      ['match: { headers: { x: { regex: a, prefix: b } }, host: { regex: a, prefix: b } }', 'to: a'],
      [
        '1:32: match.headers.x: must name exactly one of prefix, regex, present',
        '1:65: match.host: must name exactly one of prefix, regex',
      ],
    ],
    ['knows mobile clients', ['match: { client: desktop }', 'to: a'], ['1:26: match.client: must be mobile']],

    // Splits.
    ['has arms', ['split: []'], ['1:16: split: must have at least one arm']],
    ['has arms with weights', ['split: [ { to: a } ]'], ['1:18: split[0].weight: is required']],
    [
      'has an arm with a share',
      ['split: [ { to: a, weight: 0 }, { to: users, weight: 0 } ]'],
      ['1:16: split: must have an arm whose weight is not 0'],
    ],
    [
      'has weights of at most 65535',
      ['split: [ { to: a, weight: 65536 }, { to: users, weight: -1 }, { to: users-canary, weight: 1.5 } ]'],
      [
        '1:35: split[0].weight: must be a whole number from 0 to 65535',
        '1:65: split[1].weight: must be a whole number from 0 to 65535',
        '1:99: split[2].weight: must be a whole number from 0 to 65535',
      ],
    ],
    [
      'has arms that are clusters',
      ['split: [ { to: a, weight: 1 }, { to: users-canari, weight: 1 } ]'],
      ['1:46: split[1].to: no cluster has this name (did you mean "users-canary"?)'],
    ],
    [
      'has each arm once',
      ['split: [ { to: a, weight: 1 }, { to: a, weight: 2 } ]'],
      ['1:46: split[1].to: is taken already by listeners[0].routes[0].split[0].to'],
    ],
    [
      'has an override in one place',
      ['split: [ { to: a, weight: 1 } ]', 'split_override: { header: x, cookie: y }'],
      ['2:25: split_override: must name exactly one of header, cookie, query'],
    ],
    [
      'has what belongs to a split beside one only',
      ['to: a', 'split_key: [ { path: true } ]', 'split_seed: x', 'split_override: { cookie: y }'],
      [
        '2:9: split_key: has no effect without split',
        '3:9: split_seed: has no effect without split',
        '4:9: split_override: has no effect without split',
      ],
    ],

    // Redirects and answers.
    [
      'leads somewhere else',
      ['redirect: { strip_query: true }'],
      ['1:19: redirect: must change one of scheme, host, port, path, prefix: it would lead back to itself'],
    ],
    [
      'leads to one path',
      ['match: { path_prefix: /a }', 'redirect: { path: /b, prefix: /c }'],
      ['2:19: redirect: must not have both path and prefix'],
    ],
    [
      'leads with one of five statuses',
      ['redirect: { status: 300, path: /b }'],
      ['1:29: redirect.status: must be 301, 302, 303, 307 or 308'],
    ],
    [
      'sends nobody to a host that only the client has named',
      ['redirect: { scheme: https }'],
      ['1:19: redirect: needs a host, or a match.host: what a client sends as Host is not to be trusted with more'],
    ],
    [
      'leads to hosts, not to anything else',
      ['redirect: { host: "evil.example/x" }'],
      ['1:27: redirect.host: must be a host name or an IP address'],
    ],
    [
      'puts a prefix only in the place of one',
      ['redirect: { prefix: /b }'],
      ['1:21: redirect.prefix: needs a match.path_prefix, in whose place it can stand'],
    ],
    [
      'leads to a path of visible ASCII',
      ['redirect: { path: "/a\\r\\nset-cookie: x" }'],
      ['1:27: redirect.path: must be a path that begins with "/"'],
    ],
    [
      'answers with a final status',
      ['respond: { status: 101 }'],
      ['1:28: respond.status: must be a whole number from 200 to 599'],
    ],
    [
      'answers 204 without a body',
      ['respond: { status: 204, body: x }'],
      ['1:39: respond.body: cannot stand with status 204, which has none'],
    ],
    [
      'answers with a body that fits into memory',
      ['respond:', '  status: 200', `  body: ${'é'.repeat(32_769)}`],
      ['3:17: respond.body: must have at most 65536 bytes'],
    ],
    [
      'asks no endpoint where it answers by itself',
      ['respond: { status: 200 }', 'timeout: 1s', 'rewrite: { path: /x }', 'request_headers: {}'],
      [
        '2:9: timeout: has no effect beside respond: no endpoint is asked',
        '3:9: rewrite: has no effect beside respond: no endpoint is asked',
        '4:9: request_headers: has no effect beside respond: no endpoint is asked',
      ],
    ],

    // Rewrites.
    [
      'rewrites something',
      ['to: a', 'rewrite: {}'],
      ['2:18: rewrite: must have one of prefix, path, regex, or a host'],
    ],
    [
      'rewrites in one way',
      ['to: a', 'match: { path_prefix: /a }', 'rewrite: { prefix: /b, path: /c }'],
      ['3:18: rewrite: must have at most one of prefix, path, regex'],
    ],
    [
      'replaces a prefix only where there is one',
      ['to: a', 'rewrite: { prefix: /b }'],
      ['2:20: rewrite.prefix: needs a match.path_prefix, in whose place it can stand'],
    ],
    [
      'refers to groups that there are',
      ['to: a', 'rewrite: { regex: { pattern: "^/(a)", replace: "/$2" } }'],
      ['2:56: rewrite.regex.replace: has $2, and the last group of the pattern is $1'],
    ],
    [
      'writes what may stand in a path',
      ['to: a', 'rewrite: { regex: { pattern: a, replace: "/ \\r\\nx: y" } }'],
      ['2:50: rewrite.regex.replace: must be visible ASCII without "#", as a path is'],
    ],
    [
      'writes a dollar twice',
      ['to: a', 'rewrite: { regex: { pattern: a, replace: "/$x" } }'],
      ['2:50: rewrite.regex.replace: has a "$" that is neither $0 … $9 nor $$'],
    ],
    [
      'cannot make much out of little',
      ['to: a', `rewrite: { regex: { pattern: a, replace: "/${'$0'.repeat(11)}" } }`],
      ['2:50: rewrite.regex.replace: must have at most 10 references to groups'],
    ],
    [
      'names a host as Host has it',
      ['to: a', 'rewrite: { host: "a b" }'],
      ['2:26: rewrite.host: must be a host name or address, and perhaps a port'],
    ],

    // Fields.
    [
      'leaves framing alone',
      [
        'to: a',
        'request_headers: { set: { content-length: "1", Transfer_Encoding: x }, remove: [ connection, Proxy-Foo ] }',
      ],
      [
        '2:35: request_headers.set.content-length: frames the message or ends at this hop; it cannot be edited',
        '2:56: request_headers.set.Transfer_Encoding: frames the message or ends at this hop; it cannot be edited',
        '2:90: request_headers.remove[0]: frames the message or ends at this hop; it cannot be edited',
        '2:102: request_headers.remove[1]: frames the message or ends at this hop; it cannot be edited',
      ],
    ],
    [
      'leaves to the balancer what only that can say',
      ['to: a', 'request_headers: { add: { host: b, X-Forwarded-For: "1", via: x, X-Outrigger-A: b } }'],
      [
        '2:35: request_headers.add.host: cannot be edited here; `rewrite` has a `host`',
        '2:44: request_headers.add.X-Forwarded-For: is set by the balancer, from trusted_proxies; it cannot be edited',
        '2:66: request_headers.add.via: is set by the balancer; it cannot be edited',
        '2:74: request_headers.add.X-Outrigger-A: is set by the balancer; it cannot be edited',
      ],
    ],
    [
      'leaves the framing of answers alone too',
      ['to: a', 'response_headers: { set: { content-length: "1" }, remove: [ x-request-id ] }'],
      [
        '2:36: response_headers.set.content-length: frames the message or ends at this hop; it cannot be edited',
        '2:69: response_headers.remove[0]: is set by the balancer; it cannot be edited',
      ],
    ],
    [
      'has fields of one line',
      ['to: a', 'request_headers: { set: { a: "b\\r\\nc: d", e: " f", g: 1 } }'],
      [
        '2:38: request_headers.set.a: must be one line, without white space at its ends',
        '2:54: request_headers.set.e: must be one line, without white space at its ends',
        '2:63: request_headers.set.g: must be a text; put it in quotes',
      ],
    ],
    [
      'sets a field once',
      ['to: a', 'request_headers: { set: { x-a: "1", X-A: "2" } }'],
      ['2:45: request_headers.set.X-A: is the same name as another: x-a'],
    ],
    [
      'answers without fields that frame',
      ['respond: { status: 200, headers: { connection: close } }'],
      ['1:44: respond.headers.connection: frames the message or ends at this hop; it cannot be edited'],
    ],
  ])('%s', (_what, lines, expected) => {
    expect(problemsOf(...lines)).toEqual(expected);
  });

  test.each<[string, readonly string[]]>([
    [
      'a redirect to https of a host that a condition has found good',
      ['match: { host: "*.example.org" }', 'redirect: { scheme: https }'],
    ],
    ['a redirect within the host', ['redirect: { path: /login, status: 303 }']],
    ['an arm without a share', ['split: [ { to: a, weight: 1 }, { to: users, weight: 0 } ]']],
    ['the largest weight', ['split: [ { to: a, weight: 65535 } ]']],
    ['a dollar and all groups', ['to: a', 'rewrite: { regex: { pattern: "(a)", replace: "$1$0$$" } }']],
    ['fields with the names of objects', ['to: a', 'request_headers: { set: { __proto__: x, constructor: y } }']],
    ['cookies with the names of objects', ['match: { cookies: { __proto__: x } }', 'to: a']],
    ['fields in UTF-8', ['to: a', 'response_headers: { add: { x-a: "é 日本" } }']],
    ['an empty body and an empty field', ['respond: { status: 404, headers: { x-a: "" } }']],
  ])('may have %s', (_what, lines) => {
    expect(problemsOf(...lines)).toEqual([]);
  });
});
