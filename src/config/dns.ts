/** `dns`: zones that the name server answers for, and the pools behind their balanced records. */

import { isIP } from 'node:net';
import * as v from 'valibot';
import { consulSource, weight } from './discover.ts';
import { durationBetween, listenAddress, name, text } from './fields.ts';
import { probe } from './probe.ts';
import { section } from './section.ts';

// RFC 2181 section 8: TTLs have 31 bits; a day is already far above what failover can use.
const ttl = durationBetween(0, 604_800_000, 'must be from 0s to 168h');

const ipv4 = v.pipe(
  v.string('must be an IPv4 address'),
  v.check((it) => isIP(it) === 4, 'must be an IPv4 address'),
);
const ipv6 = v.pipe(
  v.string('must be an IPv6 address'),
  v.check((it) => isIP(it) === 6, 'must be an IPv6 address'),
);
const ip = v.pipe(
  v.string('must be an IP address'),
  v.check((it) => isIP(it) !== 0, 'must be an IP address'),
);

/** An absolute name: RFC 1035 section 2.3.4 bounds labels to 63 octets and names to 255. Lower-cased, no final dot. */
export const absoluteName = v.pipe(
  v.string('must be a domain name'),
  v.toLowerCase(),
  v.transform((it) => (it.endsWith('.') ? it.slice(0, -1) : it)),
  v.regex(
    /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/,
    'must be a domain name: labels of at most 63 letters, digits, "-" or "_", at most 253 in all',
  ),
);

const soa = section({
  mname: absoluteName,
  /** The mailbox with its `@` written as a dot: hostmaster.example.com. */
  rname: absoluteName,
  /** Seconds an absence may be remembered, in milliseconds here (RFC 2308). */
  negative_ttl: v.optional(ttl, '5s'),
  ttl: v.optional(ttl, '1h'),
});

const members = v.pipe(
  section({
    consul: v.optional(consulSource),
    static: v.optional(
      v.array(
        v.union([ip, section({ address: ip, weight: v.optional(weight, 1) })], 'must be an IP address'),
        'must be a list of IP addresses',
      ),
    ),
  }),
  v.check((it) => (it.consul === undefined) !== (it.static === undefined), 'must name exactly one of consul, static'),
);

const balancedRecord = section(
  {
    policy: v.pipe(
      v.string('must be failover or all'),
      v.check((it) => it !== 'weighted' && it !== 'hash', 'is not supported yet'),
      v.picklist(['failover', 'all'], 'must be failover or all'),
    ),
    pools: v.pipe(
      v.array(section({ name, members }, ['min_up']), 'must be a list of pools'),
      v.minLength(1, 'must have at least one pool'),
    ),
    probe: v.optional(probe),
    ttl: v.optional(section({ min: v.optional(ttl, '2s'), max: v.optional(ttl, '30s') }), {}),
    when_all_down: v.optional(v.picklist(['last_good', 'all', 'none'], 'must be last_good, all or none'), 'last_good'),
  },
  ['failover_target'],
);

const staticRecord = section(
  {
    a: v.optional(v.array(ipv4, 'must be a list of IPv4 addresses')),
    aaaa: v.optional(v.array(ipv6, 'must be a list of IPv6 addresses')),
    ttl: v.optional(ttl, '60s'),
  },
  ['txt', 'mx', 'srv', 'caa', 'cname', 'ns', 'https', 'svcb'],
);

const zone = section({
  soa,
  ns: v.pipe(v.array(absoluteName, 'must be a list of names'), v.minLength(1, 'must name at least one server')),
  /** Keys are names relative to the zone: `www`, `a.b`, `@` for the zone itself. */
  records: v.optional(v.record(text, v.union([balancedRecord, staticRecord])), {}),
});

export const dns = section({
  /** Each is bound for UDP and for TCP. */
  listen: v.pipe(
    v.array(listenAddress, 'must be a list of addresses'),
    v.minLength(1, 'must have at least one address'),
  ),
  zones: v.record(absoluteName, zone, 'must be a mapping of zone names'),
});

export type DnsConfig = v.InferOutput<typeof dns>;
export type ZoneConfig = v.InferOutput<typeof zone>;
export type BalancedRecordConfig = v.InferOutput<typeof balancedRecord>;
export type StaticRecordConfig = v.InferOutput<typeof staticRecord>;
export type MembersConfig = v.InferOutput<typeof members>;
