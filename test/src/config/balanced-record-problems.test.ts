import { expect, it } from 'vitest';
import { type BrokenConfig, DOMAIN_HINT, problemsOf, ZONE } from '../../support/config-problems.ts';

const BROKEN: readonly BrokenConfig[] = [
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
        c: { policy: all, pools: [ { name: p, members: { static: [ 192.0.2.1 ] } } ], damping: { max_hold: 2s } }
        d: { policy: all, pools: [ { name: p, members: { static: [ 192.0.2.1 ] } } ], damping: { half_life: 0s, hold: 1s } }
        e: { policy: all, pools: [ { name: p, members: { static: [ 192.0.2.1 ] } } ], damping: off }
`,
    [
      'f:8:96: dns.zones.example.org.records.a.damping: must be off, or a mapping of thresholds',
      'f:9:87: dns.zones.example.org.records.b.damping.reuse: must be less than suppress, 100',
      'f:10:108: dns.zones.example.org.records.c.damping.max_hold: must be at least 2076ms, in which a penalty falls from suppress to reuse, or nothing is ever held',
      'f:11:109: dns.zones.example.org.records.d.damping.half_life: must be from 100ms to 1h',
      'f:11:113: dns.zones.example.org.records.d.damping.hold: unknown key',
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
];

it.each(BROKEN)('a name server is refused for %s', (_what, text, problems) => {
  expect(problemsOf(text)).toEqual(problems);
});
