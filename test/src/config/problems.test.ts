// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the references of the configuration look like this
import { describe, expect, it } from 'vitest';
import { type BrokenConfig, problemsOf } from '../../support/config-problems.ts';

const BROKEN: readonly BrokenConfig[] = [
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
