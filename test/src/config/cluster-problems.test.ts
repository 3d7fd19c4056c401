import { expect, it } from 'vitest';
import { type BrokenConfig, problemsOf } from '../../support/config-problems.ts';

const BROKEN: readonly BrokenConfig[] = [
  ['a cluster without discovery', 'clusters:\n  users: {}\n', ['f:2:3: clusters.users.discover: is required']],
  [
    'two sources, and an unknown one beside them',
    'clusters:\n  users:\n    discover: { file: a.yaml, static: [], consl: {} }\n',
    [
      'f:3:15: clusters.users.discover: must name exactly one of consul, dns, file, static',
      'f:3:43: clusters.users.discover.consl: unknown key (did you mean "consul"?)',
    ],
  ],
  [
    'names that could not be asked for',
    'clusters:\n  a: { discover: { dns: { name: users } } }\n  b: { discover: { dns: { name: 10.0.0.1, port: 80, type: mx } } }\n  c: { discover: { dns: { name: _http._tcp.users, port: 80, type: srv, resolvers: [ 10.0.0.2:53, ns1:53 ] } } }\n',
    [
      'f:2:25: clusters.a.discover.dns: needs a port, unless its type is srv',
      'f:3:33: clusters.b.discover.dns.name: is an IP address, not a name: list it under static',
      'f:3:59: clusters.b.discover.dns.type: must be address, a, aaaa or srv',
      'f:4:25: clusters.c.discover.dns: must not have a port: SRV records bring their own',
      'f:4:98: clusters.c.discover.dns.resolvers[1]: must be an IP address, or one with a port, such as 10.0.0.2, 10.0.0.2:53 or [::1]:53',
    ],
  ],
  [
    'endpoints that are none, and one that is listed twice',
    'clusters:\n  a: { discover: { static: [ "10.0.0.1", { weight: 1 } ] } }\n  b: { discover: { static: [ "10.0.0.1:1", "10.0.0.1:1" ] } }\n',
    [
      'f:2:30: clusters.a.discover.static[0]: must be host:port, such as 10.0.0.7:8080 or [::1]:8080',
      'f:2:42: clusters.a.discover.static[1].address: is required',
      'f:3:44: clusters.b.discover.static[1]: is taken already by clusters.b.discover.static[0]',
    ],
  ],
  [
    'a mistyped policy',
    'clusters:\n  a: { discover: { static: [] }, balance: { policy: ring_hsah } }\n',
    [
      'f:2:53: clusters.a.balance.policy: must be one of round_robin, random, least_requests, least_connections, peak_ewma, ip_hash, ring_hash, maglev (did you mean "ring_hash"?)',
    ],
  ],
  [
    'a table without a key',
    'clusters:\n  a: { discover: { static: [] }, balance: { policy: maglev } }\n',
    [
      'f:2:34: clusters.a.balance.hash_key: is required with policy maglev, such as [ { header: x-user-id }, { path: true } ]',
    ],
  ],
  [
    'a ring without a key',
    'clusters:\n  a: { discover: { static: [] }, balance: { policy: ring_hash } }\n',
    [
      'f:2:34: clusters.a.balance.hash_key: is required with policy ring_hash, such as [ { header: x-user-id }, { path: true } ]',
    ],
  ],
  [
    'a key without a ring',
    'clusters:\n  a: { discover: { static: [] }, balance: { hash_key: [ { path: true } ] } }\n',
    ['f:2:55: clusters.a.balance.hash_key: has no effect with policy round_robin; it belongs to ring_hash and maglev'],
  ],
  [
    'a key for the policy whose key is the client',
    'clusters:\n  a: { discover: { static: [] }, balance: { policy: ip_hash, hash_key: [ { source_ip: true } ] } }\n',
    ['f:2:72: clusters.a.balance.hash_key: has no effect with policy ip_hash; it belongs to ring_hash and maglev'],
  ],
  [
    'options of other policies',
    `clusters:
  a: { discover: { static: [] }, balance: { policy: round_robin, bounded_load: {} } }
  b: { discover: { static: [] }, balance: { policy: maglev, hash_key: [ { path: true } ], layout: nginx } }
  c: { discover: { static: [] }, balance: { policy: ip_hash, bounded_load: {}, layout: outrigger } }
`,
    [
      'f:2:80: clusters.a.balance.bounded_load: has no effect with policy round_robin; it belongs to ring_hash and maglev',
      'f:3:99: clusters.b.balance.layout: has no effect with policy maglev; it belongs to ring_hash',
      'f:4:76: clusters.c.balance.bounded_load: has no effect with policy ip_hash; it belongs to ring_hash and maglev',
      'f:4:88: clusters.c.balance.layout: has no effect with policy ip_hash; it belongs to ring_hash',
    ],
  ],
  [
    'options of no sense',
    `clusters:
  a:
    discover: { static: [] }
    balance: { policy: ring_hash, hash_key: [ { path: true } ], layout: nginxx, bounded_load: { factor: 0.9, min_slots: -1, most: 1 } }
  b: { discover: { static: [] }, balance: { policy: maglev, hash_key: [ { path: true } ], bounded_load: { factor: .nan, min_slots: 1.5 } } }
  c: { discover: { static: [] }, balance: { policy: maglev, hash_key: [ { path: true } ], bounded_load: true } }
`,
    [
      'f:4:73: clusters.a.balance.layout: must be one of outrigger, nginx (did you mean "nginx"?)',
      'f:4:105: clusters.a.balance.bounded_load.factor: must be a number from 1 to 100',
      'f:4:121: clusters.a.balance.bounded_load.min_slots: must be a whole number from 0 to 65535',
      'f:4:125: clusters.a.balance.bounded_load.most: unknown key',
      'f:5:115: clusters.b.balance.bounded_load.factor: must be a number from 1 to 100',
      'f:5:132: clusters.b.balance.bounded_load.min_slots: must be a whole number from 0 to 65535',
      'f:6:105: clusters.c.balance.bounded_load: must be a mapping',
    ],
  ],
  [
    'weights out of bounds',
    'clusters:\n  a: { discover: { static: [ { address: "h:1", weight: 65536 }, { address: "h:2", weight: -1 }, { address: "h:3", weight: 1.5 } ] } }\n',
    [
      'f:2:56: clusters.a.discover.static[0].weight: must be a whole number from 0 to 65535',
      'f:2:91: clusters.a.discover.static[1].weight: must be a whole number from 0 to 65535',
      'f:2:123: clusters.a.discover.static[2].weight: must be a whole number from 0 to 65535',
    ],
  ],
  [
    'key parts of no kind and of two',
    'clusters:\n  a:\n    discover: { static: [] }\n    balance: { policy: ring_hash, hash_key: [ {}, { path: true, header: a }, { path: false } ] }\n',
    [
      'f:4:47: clusters.a.balance.hash_key[0]: must name exactly one of header, cookie, query, path, path_segment, source_ip, json, jwt',
      'f:4:51: clusters.a.balance.hash_key[1]: must name exactly one of header, cookie, query, path, path_segment, source_ip, json, jwt',
      'f:4:86: clusters.a.balance.hash_key[2].path: can only be true',
    ],
  ],
  [
    'a probe of no kind with a bare number',
    'clusters:\n  a: { discover: { static: [] }, health_check: { interval: 2, status: 200 } }\n',
    [
      'f:2:48: clusters.a.health_check: must name exactly one of tcp, http, exec',
      'f:2:60: clusters.a.health_check.interval: must be a duration with a unit, such as 250ms, 2s, 5m or 1h',
      'f:2:63: clusters.a.health_check.status: unknown key',
    ],
  ],
  [
    'commands that could not be run',
    'clusters:\n  a: { discover: { static: [] }, health_check: { exec: { command: [] } } }\n  b: { discover: { static: [] }, health_check: { exec: { command: "check --fast" } } }\n  c: { discover: { static: [] }, health_check: { exec: { command: [ bin/check, 5, "a\\0" ], shell: true } } }\n  d: { discover: { static: [] }, health_check: { exec: { command: [ ./check ] } } }\n',
    [
      'f:2:67: clusters.a.health_check.exec.command: must name a command',
      'f:3:67: clusters.b.health_check.exec.command: must be a list of texts: the command and its arguments',
      'f:4:80: clusters.c.health_check.exec.command[1]: must be a text; put it in quotes',
      'f:4:83: clusters.c.health_check.exec.command[2]: must be at most 4096 characters, and no NUL',
      'f:4:92: clusters.c.health_check.exec.shell: unknown key',
      'f:5:67: clusters.d.health_check.exec.command: must begin with an absolute path, or with a name that is looked up in PATH',
    ],
  ],
  [
    'answers that do not exist',
    'clusters:\n  a: { discover: { static: [] }, health_check: { http: { status: 399-200, path: health } } }\n',
    [
      'f:2:66: clusters.a.health_check.http.status: must be a status such as 200 or a range such as 200-399',
      'f:2:81: clusters.a.health_check.http.path: must be a path that begins with "/"',
    ],
  ],
  [
    'a cluster with a name for nobody',
    'clusters: { "a b": { discover: { static: [] } } }\n',
    ['f:1:13: clusters["a b"]: must be a name of letters, digits, ".", "_" or "-" (at most 128)'],
  ],
];

it.each(BROKEN)('a cluster is refused for %s', (_what, text, problems) => {
  expect(problemsOf(text)).toEqual(problems);
});
