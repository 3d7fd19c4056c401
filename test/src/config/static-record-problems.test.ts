import { expect, it } from 'vitest';
import { type BrokenConfig, DOMAIN_HINT, problemsOf, ZONE } from '../../support/config-problems.ts';

const MX_HINT = 'must be "preference name", such as "10 mail.example.com."';
const SRV_HINT = 'must be "priority weight port name", such as "0 5 443 a.example.com."';
const TXT_HINT = 'must be a text in which a backslash begins \\\\, \\" or three digits up to \\255';
const CAA_HINT = 'must be "flags tag value", such as 0 issue "ca.example"';
const SERVICE_HINT =
  'must be "priority target parameters", such as "1 . alpn=h2,h3 port=8443" (RFC 9460); an alias (priority 0) has no parameters';

const BROKEN: readonly BrokenConfig[] = [
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
];

it.each(BROKEN)('a name server is refused for %s', (_what, text, problems) => {
  expect(problemsOf(text)).toEqual(problems);
});
