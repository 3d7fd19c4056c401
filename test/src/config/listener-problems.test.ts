import { expect, it } from 'vitest';
import { type BrokenConfig, problemsOf, USERS } from '../../support/config-problems.ts';

const BROKEN: readonly BrokenConfig[] = [
  [
    'texts that YAML reads as something else',
    `${USERS}snapshot_dir: true
listeners:
  - { name: 1, listen: "127.0.0.1:1", protocol: http, routes: [ { match: { query: { v: 2 } }, to: users } ] }
`,
    [
      'f:2:15: snapshot_dir: must be a text; put it in quotes',
      'f:4:13: listeners[0].name: must be a name; put it in quotes',
      'f:4:88: listeners[0].routes[0].match.query.v: must be a text, { prefix: … }, { regex: … } or { present: true }; put it in quotes',
    ],
  ],
  [
    'a listener without a protocol',
    `${USERS}listeners:\n  - name: a\n    listen: 127.0.0.1:1\n    routes: [ { to: users } ]\n`,
    ['f:3:5: listeners[0].protocol: is required'],
  ],
  [
    'a tcp listener with a mistyped protocol',
    `${USERS}listeners:\n  - { name: a, listen: "127.0.0.1:1", protocol: tpc, to: users }\n`,
    ['f:3:49: listeners[0].protocol: must be http or tcp'],
  ],
  [
    'a cluster that does not exist',
    `${USERS}listeners:\n  - { name: a, listen: "127.0.0.1:1", protocol: tcp, to: user }\n`,
    ['f:3:58: listeners[0].to: no cluster has this name (did you mean "users"?)'],
  ],
  [
    'two listeners of one name and address',
    `${USERS}listeners:
  - { name: a, listen: "127.0.0.1:1", protocol: tcp, to: users }
  - { name: a, listen: "127.0.0.1:1", protocol: tcp, to: users }
`,
    [
      'f:4:13: listeners[1].name: is taken already by listeners[0].name',
      'f:4:24: listeners[1].listen: is taken already by listeners[0].listen',
    ],
  ],
  [
    'a tcp listener over keys of requests',
    `clusters:
  users:
    discover: { static: [] }
    balance: { policy: ring_hash, hash_key: [ { header: x-user } ] }
listeners:
  - { name: a, listen: "127.0.0.1:1", protocol: tcp, to: users }
`,
    [
      'f:6:58: listeners[0].to: users picks by parts of an http request; for tcp its hash_key needs { source_ip: true }',
    ],
  ],
  [
    'a listener without routes',
    'listeners:\n  - { name: a, listen: "127.0.0.1:1", protocol: http, routes: [] }\n',
    ['f:2:63: listeners[0].routes: must have at least one route'],
  ],
  [
    'retries, and nothing about the cluster that stands beside it',
    `listeners:
  - name: a
    listen: 127.0.0.1:1
    protocol: http
    routes:
      - retry: { attempts: 1 }
        to: users
`,
    ['f:6:9: listeners[0].routes[0].retry: is not supported yet'],
  ],
  [
    'conditions that could never hold',
    `${USERS}listeners:
  - name: a
    listen: 127.0.0.1:1
    protocol: http
    routes:
      - match: { path: users, path_prefix: /a?b=c, methods: [ "GE T" ], headers: { "a b": x, y: { prefix: a, present: true } } }
        to: users
`,
    [
      'f:7:24: listeners[0].routes[0].match.path: must be a path that begins with "/"',
      'f:7:44: listeners[0].routes[0].match.path_prefix: must be a path without a query; `query` has conditions for that',
      'f:7:63: listeners[0].routes[0].match.methods[0]: must be a method such as GET',
      `f:7:84: listeners[0].routes[0].match.headers["a b"]: must be a header name (letters, digits and !#$%&'*+-.^_\`|~)`,
      'f:7:97: listeners[0].routes[0].match.headers.y: must name exactly one of prefix, regex, present',
    ],
  ],
  [
    'limits out of bounds',
    'listeners:\n  - { name: a, listen: "127.0.0.1:1", protocol: tcp, to: users, limits: { max_head: 1KiB, max_headers: 0, head_timeout: 2h, min_body_rate: 240 } }\n' +
      USERS,
    [
      'f:2:104: listeners[0].limits.max_headers: must be a whole number from 1 to 10000',
      'f:2:121: listeners[0].limits.head_timeout: must be from 100ms to 1h',
      'f:2:140: listeners[0].limits.min_body_rate: must be a size with a unit, such as 240B, 64KiB or 1MiB',
    ],
  ],

  [
    'PROXY protocol headers that nobody may send, or that nobody can be trusted with',
    `${USERS}listeners:
  - { name: a, listen: "127.0.0.1:1", protocol: tcp, to: users, proxy_protocol: true }
  - { name: b, listen: "unix:/run/b.sock", protocol: tcp, to: users, proxy_protocol: true }
  - { name: c, listen: "127.0.0.1:2", protocol: tcp, to: users, proxy_protocol: v2 }
  - { name: d, listen: "127.0.0.1:3", protocol: tcp, to: users, proxy_protocol: false }
`,
    [
      'f:3:81: listeners[0].proxy_protocol: needs trusted_proxies: only they may connect to this listener',
      'f:4:86: listeners[1].proxy_protocol: needs an address with a port: peers on a unix socket have no address to be trusted by',
      'f:5:81: listeners[2].proxy_protocol: must be true or false',
    ],
  ],
  [
    'no bound on requests, and a PROXY protocol that does not exist',
    'listeners:\n  - { name: a, listen: "127.0.0.1:1", protocol: tcp, to: users, limits: { max_requests_per_connection: 0 } }\n' +
      'clusters:\n  users: { discover: { static: [] }, send_proxy_protocol: v3 }\n',
    [
      'f:2:104: listeners[0].limits.max_requests_per_connection: must be a whole number from 1 to 1000000000',
      'f:4:59: clusters.users.send_proxy_protocol: must be v1 or v2',
    ],
  ],
];

it.each(BROKEN)('a listener is refused for %s', (_what, text, problems) => {
  expect(problemsOf(text)).toEqual(problems);
});
