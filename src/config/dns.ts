/** `dns`: zones that the name server answers for, and the pools behind their balanced records. */
import * as v from 'valibot';
import { about } from './about.ts';
import { choice } from './choice.ts';
import { dnsDamping } from './dns-damping.ts';
import { dnsCookies, nsid } from './dns-edns.ts';
import { members } from './dns-members.ts';
import { dnsRateLimit } from './dns-rate-limit.ts';
import { dnsTcp } from './dns-tcp.ts';
import { absoluteName, mailboxName, relativeName } from './domain-name.ts';
import { durationBetween, listenAddress, listOf, name, wholeNumber } from './fields.ts';
import { mapping } from './mapping.ts';
import { probe } from './probe.ts';
import { isMapping, section } from './section.ts';
import { dataTypes, type StaticRecordConfig, staticRecord, ttl } from './static-record.ts';

export type { MembersConfig } from './dns-members.ts';
export { absoluteName } from './domain-name.ts';
export type { StaticRecordConfig };

const soa = section({
  mname: about('The primary name server.', absoluteName),
  rname: about('The mailbox of the zone, with its `@` written as a dot: `hostmaster.example.org.`', mailboxName),
  negative_ttl: about('How long others may remember that a name does not exist (RFC 2308).', v.optional(ttl, '5s')),
  ttl: about('The TTL of the SOA and NS records themselves.', v.optional(ttl, '1h')),
});

const HOUR = 3_600_000;

const POLICIES = ['failover', 'all', 'weighted', 'hash'] as const;
/** More addresses than one answer can hold. */
const MAX_MIN_UP = 2_000;

const pool = section({
  name: about('For logs and metrics; unique within the record.', name),
  members: about('Addresses that may be answered: exactly one of the keys below.', members),
  min_up: about(
    'The pool counts as up with at least so many of its addresses up.',
    v.optional(wholeNumber(1, MAX_MIN_UP), 1),
  ),
});

const balancedEntries = {
  policy: about(
    '`failover`: every member that is up, of the first pool that is. `all`: of every pool. `weighted`: of the first pool, one for each query in proportion to weight. `hash`: of the first pool, always the same one for a client network.',
    v.picklist(POLICIES, 'must be failover, all, weighted or hash'),
  ),
  answer: about(
    'With `weighted`: `one` member for each query, or `all` of them, each first in proportion to its weight. `one` unless given.',
    v.optional(v.picklist(['one', 'all'], 'must be one or all')),
  ),
  pools: about(
    'Groups of members, the preferred one first.',
    v.pipe(listOf(pool, 'pools'), v.minLength(1, 'must have at least one pool')),
  ),
  probe: about(
    'Probes of our own, as a cluster’s `health_check`. Without it a static member is up, and a member from Consul is what Consul says.',
    v.optional(probe),
  ),
  ttl: about(
    'Bounds of the TTL, which is computed: never longer than the time until the answer could next change.',
    v.optional(
      section(
        {
          min: about('Shortest TTL.', v.optional(ttl, '2s')),
          max: about('Longest TTL.', v.optional(ttl, '30s')),
        },
        [],
        { shape: 'must be a mapping such as { min: 2s, max: 30s }, as a balanced record computes its TTL' },
      ),
      {},
    ),
  ),
  damping: about(
    'Keeps a member that was lost out of the answer for a while, and longer where it comes and goes; `off` does not.',
    v.optional(dnsDamping, {}),
  ),
  when_all_down: about(
    'The answer when no member is up: the last one that had one, every member, or none.',
    v.optional(v.picklist(['last_good', 'all', 'none'], 'must be last_good, all or none'), 'last_good'),
  ),
  failover_target: about(
    'Longest time in which a member that has failed may still be in use: detection, propagation and TTL together, as `outrigger dns-window` shows them. `check` refuses values of `probe` and `ttl` that cannot meet it, and a `tcp` probe, which never notices a member that hangs.',
    v.optional(durationBetween(100, HOUR)),
  ),
  ...dataTypes,
};

const NO_OWN_ADDRESS = 'cannot stand beside policy and pools, whose members are the addresses of this name';

/** What belongs to static records: why not here. */
const NOT_BALANCED = {
  a: NO_OWN_ADDRESS,
  aaaa: NO_OWN_ADDRESS,
  cname: 'cannot stand beside policy and pools: an alias has no data of its own',
  ns: 'cannot stand beside policy and pools: the servers of the delegation answer instead',
};

const balancedRecord = v.pipe(section(balancedEntries, [], { misplaced: NOT_BALANCED }), v.title('balanced record'));

/** A record with `policy` or `pools` is meant to be balanced, whatever else it has or lacks. */
const record = choice([balancedRecord, staticRecord], (input) =>
  isMapping(input) && ('policy' in input || 'pools' in input) ? balancedRecord : staticRecord,
);

const zone = section({
  soa: about('The start-of-authority record.', soa),
  ns: about(
    'The name servers of the zone. One whose name lies in the zone needs an address record there.',
    v.pipe(listOf(absoluteName, 'names'), v.minLength(1, 'must name at least one server')),
  ),
  /** Keys are names relative to the zone: `www`, `a.b`, `@` for the zone itself. */
  records: about(
    'Names relative to the zone (`www`, `a.b`, `@` for the zone itself) with a record each: balanced, or static.',
    v.optional(mapping(relativeName, record, 'must be a mapping of names to records'), {}),
  ),
});

export const dns = section({
  listen: about(
    'Addresses, each bound for UDP and for TCP.',
    v.pipe(listOf(listenAddress, 'addresses'), v.minLength(1, 'must have at least one address')),
  ),
  zones: about(
    'Zone names with what belongs to them.',
    mapping(absoluteName, zone, 'must be a mapping of zone names to zones'),
  ),
  cookies: about(
    'DNS cookies (RFC 7873, RFC 9018), by which a client shows that it gets what is sent to its address.',
    v.optional(dnsCookies, {}),
  ),
  rate_limit: about(
    'Limits answers over UDP; none without it. Clients with a cookie of ours and TCP are not limited.',
    v.optional(dnsRateLimit),
  ),
  tcp: about('Limits of connections.', v.optional(dnsTcp, {})),
  nsid: about('Name of this server, for clients that ask for it (RFC 5001).', v.optional(nsid)),
});

export type DnsConfig = v.InferOutput<typeof dns>;
export type ZoneConfig = v.InferOutput<typeof zone>;
export type BalancedRecordConfig = v.InferOutput<typeof balancedRecord>;
