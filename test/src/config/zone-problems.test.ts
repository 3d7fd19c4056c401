import { expect, it } from 'vitest';
import { formatProblem, parseConfig } from '../../../src/config/parse-config.ts';

const ZONE = `dns:
  listen: [ "127.0.0.1:5353" ]
  zones:
    example.org:
      soa: { mname: ns.example.com, rname: hostmaster.example.org }
      ns: [ ns.example.com ]
      records:
`;

const NAME_HINT =
  'must be a name relative to the zone: "@" or labels of at most 63 letters, digits, "-" or "_", or "*", without a final dot';
const DOMAIN_HINT =
  'must be a domain name: labels of at most 63 letters, digits, "-" or "_", at most 253 characters in all';

const MX_HINT = 'must be "preference name", such as "10 mail.example.com."';
const SRV_HINT = 'must be "priority weight port name", such as "0 5 443 a.example.com."';
const TXT_HINT = 'must be a text in which a backslash begins \\\\, \\" or three digits up to \\255';
const CAA_HINT = 'must be "flags tag value", such as 0 issue "ca.example"';
const SERVICE_HINT =
  'must be "priority target parameters", such as "1 . alpn=h2,h3 port=8443" (RFC 9460); an alias (priority 0) has no parameters';

const BROKEN: readonly (readonly [what: string, text: string, problems: readonly string[]])[] = [
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
    'static records without, with wrong, and with repeated addresses',
    `${ZONE}        a: {}
        b: { a: [ "::1" ], aaaa: [ 192.0.2.1 ] }
        c: { a: [ 192.0.2.1, 192.0.2.1 ], ttl: 60 }
        d: { cname: "www..example.org." }
`,
    [
      'f:8:12: dns.zones.example.org.records.a: must have at least one of a, aaaa, cname, ns, txt, mx, srv, caa, https, svcb, or else policy and pools',
      'f:9:19: dns.zones.example.org.records.b.a[0]: must be an IPv4 address',
      'f:9:36: dns.zones.example.org.records.b.aaaa[0]: must be an IPv6 address',
      'f:10:30: dns.zones.example.org.records.c.a[1]: is taken already by dns.zones.example.org.records.c.a[0]',
      'f:10:48: dns.zones.example.org.records.c.ttl: must be a duration with a unit, such as 250ms, 2s, 5m or 1h',
      `f:11:21: dns.zones.example.org.records.d.cname: ${DOMAIN_HINT}`,
    ],
  ],
  [
    'balanced records that could not answer',
    `${ZONE}        a: { policy: failover }
        b: { pools: [ { name: p, members: {} }, { name: p, members: { static: [ here ] } } ] }
        c: { policy: weighed, pools: [] }
        d:
          policy: all
          pools: [ { name: p, members: { static: [ 192.0.2.1, { address: 192.0.2.1 } ] } } ]
          probe: { http: { path: /ready } }
          ttl: { min: 1m }
          when_all_down: panic
`,
    [
      'f:8:9: dns.zones.example.org.records.a.pools: is required',
      'f:9:9: dns.zones.example.org.records.b.policy: is required',
      'f:9:43: dns.zones.example.org.records.b.pools[0].members: must name exactly one of consul, names, static',
      'f:9:57: dns.zones.example.org.records.b.pools[1].name: is taken already by dns.zones.example.org.records.b.pools[0].name',
      'f:9:81: dns.zones.example.org.records.b.pools[1].members.static[0]: must be an IP address',
      'f:10:22: dns.zones.example.org.records.c.policy: must be failover, all, weighted or hash',
      'f:10:38: dns.zones.example.org.records.c.pools: must have at least one pool',
      'f:13:63: dns.zones.example.org.records.d.pools[0].members.static[1]: is taken already by dns.zones.example.org.records.d.pools[0].members.static[0]',
      'f:14:20: dns.zones.example.org.records.d.probe.http: needs a port, as static members have none',
      'f:15:23: dns.zones.example.org.records.d.ttl.min: must not be longer than ttl.max: 1m is longer than max, 30s',
      'f:16:26: dns.zones.example.org.records.d.when_all_down: must be last_good, all or none',
    ],
  ],
  [
    'an answer of one or all where the policy leaves no choice',
    `${ZONE}        a: { policy: hash, answer: one, pools: [ { name: p, members: { static: [ 192.0.2.1 ] } } ] }
        b: { policy: all, answer: none, pools: [ { name: p, members: { static: [ 192.0.2.1 ] } } ] }
        c: { policy: weighted, answer: all, pools: [ { name: p, members: { static: [ 192.0.2.1 ] } } ] }
`,
    [
      'f:8:28: dns.zones.example.org.records.a.answer: has no effect with policy hash; it belongs to weighted',
      'f:9:35: dns.zones.example.org.records.b.answer: must be one or all',
    ],
  ],
  [
    'weights that are too much for a ring',
    `${ZONE}        a: { policy: hash, pools: [ { name: p, members: { static: [ { address: 192.0.2.1, weight: 100 }, { address: 192.0.2.2, weight: 101 } ] } } ] }
        b: { policy: weighted, pools: [ { name: p, members: { static: [ { address: 192.0.2.1, weight: 65535 } ] } } ] }
`,
    [
      'f:8:136: dns.zones.example.org.records.a.pools[0].members.static[1].weight: must not be more than 100 with policy hash; divide the weights of all members of the pool: 300 and 100 are 3 and 1',
    ],
  ],
  [
    'pools that could never have their minimum',
    `${ZONE}        a:
          policy: failover
          pools:
            - { name: p, members: { static: [ 192.0.2.1, { address: 192.0.2.2, weight: 0 } ] }, min_up: 2 }
            - { name: q, members: { static: [ 192.0.2.3, 192.0.2.4 ] }, min_up: 2 }
            - { name: r, members: { consul: { service: edge } }, min_up: 9 }
            - { name: s, members: { static: [ 192.0.2.5 ] }, min_up: 0 }
            - { name: t, members: { static: [] } }
            - { name: u, members: { static: [ here ] }, min_up: 5 }
`,
    [
      'f:11:105: dns.zones.example.org.records.a.pools[0].min_up: must not be more than 1, the number of its static members of a weight above 0',
      'f:14:70: dns.zones.example.org.records.a.pools[3].min_up: must be a whole number from 1 to 2000',
      'f:15:45: dns.zones.example.org.records.a.pools[4].members.static: must have at least one address; a pool that is to have none for now has a weight of 0 on each',
      'f:16:47: dns.zones.example.org.records.a.pools[5].members.static[0]: must be an IP address',
    ],
  ],
  [
    'names that could never have an answer, beside one with a pool that is out for now',
    `${ZONE}        a:
          policy: failover
          pools:
            - { name: p, members: { static: [ { address: 192.0.2.1, weight: 0 }, { address: 192.0.2.2, weight: 0 } ] } }
            - { name: q, members: { static: [ { address: 192.0.2.3, weight: 0 } ] } }
        b:
          policy: failover
          pools:
            - { name: p, members: { static: [ { address: 192.0.2.1, weight: 0 } ] } }
            - { name: q, members: { consul: { service: edge } } }
`,
    [
      'f:11:13: dns.zones.example.org.records.a.pools: have no member of a weight above 0, so there is never an answer: give one a weight',
    ],
  ],
  [
    'damping under which nobody is ever held, or nobody ever let go',
    `${ZONE}        a: { policy: all, pools: [ { name: p, members: { static: [ 192.0.2.1 ] } } ], damping: on }
        b: { policy: all, pools: [ { name: p, members: { static: [ 192.0.2.1 ] } } ], damping: { suppress: 100 } }
        c: { policy: all, pools: [ { name: p, members: { static: [ 192.0.2.1 ] } } ], damping: { max_hold: 19s } }
        d: { policy: all, pools: [ { name: p, members: { static: [ 192.0.2.1 ] } } ], damping: { half_life: 0s, hold: 1s } }
        e: { policy: all, pools: [ { name: p, members: { static: [ 192.0.2.1 ] } } ], damping: off }
`,
    [
      'f:8:96: dns.zones.example.org.records.a.damping: must be off, or a mapping of thresholds',
      'f:9:87: dns.zones.example.org.records.b.damping.reuse: must be less than suppress, 100',
      'f:10:108: dns.zones.example.org.records.c.damping.max_hold: must be at least 20s, in which a penalty falls from suppress to reuse, or nothing is ever held',
      'f:11:109: dns.zones.example.org.records.d.damping.half_life: must be from 100ms to 1h',
      'f:11:113: dns.zones.example.org.records.d.damping.hold: unknown key',
    ],
  ],
  [
    'record data that cannot be read',
    `${ZONE}        a: { mx: [ mail.example.org, "10 mail", "65536 mail.example.com.", "10 a b" ] }
        b: { srv: [ "0 5 443", "0 5 70000 a.example.com." ], txt: [ 'a\\', '\\300', 5 ] }
        c: { caa: [ '0 issue', '256 issue "x"', '0 is_sue x' ] }
        d: { https: [ "1", "1 . alpn", "1 . port=8443 port=8443", "0 . port=1", "1 . key6=a", "1 . mandatory=port" ] }
        e: { svcb: [ "1 . ipv4hint=::1", "1 . ipv6hint=192.0.2.1", "1 . alpn=h2,", "1 . no-default-alpn" ] }
        f: { mx: [ "1 ${'a.'.repeat(126)}bcd" ] }
`,
    [
      `f:8:20: dns.zones.example.org.records.a.mx[0]: ${MX_HINT}`,
      `f:8:49: dns.zones.example.org.records.a.mx[2]: ${MX_HINT}`,
      `f:8:76: dns.zones.example.org.records.a.mx[3]: ${MX_HINT}`,
      `f:9:21: dns.zones.example.org.records.b.srv[0]: ${SRV_HINT}`,
      `f:9:32: dns.zones.example.org.records.b.srv[1]: ${SRV_HINT}`,
      `f:9:69: dns.zones.example.org.records.b.txt[0]: ${TXT_HINT}`,
      `f:9:75: dns.zones.example.org.records.b.txt[1]: ${TXT_HINT}`,
      `f:9:83: dns.zones.example.org.records.b.txt[2]: ${TXT_HINT}; put it in quotes`,
      `f:10:21: dns.zones.example.org.records.c.caa[0]: ${CAA_HINT}`,
      `f:10:32: dns.zones.example.org.records.c.caa[1]: ${CAA_HINT}`,
      `f:10:49: dns.zones.example.org.records.c.caa[2]: ${CAA_HINT}`,
      `f:11:23: dns.zones.example.org.records.d.https[0]: ${SERVICE_HINT}`,
      `f:11:28: dns.zones.example.org.records.d.https[1]: ${SERVICE_HINT}`,
      `f:11:40: dns.zones.example.org.records.d.https[2]: ${SERVICE_HINT}`,
      `f:11:67: dns.zones.example.org.records.d.https[3]: ${SERVICE_HINT}`,
      `f:11:81: dns.zones.example.org.records.d.https[4]: ${SERVICE_HINT}`,
      `f:11:95: dns.zones.example.org.records.d.https[5]: ${SERVICE_HINT}`,
      `f:12:22: dns.zones.example.org.records.e.svcb[0]: ${SERVICE_HINT}`,
      `f:12:42: dns.zones.example.org.records.e.svcb[1]: ${SERVICE_HINT}`,
      `f:12:68: dns.zones.example.org.records.e.svcb[2]: ${SERVICE_HINT}`,
      `f:12:84: dns.zones.example.org.records.e.svcb[3]: ${SERVICE_HINT}`,
      `f:13:20: dns.zones.example.org.records.f.mx[0]: ${MX_HINT}`,
    ],
  ],
  [
    'aliases that are more than that',
    `${ZONE}        "@": { cname: a.example.org. }
        a: { cname: b.example.org., a: [ 192.0.2.1 ], txt: [ x ] }
        b: { cname: c.example.org. }
        c: { cname: a.example.org. }
        d: { cname: d.example.org. }
        e: { cname: b.example.org. }
`,
    [
      'f:8:16: dns.zones.example.org.records.@.cname: cannot stand at the zone itself, which has SOA and NS records',
      'f:9:21: dns.zones.example.org.records.a.cname: leads back to itself',
      'f:9:37: dns.zones.example.org.records.a.a: cannot stand beside cname: an alias has no data of its own',
      'f:9:55: dns.zones.example.org.records.a.txt: cannot stand beside cname: an alias has no data of its own',
      'f:10:21: dns.zones.example.org.records.b.cname: leads back to itself',
      'f:11:21: dns.zones.example.org.records.c.cname: leads back to itself',
      'f:12:21: dns.zones.example.org.records.d.cname: leads back to itself',
    ],
  ],
  [
    'servers that are aliases, or that are not there',
    `${ZONE}        alias: { cname: www.example.com. }
        a: { mx: [ "10 alias.example.org", "0 ." ], srv: [ "0 0 1 Alias.example.org.", "0 0 1 alias.example.org" ] }
        b: { ns: [ alias.example.org, ns.b.example.org, gone.example.org, ns.example.com ] }
        "@": { ns: [ ns.example.com ] }
        "*.w": { ns: [ x.y.example.org, ns.example.com ] }
        "*.y": { a: [ 192.0.2.1 ] }
`,
    [
      'f:9:20: dns.zones.example.org.records.a.mx[0]: is an alias (cname) here; a server must be named by the name that has its addresses',
      'f:9:44: dns.zones.example.org.records.a.mx[1]: says that no mail is taken here, and must stand alone (RFC 7505)',
      'f:9:60: dns.zones.example.org.records.a.srv[0]: is an alias (cname) here; a server must be named by the name that has its addresses',
      'f:9:88: dns.zones.example.org.records.a.srv[1]: is an alias (cname) here; a server must be named by the name that has its addresses',
      'f:10:20: dns.zones.example.org.records.b.ns[0]: is an alias (cname) here; a server must be named by the name that has its addresses',
      'f:10:39: dns.zones.example.org.records.b.ns[1]: has no address here, though its name lies in a zone that is served here',
      'f:10:57: dns.zones.example.org.records.b.ns[2]: has no address here, though its name lies in a zone that is served here',
      'f:11:16: dns.zones.example.org.records.@.ns: belongs into the ns of the zone',
      'f:12:18: dns.zones.example.org.records.*.w.ns: cannot stand at a wildcard (RFC 4592 section 4.2)',
    ],
  ],
  [
    'data at a delegation and below it',
    `${ZONE}        a: { ns: [ a.example.org, ns.a.example.org ], a: [ 192.0.2.1 ], txt: [ x ] }
        ns.a: { a: [ 192.0.2.2 ] }
        www.a: { a: [ 192.0.2.3 ] }
        b: { ns: [ ns.b.example.org ], a: [ 192.0.2.1 ] }
        ns.b: { a: [ 192.0.2.2 ], txt: [ x ] }
        deep.b: { policy: all, pools: [ { name: p, members: { static: [ 192.0.2.1 ] } } ] }
        sub.b: { ns: [ ns.example.com ] }
        c: { ns: [ c.example.org ] }
`,
    [
      'f:8:73: dns.zones.example.org.records.a.txt: cannot stand beside ns: the servers of the delegation answer instead',
      'f:10:9: dns.zones.example.org.records.www.a: lies below the delegation a.example.org, where only addresses of its own servers can be',
      'f:11:40: dns.zones.example.org.records.b.a: cannot stand beside ns: the servers of the delegation answer instead',
      'f:12:9: dns.zones.example.org.records.ns.b: lies below the delegation b.example.org, where only addresses of its own servers can be',
      'f:13:9: dns.zones.example.org.records.deep.b: lies below the delegation b.example.org, where only addresses of its own servers can be',
      'f:14:9: dns.zones.example.org.records.sub.b: lies below the delegation b.example.org, where only addresses of its own servers can be',
      'f:15:20: dns.zones.example.org.records.c.ns[0]: needs its address in a or aaaa beside it',
    ],
  ],
  [
    'servers of a zone and of mail that nobody could reach',
    `dns:
  listen: [ "127.0.0.1:5353" ]
  zones:
    example.org:
      soa: { mname: text.example.org, rname: hostmaster.example.org }
      ns: [ text.example.org, www.example.org ]
      records:
        text: { txt: [ x ] }
        www: { a: [ 192.0.2.1 ] }
        sub: { ns: [ ns.sub.example.org ] }
        ns.sub: { a: [ 192.0.2.2 ] }
        a: { mx: [ "1 gone.example.org", "2 text.example.org", "3 mail.sub.example.org", "4 sub.example.org" ] }
        b: { srv: [ "0 0 1 gone.example.org.", "0 0 1 www.example.org", "0 0 1 ." ], mx: [ "1 any.wild.example.org" ] }
        "*.wild": { a: [ 192.0.2.1 ] }
        c: { mx: [ "1 Example.org.", "2 wild.example.org", "3 example.com" ] }
`,
    [
      'f:6:13: dns.zones.example.org.ns[0]: has no address here, though its name lies in a zone that is served here',
      'f:12:20: dns.zones.example.org.records.a.mx[0]: has no address here, though its name lies in a zone that is served here',
      'f:12:42: dns.zones.example.org.records.a.mx[1]: has no address here, though its name lies in a zone that is served here',
      'f:13:21: dns.zones.example.org.records.b.srv[0]: has no address here, though its name lies in a zone that is served here',
      'f:15:20: dns.zones.example.org.records.c.mx[0]: has no address here, though its name lies in a zone that is served here',
      'f:15:38: dns.zones.example.org.records.c.mx[1]: has no address here, though its name lies in a zone that is served here',
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
    'a pool of several datacenters',
    `${ZONE}        a: { policy: all, pools: [ { name: p, members: { consul: { service: s, datacenters: [ b, a ] } } } ] }
`,
    [
      'f:8:93: dns.zones.example.org.records.a.pools[0].members.consul.datacenters: must be one datacenter; for more, make a pool of each, the preferred one first, with policy: failover',
    ],
  ],
  [
    'members that ask themselves, or for nothing',
    `${ZONE}        a: { policy: all, pools: [ { name: p, members: { names: [ A.example.org., b.example.org, other.example.com ] } } ] }
        b: { cname: c.example.org }
        c: { policy: all, pools: [ { name: p, members: { static: [ 192.0.2.1 ] } }, { name: q, members: { names: [ a.example.org, x.wild.example.org ] } } ] }
        "*.wild": { policy: failover, pools: [ { name: p, members: { names: [ y.wild.example.org ] } } ] }
        d: { policy: all, pools: [ { name: p, members: { names: [ gone.example.org, text.example.org, a.example.org, x.sub.example.org, a.example.org ] } } ] }
        text: { txt: [ x ] }
        sub: { ns: [ ns.example.com ] }
`,
    [
      'f:8:67: dns.zones.example.org.records.a.pools[0].members.names[0]: leads back to this record, which would ask itself',
      'f:8:83: dns.zones.example.org.records.a.pools[0].members.names[1]: leads back to this record, which would ask itself',
      'f:10:116: dns.zones.example.org.records.c.pools[1].members.names[0]: leads back to this record, which would ask itself',
      'f:11:79: dns.zones.example.org.records.*.wild.pools[0].members.names[0]: leads back to this record, which would ask itself',
      'f:12:67: dns.zones.example.org.records.d.pools[0].members.names[0]: has no address here, though its name lies in a zone that is served here',
      'f:12:85: dns.zones.example.org.records.d.pools[0].members.names[1]: has no address here, though its name lies in a zone that is served here',
      'f:12:137: dns.zones.example.org.records.d.pools[0].members.names[4]: is taken already by dns.zones.example.org.records.d.pools[0].members.names[2]',
    ],
  ],
  [
    'names as members that cannot be asked for or probed',
    `${ZONE}        a: { policy: all, pools: [ { name: p, members: { names: [] } } ] }
        b: { policy: all, pools: [ { name: p, members: { names: [ 192.0.2.1/24, "a..b", 192.0.2.1 ], resolvers: [ ns.example.com, "::1", "10.0.0.2:0" ] } } ] }
        c: { policy: all, pools: [ { name: p, members: { static: [ 192.0.2.1 ], resolvers: [ 10.0.0.2 ] } } ] }
        d: { policy: all, pools: [ { name: p, members: { names: [ x.example.com ] } } ], probe: { tcp: {} } }
        e: { policy: all, pools: [ { name: p, members: { names: [ x.example.com ] } } ], probe: { exec: { command: [ x ] } } }
`,
    [
      'f:8:65: dns.zones.example.org.records.a.pools[0].members.names: must have at least one name',
      `f:9:67: dns.zones.example.org.records.b.pools[0].members.names[0]: ${DOMAIN_HINT}`,
      `f:9:81: dns.zones.example.org.records.b.pools[0].members.names[1]: ${DOMAIN_HINT}`,
      'f:9:89: dns.zones.example.org.records.b.pools[0].members.names[2]: is an IP address, not a name: list it under static',
      'f:9:115: dns.zones.example.org.records.b.pools[0].members.resolvers[0]: must be an IP address, or one with a port, such as 10.0.0.2, 10.0.0.2:53 or [::1]:53',
      'f:9:138: dns.zones.example.org.records.b.pools[0].members.resolvers[2]: must be an IP address, or one with a port, such as 10.0.0.2, 10.0.0.2:53 or [::1]:53',
      'f:10:92: dns.zones.example.org.records.c.pools[0].members.resolvers: are for names, of which there are none here',
      'f:11:99: dns.zones.example.org.records.d.probe.tcp: needs a port, as names have none',
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
  const parsed = parseConfig(text, { file: 'f', env: {} });
  expect(parsed.ok ? [] : parsed.problems.map((problem) => formatProblem('f', problem))).toEqual(problems);
});
