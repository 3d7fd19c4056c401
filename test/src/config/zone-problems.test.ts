import { expect, it } from 'vitest';
import { type BrokenConfig, DOMAIN_HINT, problemsOf, ZONE } from '../../support/config-problems.ts';

const NAME_HINT =
  'must be a name relative to the zone: "@" or labels of at most 63 letters, digits, "-" or "_", or "*", without a final dot';

const BROKEN: readonly BrokenConfig[] = [
  ['a name server without zones', 'dns: { listen: [ "127.0.0.1:53" ] }\n', ['f:1:1: dns.zones: is required']],
  [
    'a name server on a unix socket',
    'dns: { listen: [ "unix:/run/dns.sock" ], zones: {} }\n',
    ['f:1:18: dns.listen[0]: must be host:port; DNS has no unix sockets'],
  ],
  [
    'secrets that are none, or there twice',
    `dns:
  listen: [ "127.0.0.1:53" ]
  zones: {}
  nsid: "${'n'.repeat(65)}"
  cookies: { secret: 0123456789abcdef, secret_file: cookies }
`,
    [
      'f:4:9: dns.nsid: must be at most 64 printable ASCII characters',
      'f:5:12: dns.cookies: must not have both secret and secret_file',
      'f:5:22: dns.cookies.secret: must be 32 hexadecimal digits, or up to 4 such numbers with spaces between',
    ],
  ],
  [
    'a rate limit that would be none',
    `dns:
  listen: [ "127.0.0.1:53" ]
  zones: {}
  rate_limit: { window: 0s, slip: 11, exempt: [ here ] }
`,
    [
      'f:4:3: dns.rate_limit.responses_per_second: is required',
      'f:4:25: dns.rate_limit.window: must be from 1s to 1h',
      'f:4:35: dns.rate_limit.slip: must be a whole number from 0 to 10',
      'f:4:49: dns.rate_limit.exempt[0]: must be an IP address or a block such as 10.0.0.0/8 or fd00::/8',
    ],
  ],
  [
    'a zone without its beginnings',
    'dns:\n  listen: [ "127.0.0.1:53" ]\n  zones:\n    example.org: {}\n',
    ['f:4:5: dns.zones.example.org.soa: is required', 'f:4:5: dns.zones.example.org.ns: is required'],
  ],
  [
    'a zone twice, the second time in other letters',
    `${ZONE}        www: { a: [ 192.0.2.1 ] }
    Example.ORG.:
      soa: { mname: ns.example.com, rname: hostmaster.example.org }
      ns: [ ns.example.com ]
`,
    ['f:9:5: dns.zones.Example.ORG.: is the same name as another: example.org'],
  ],
  [
    'servers in the zone that nobody could find',
    'dns:\n  listen: [ "127.0.0.1:53" ]\n  zones:\n    example.org:\n      soa: { mname: ns1.example.org., rname: hostmaster.example.org. }\n      ns: [ ns2.example.org., "ns_!" ]\n',
    [
      'f:5:21: dns.zones.example.org.soa.mname: has no record here, though its name lies in a zone that is served here',
      'f:6:13: dns.zones.example.org.ns[0]: has no record here, though its name lies in a zone that is served here',
      `f:6:31: dns.zones.example.org.ns[1]: ${DOMAIN_HINT}`,
    ],
  ],
  [
    'records whose names cannot be',
    `${ZONE}        "*wild": { a: [ 192.0.2.1 ] }
        www.example.org.: { a: [ 192.0.2.1 ] }
        ${'a'.repeat(64)}: { a: [ 192.0.2.1 ] }
        ${'a.'.repeat(121)}b: { a: [ 192.0.2.1 ] }
        www: { a: [ 192.0.2.1 ] }
        WWW: { a: [ 192.0.2.1 ] }
`,
    [
      `f:8:9: dns.zones.example.org.records.*wild: ${NAME_HINT}`,
      `f:9:9: dns.zones.example.org.records.www.example.org.: ${NAME_HINT}`,
      `f:10:9: dns.zones.example.org.records.${'a'.repeat(64)}: ${NAME_HINT}`,
      `f:11:9: dns.zones.example.org.records.${'a.'.repeat(121)}b: is longer than 253 characters together with its zone`,
      'f:13:9: dns.zones.example.org.records.WWW: is the same name as another: www',
    ],
  ],
  [
    'names that are meant to be absolute',
    `${ZONE}        www.Example.org: { a: [ 192.0.2.1 ] }
        example.org: { a: [ 192.0.2.1 ] }
        wwwexample.org: { a: [ 192.0.2.1 ] }
`,
    [
      'f:8:9: dns.zones.example.org.records.www.example.org: is relative to the zone, and so would mean www.example.org.example.org; write "www"',
      'f:9:9: dns.zones.example.org.records.example.org: is relative to the zone, and so would mean example.org.example.org; write "@"',
    ],
  ],
  [
    'addresses that mean something on one machine only',
    `${ZONE}        a: { aaaa: [ "fe80::1%eth0", "fe80::1" ] }
        b: { policy: all, pools: [ { name: p, members: { static: [ "fe80::1%2", { address: "fe80::2%eth0" } ] } } ] }
`,
    [
      'f:8:22: dns.zones.example.org.records.a.aaaa[0]: must be an IPv6 address without "%", which names an interface of one machine',
      'f:9:68: dns.zones.example.org.records.b.pools[0].members.static[0]: must be an IP address without "%", which names an interface of one machine',
      'f:9:92: dns.zones.example.org.records.b.pools[0].members.static[1].address: must be an IP address without "%", which names an interface of one machine',
    ],
  ],
  [
    'TTLs that are too long',
    `${ZONE}        a: { a: [ 192.0.2.1 ], ttl: 169h }
        b: { policy: all, pools: [ { name: p, members: { static: [ 192.0.2.1 ] } } ], ttl: { max: 169h } }
`,
    [
      'f:8:37: dns.zones.example.org.records.a.ttl: must be from 0s to 168h',
      'f:9:99: dns.zones.example.org.records.b.ttl.max: must be from 0s to 168h',
    ],
  ],
  [
    'a record that an inner zone hides',
    `${ZONE}        www.eu: { a: [ 192.0.2.1 ] }
    eu.example.org:
      soa: { mname: ns.example.com, rname: hostmaster.example.org }
      ns: [ ns.example.com ]
`,
    ['f:8:9: dns.zones.example.org.records.www.eu: lies in the zone eu.example.org, which answers instead'],
  ],
];

it.each(BROKEN)('a name server is refused for %s', (_what, text, problems) => {
  expect(problemsOf(text)).toEqual(problems);
});
