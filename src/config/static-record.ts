/** Records of a zone that are written down as they are answered. */
import { isIP } from 'node:net';
import * as v from 'valibot';
import { parseDurationMs } from '../duration.ts';
import { about } from './about.ts';
import { absoluteName } from './domain-name.ts';
import { durationBetween, ipAddress, listOf, unquoted } from './fields.ts';
import { parseCaa, parseEscapedText, parseMx, parseSrv } from './record-text.ts';
import { isMapping, section } from './section.ts';
import { parseServiceBinding } from './service-binding.ts';

// RFC 2181 section 8 allows 31 bits of seconds; a week is already far above what failover can use.
const MAX_TTL_MS = 604_800_000;
export const ttl = durationBetween(0, MAX_TTL_MS);

/** Records of one type at one name go into one message of at most 65,535 octets, names and lengths included. */
const MAX_RECORDS = 100;
const MAX_OCTETS = 32_000;

/** Texts that `parse` can read; kept as they are written. */
function texts(parse: (text: string) => unknown, kind: string, hint: string) {
  const item = v.pipe(
    v.string(unquoted(hint)),
    v.title(kind),
    v.check((it) => it.length <= MAX_OCTETS && parse(it) !== undefined, hint),
  );
  return v.optional(
    v.pipe(
      listOf(item, 'texts'),
      v.maxLength(MAX_RECORDS, `must have at most ${MAX_RECORDS} records`),
      v.check((all) => octetsOf(all) <= MAX_OCTETS, `must have at most ${MAX_OCTETS} octets in all`),
    ),
  );
}

function octetsOf(all: readonly string[]): number {
  return all.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

const SERVICE_HINT =
  'must be "priority target parameters", such as "1 . alpn=h2,h3 port=8443" (RFC 9460); an alias (priority 0) has no parameters';

/** What may stand at any name but an alias or a delegation, beside addresses that are balanced too. */
export const dataTypes = {
  txt: about(
    'Texts, a record each. `\\DDD` is one octet and `\\X` the character X; more than 255 octets become several strings of one record.',
    texts(parseEscapedText, 'text', 'must be a text in which a backslash begins \\\\, \\" or three digits up to \\255'),
  ),
  mx: about(
    'Mail servers: `10 mail.example.com.`; `0 .` alone where no mail is taken.',
    texts(parseMx, 'preference and name', 'must be "preference name", such as "10 mail.example.com."'),
  ),
  srv: about(
    'Services: `priority weight port name`; addresses in the zone are sent along.',
    texts(
      parseSrv,
      'priority, weight, port and name',
      'must be "priority weight port name", such as "0 5 443 a.example.com."',
    ),
  ),
  caa: about(
    'Who may issue certificates: `0 issue "ca.example"`.',
    texts(parseCaa, 'flags, tag and value', 'must be "flags tag value", such as 0 issue "ca.example"'),
  ),
  https: about(
    'How the web server is reached: `1 . alpn=h2,h3 port=8443 ipv4hint=192.0.2.1`.',
    texts(parseServiceBinding, 'priority, name and parameters', SERVICE_HINT),
  ),
  svcb: about(
    'The same for other services.',
    texts(parseServiceBinding, 'priority, name and parameters', SERVICE_HINT),
  ),
};

const TYPES = ['a', 'aaaa', 'cname', 'ns', ...Object.keys(dataTypes)];

const staticEntries = {
  a: about('IPv4 addresses.', v.optional(listOf(ipAddress(4), 'IPv4 addresses'))),
  aaaa: about('IPv6 addresses.', v.optional(listOf(ipAddress(6), 'IPv6 addresses'))),
  cname: about(
    'This name is another name for that one, and holds nothing else. Followed within the zone.',
    v.optional(absoluteName),
  ),
  ns: about(
    'This name and all below it belong to a zone that these servers answer for. A server whose name lies there needs an address record here.',
    v.optional(v.pipe(listOf(absoluteName, 'names'), v.minLength(1, 'must name at least one server'))),
  ),
  ...dataTypes,
  ttl: about('Their TTL.', v.optional(ttl, '60s')),
};

const NOT_STATIC = 'belongs to a balanced record, one with policy and pools';

/** What belongs to balanced records. */
const misplaced = Object.fromEntries(
  ['answer', 'probe', 'damping', 'when_all_down', 'failover_target'].map((key) => [key, NOT_STATIC]),
);

/** All that a static record can be. */
export const wholeStaticRecord = v.pipe(
  section(staticEntries, [], { misplaced }),
  v.title('static record'),
  v.rawCheck(({ dataset, addIssue }) => {
    const value: unknown = dataset.value;
    if (!isMapping(value) || TYPES.some((type) => !isEmpty(value[type]))) return;
    addIssue({ message: `must have at least one of ${TYPES.join(', ')}, or else policy and pools` });
  }),
);

/** A large zone consists of addresses, and the schema would take most of the time of a start for them. */
export const staticRecord: typeof wholeStaticRecord = {
  ...wholeStaticRecord,
  '~run': (dataset, config) => {
    const value = plainAddresses(dataset.value);
    return value === undefined ? wholeStaticRecord['~run'](dataset, config) : { typed: true, value };
  },
};

/** What the schema would make of it, where that is only addresses and a TTL and nothing is wrong. */
function plainAddresses(input: unknown): v.InferOutput<typeof wholeStaticRecord> | undefined {
  if (!isMapping(input)) return undefined;
  for (const key of Object.keys(input)) if (key !== 'a' && key !== 'aaaa' && key !== 'ttl') return undefined;
  const { a, aaaa, ttl: written = '60s' } = input;
  const ttlMs = typeof written === 'string' ? parseDurationMs(written) : undefined;
  if (ttlMs === undefined || ttlMs > MAX_TTL_MS) return undefined;
  if (isListOf(a, 4)) {
    if (aaaa === undefined) return { a, ttl: ttlMs };
    return isListOf(aaaa, 6) ? { a, aaaa, ttl: ttlMs } : undefined;
  }
  return a === undefined && isListOf(aaaa, 6) ? { aaaa, ttl: ttlMs } : undefined;
}

/** At least one address, all of this family and good for others (no zone index). */
function isListOf(value: unknown, family: 4 | 6): value is string[] {
  if (!Array.isArray(value) || value.length === 0) return false;
  return value.every((it) => typeof it === 'string' && isIP(it) === family && !(family === 6 && it.includes('%')));
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}

export type StaticRecordConfig = v.InferOutput<typeof wholeStaticRecord>;
/** The part of a record that may stand beside addresses of either kind. */
export type RecordDataConfig = Pick<StaticRecordConfig, keyof typeof dataTypes>;
