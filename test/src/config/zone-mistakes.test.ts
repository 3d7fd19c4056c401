import { expect, it } from 'vitest';
import { type BrokenConfig, problemsOf, ZONE } from '../../support/config-problems.ts';

const AT = 'dns.zones.example.org.records';
const IS_ADDRESS = 'is an IP address, not a name: addresses belong into a and aaaa records';
const NOT_REACHED = 'must be an address that clients can connect to, not an unspecified, multicast or broadcast one';
const IN_CIRCLE = 'leads back to itself';

const MISTAKES: readonly BrokenConfig[] = [
  [
    'a mailbox with its "@", and addresses for servers',
    `dns:
  listen: [ "127.0.0.1:5353" ]
  zones:
    example.org:
      soa: { mname: 192.0.2.53, rname: hostmaster@example.org }
      ns: [ 192.0.2.53. ]
`,
    [
      `f:5:21: dns.zones.example.org.soa.mname: ${IS_ADDRESS}`,
      'f:5:40: dns.zones.example.org.soa.rname: must have a dot in place of the "@", such as hostmaster.example.org.',
      `f:6:13: dns.zones.example.org.ns[0]: ${IS_ADDRESS}`,
    ],
  ],
  [
    'addresses for names in records',
    `${ZONE}        a: { cname: 192.0.2.1 }
        b: { ns: [ 192.0.2.1 ] }
        c: { mx: [ "10 192.0.2.1" ], srv: [ "0 0 1 192.0.2.1" ], https: [ "1 192.0.2.1" ], svcb: [ "0 192.0.2.1." ] }
`,
    [
      `f:8:21: ${AT}.a.cname: ${IS_ADDRESS}`,
      `f:9:20: ${AT}.b.ns[0]: ${IS_ADDRESS}`,
      `f:10:20: ${AT}.c.mx[0]: names 192.0.2.1, which ${IS_ADDRESS}`,
      `f:10:45: ${AT}.c.srv[0]: names 192.0.2.1, which ${IS_ADDRESS}`,
      `f:10:75: ${AT}.c.https[0]: names 192.0.2.1, which ${IS_ADDRESS}`,
      `f:10:100: ${AT}.c.svcb[0]: names 192.0.2.1, which ${IS_ADDRESS}`,
    ],
  ],
  [
    'targets of https and svcb that are not there, but not for aliases',
    `${ZONE}        a: { https: [ "1 gone.example.org", "2 alias.example.org", "3 .", "4 bound.example.org", "5 x.sub.example.org" ] }
        b: { svcb: [ "0 gone.example.org" ] }
        alias: { cname: www.example.com }
        bound: { https: [ "1 . port=8443" ] }
        sub: { ns: [ ns.example.com ] }
`,
    [
      `f:8:23: ${AT}.a.https[0]: has no address here, though its name lies in a zone that is served here`,
      `f:9:22: ${AT}.b.svcb[0]: has no address here, though its name lies in a zone that is served here`,
    ],
  ],
  [
    'aliases that another zone leads back to, but not a wildcard',
    `${ZONE}        "*.w": { cname: a.w.example.org }
        z: { cname: z.example.net }
        fine: { cname: gone.example.org }
    example.net:
      soa: { mname: ns.example.com, rname: hostmaster.example.org }
      ns: [ ns.example.com ]
      records: { z: { cname: Z.example.org. }, to: { cname: z.example.org } }
`,
    [`f:9:21: ${AT}.z.cname: ${IN_CIRCLE}`, `f:14:30: dns.zones.example.net.records.z.cname: ${IN_CIRCLE}`],
  ],
  [
    'records that are there twice in another notation',
    `${ZONE}        a: { aaaa: [ "2001:db8::1", "2001:DB8:0:0::1", "::ffff:192.0.2.1", "::ffff:c000:201" ] }
        b: { mx: [ "10 a.example.com.", "10  A.example.com", "20 a.example.com" ] }
        c: { txt: [ 'a', '\\097', 'A' ], caa: [ '0 issue "ca.example"', '0 ISSUE ca.example' ] }
        d: { srv: [ "0 0 1 a.example.com", "00 0 1 a.example.com." ] }
        e: { https: [ "1 . port=1 alpn=h2", "1 . alpn=h2 port=1" ] }
        f: { policy: all, pools: [ { name: p, members: { static: [ "2001:db8::1", { address: "2001:db8:0::1" } ] } } ] }
`,
    [
      `f:8:37: ${AT}.a.aaaa[1]: is taken already by ${AT}.a.aaaa[0]`,
      `f:8:76: ${AT}.a.aaaa[3]: is taken already by ${AT}.a.aaaa[2]`,
      `f:9:41: ${AT}.b.mx[1]: is taken already by ${AT}.b.mx[0]`,
      `f:10:26: ${AT}.c.txt[1]: is taken already by ${AT}.c.txt[0]`,
      `f:10:72: ${AT}.c.caa[1]: is taken already by ${AT}.c.caa[0]`,
      `f:11:44: ${AT}.d.srv[1]: is taken already by ${AT}.d.srv[0]`,
      `f:12:45: ${AT}.e.https[1]: is taken already by ${AT}.e.https[0]`,
      `f:13:83: ${AT}.f.pools[0].members.static[1]: is taken already by ${AT}.f.pools[0].members.static[0]`,
    ],
  ],
  [
    'members that nobody can connect to',
    `${ZONE}        a: { policy: all, pools: [ { name: p, members: { static: [ 0.0.0.0, "::", 224.0.0.1, { address: "ff02::1" } ] } } ] }
        b: { policy: all, pools: [ { name: p, members: { static: [ 127.0.0.1, "fe80::1", 169.254.1.1 ] } } ] }
        c: { a: [ 0.0.0.0 ] }
`,
    [
      `f:8:68: ${AT}.a.pools[0].members.static[0]: ${NOT_REACHED}`,
      `f:8:77: ${AT}.a.pools[0].members.static[1]: ${NOT_REACHED}`,
      `f:8:83: ${AT}.a.pools[0].members.static[2]: ${NOT_REACHED}`,
      `f:8:105: ${AT}.a.pools[0].members.static[3].address: ${NOT_REACHED}`,
    ],
  ],
  [
    'keys of one kind of record in the other',
    `${ZONE}        a: { policy: all, pools: [ { name: p, members: { static: [ 192.0.2.1 ] } } ], cname: x.example.com, a: [], ttl: 5s }
        b: { a: [ 192.0.2.1 ], failover_target: 5s, probe: { tcp: { port: 1 } }, prob: 1 }
`,
    [
      `f:8:87: ${AT}.a.cname: cannot stand beside policy and pools: an alias has no data of its own`,
      `f:8:109: ${AT}.a.a: cannot stand beside policy and pools, whose members are the addresses of this name`,
      `f:8:121: ${AT}.a.ttl: must be a mapping such as { min: 2s, max: 30s }, as a balanced record computes its TTL`,
      `f:9:32: ${AT}.b.failover_target: belongs to a balanced record, one with policy and pools`,
      `f:9:53: ${AT}.b.probe: belongs to a balanced record, one with policy and pools`,
      `f:9:82: ${AT}.b.prob: unknown key`,
    ],
  ],
  [
    'names that are meant for another zone',
    `${ZONE}        www.example.net: { a: [ 192.0.2.1 ] }
        example.com: { a: [ 192.0.2.1 ] }
    Example.net.:
      soa: { mname: ns.example.com, rname: hostmaster.example.org }
      ns: [ ns.example.com ]
`,
    [
      `f:8:9: ${AT}.www.example.net: is relative to the zone, and so would mean www.example.net.example.org; it is a name of the zone example.net, and belongs there`,
    ],
  ],
];

it.each(MISTAKES)('zones are refused for %s', (_what, text, problems) => {
  expect(problemsOf(text)).toEqual(problems);
});
