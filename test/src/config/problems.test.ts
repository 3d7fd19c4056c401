// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the references of the configuration look like this
import { describe, expect, it } from 'vitest';
import { formatProblem, parseConfig } from '../../../src/config/parse-config.ts';

/** Every problem of `text`, one a line, as `check` prints it for a file called `f`. */
function problemsOf(text: string, env: Record<string, string> = {}): string[] {
  const parsed = parseConfig(text, { file: 'f', env });
  return parsed.ok ? [] : parsed.problems.map((problem) => formatProblem('f', problem));
}

const USERS = 'clusters: { users: { discover: { static: ["127.0.0.1:1"] } } }\n';

const BROKEN: readonly (readonly [what: string, text: string, problems: readonly string[]])[] = [
  // What is not YAML, or not the YAML that a configuration may be.
  ['an empty file', '', ['f:1:1: the file is empty']],
  ['a file of comments', '# listeners: []\n', ['f:1:1: the file is empty']],
  ['a list', '- a\n', ['f:1:1: must be a mapping']],
  ['a text', 'hello', ['f:1:1: must be a mapping']],
  [
    'a bracket that is not closed',
    'trusted_proxies: [ 10.0.0.0/8\nlog: {}\n',
    ['f:2:1: the indentation does not fit the lines above, or a bracket is not closed'],
  ],
  ['a tab', 'log:\n\tlevel: info\n', ['f:2:1: indentation must be spaces, not tabs']],
  ['a key given twice', 'log: {}\ndrain: {}\nlog: {}\n', ['f:3:1: log: is given twice']],
  ['two documents', 'log: {}\n---\nlog: {}\n', ['f:2:1: the file must hold one YAML document, not several']],
  ['a key that is no text', '? [ a ]\n: 1\n', ['f:1:3: a key must be a text']],
  [
    'a merge key',
    'log: &log { level: warn }\ndrain:\n  <<: *log\n',
    ['f:3:3: drain["<<"]: merge keys are not supported; repeat the keys, or use an alias for the whole value'],
  ],
  ['an alias of nothing', 'log: *later\n', ['f:1:6: log: is an alias of an anchor that is not set before it']],
  [
    'an alias of itself',
    'log: &log { level: *log }\n',
    ['f:1:20: log.level: is an alias of something that it is a part of'],
  ],
  ['a tag', 'snapshot_dir: !path /var\n', ['f:1:15: has a tag that is not known here']],

  // The environment.
  [
    'a variable that is not set',
    'snapshot_dir: ${DIRECTORY}\n',
    ['f:1:15: snapshot_dir: the environment variable DIRECTORY is not set; set it, or write ${DIRECTORY:-default}'],
  ],
  [
    'a reference that is none',
    'snapshot_dir: /var/${}\n',
    [
      'f:1:15: snapshot_dir: has a "${" that begins no ${NAME} or ${NAME:-default}; write "$${" for the characters themselves',
    ],
  ],

  // Keys.
  ['a mistyped key', 'listners: []\n', ['f:1:1: listners: unknown key (did you mean "listeners"?)']],
  ['a key like nothing known', 'telemetry: {}\n', ['f:1:1: telemetry: unknown key']],
  [
    'several unknown keys in one place',
    'drain: { dealy: 1s, graze: 1s }\n',
    [
      'f:1:10: drain.dealy: unknown key (did you mean "delay"?)',
      'f:1:21: drain.graze: unknown key (did you mean "grace"?)',
    ],
  ],
  ['a key that every object has', 'log: { toString: 1 }\n', ['f:1:8: log.toString: unknown key']],
  ['an empty value', 'status:\n', ['f:1:1: status: is empty; give it a value, or leave the key out']],
  ['a missing key', 'status: {}\n', ['f:1:1: status.listen: is required']],
  ['a list for a mapping', 'log: [ info ]\n', ['f:1:6: log: must be a mapping']],
  ['a mapping for a list', 'listeners: {}\n', ['f:1:12: listeners: must be a list of listeners']],

  // Scalars.
  [
    'a duration without a unit',
    'drain: { grace: 30 }\n',
    ['f:1:17: drain.grace: must be a duration with a unit, such as 250ms, 2s, 5m or 1h'],
  ],
  ['a level that is none', 'log: { level: loud }\n', ['f:1:15: log.level: must be debug, info, warn or error']],
  ['more workers than there may be', 'workers: 65\n', ['f:1:10: workers: must be a whole number from 1 to 64']],
  ['half a worker', 'workers: 1.5\n', ['f:1:10: workers: must be a whole number from 1 to 64']],
  ['workers by a word', 'workers: all\n', ['f:1:10: workers: must be a whole number from 1 to 64, or auto']],
  [
    'blocks that are none',
    'trusted_proxies: [ 10.0.0.0/33, fe80::/129, 10.0.0.0/8, local ]\n',
    [
      'f:1:20: trusted_proxies[0]: must be an IP address or a block such as 10.0.0.0/8 or fd00::/8',
      'f:1:33: trusted_proxies[1]: must be an IP address or a block such as 10.0.0.0/8 or fd00::/8',
      'f:1:57: trusted_proxies[3]: must be an IP address or a block such as 10.0.0.0/8 or fd00::/8',
    ],
  ],
  [
    'an address that is not http',
    'consul: { address: "127.0.0.1:8500" }\n',
    ['f:1:20: consul.address: must be an http or https URL, such as http://127.0.0.1:8500'],
  ],
  [
    'both a token and a file of it',
    'consul: { token: secret, token_file: t }\n',
    ['f:1:9: consul: must not have both token and token_file'],
  ],
  [
    'half a certificate',
    'consul:\n  tls: { cert_file: c.pem }\n',
    ['f:2:3: consul.tls: must have both of cert_file and key_file, or neither'],
  ],

  // Addresses.
  [
    'an admin address for everybody',
    'admin: { listen: 0.0.0.0:15000 }\n',
    ['f:1:18: admin.listen: must be a loopback address or a unix socket: whoever reaches it can drain this process'],
  ],
  [
    'what only a token would allow',
    'admin: { listen: 127.0.0.1:1, token_file: t }\n',
    ['f:1:31: admin.token_file: is not supported yet'],
  ],
  [
    'one address for two things',
    'admin: { listen: 127.0.0.1:15000 }\nstatus: { listen: 0.0.0.0:15000 }\n',
    ['f:2:19: status.listen: is taken already by admin.listen'],
  ],
  [
    'a registration without a status address',
    'register: { service: edge, address: 10.0.0.5, port: 8080 }\n',
    ['f:1:1: register: needs status.listen, which Consul checks'],
  ],
  [
    'a registration that Consul cannot check',
    'register: { service: edge, address: 10.0.0.5, port: 8080 }\nstatus: { listen: "unix:/run/s.sock" }\n',
    ['f:2:19: status.listen: must be host:port, as Consul checks it for register'],
  ],

  // The leader and its address.
  [
    'an address without a leader',
    'vip: { address: 192.0.2.10/24, interface: eth0 }\n',
    ['f:1:1: vip: needs leader.consul_lock, which says who owns the address'],
  ],
  [
    'addresses that cannot move',
    'leader: { consul_lock: a }\nvip: { address: 192.0.2.10, interface: lo }\n',
    [
      'f:2:17: vip.address: must be an IPv4 address with the length of its prefix, such as 192.0.2.10/24',
      'f:2:40: vip.interface: must not be lo: others find the address by the interface that it is on',
    ],
  ],
  ...[
    ['127.0.0.2/8', 'must be an address by which others reach one machine; this one is loopback'],
    ['224.0.0.18/32', 'must be an address by which others reach one machine; this one is multicast'],
    ['169.254.1.1/16', 'must be an address by which others reach one machine; this one is link-local'],
    ['0.0.0.0/24', 'must be an address by which others reach one machine; this one is unspecified'],
    ['192.0.2.10/33', 'must be an IPv4 address with the length of its prefix, such as 192.0.2.10/24'],
    ['192.0.2.10/0', 'must be an IPv4 address with the length of its prefix, such as 192.0.2.10/24'],
    ['"2001:db8::10/64"', 'must be an IPv4 address: neighbours would hear of an IPv6 one too late'],
  ].map(
    ([address, message]) =>
      [
        `the address ${address}`,
        `leader: { consul_lock: a }\nvip: { address: ${address}, interface: eth0 }\n`,
        [`f:2:17: vip.address: ${message}`],
      ] as const,
  ),
  [
    'a lock that cannot be held',
    `leader:
  consul_lock: /edge//leader
  session_ttl: 5s
  lock_delay: 61s
  on_acquire: []
  on_release: "systemctl stop x"
vip: { address: 192.0.2.10/24, interface: "eth0:1" }
`,
    [
      'f:2:16: leader.consul_lock: must be a key of Consul such as outrigger/edge/leader, without a slash at either end',
      'f:3:16: leader.session_ttl: must be from 10s to 24h',
      'f:4:15: leader.lock_delay: must be from 0s to 1m',
      'f:5:15: leader.on_acquire: must begin with a command',
      'f:6:15: leader.on_release: must be a list of a command and its arguments',
      'f:7:43: vip.interface: must be the name of a network interface such as eth0',
    ],
  ],

  // Listeners and routes.
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

  // Clusters.
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

describe('a broken configuration', () => {
  it.each(BROKEN)('is refused for %s', (_what, text, problems) => {
    expect(problemsOf(text)).toEqual(problems);
  });

  it('never has a secret in its problems', () => {
    const secret = 'hvs-2c1f9e';
    const texts = [
      `consul: { token: ${secret}, token_file: x }`,
      `consul: { token: [ ${secret} ] }`,
      `consul: { token: @${secret} }`,
      `consul: { token: *${secret} }`,
      `consul: { token: !${secret} x }`,
      `consul: { token: "${secret}\\q" }`,
      `consul: { token: ${secret}: x }`,
      `consul: ${secret}`,
      'consul: { address: "$(x)", token: ${TOKEN} }',
    ];
    for (const text of texts) {
      const problems = problemsOf(text, { TOKEN: secret });
      expect(problems, text).not.toEqual([]);
      expect(problems.join('\n'), text).not.toContain(secret);
    }
  });
});
