/** The Connection field: which options it names, and which of them may take fields with them (RFC 9110 section 7.6.1). */

/** Framing, addressing and our own fields: nominating them in Connection must not unframe or misroute a message. */
const PROTECTED = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-real-ip',
  'x-request-id',
  'via',
  'cookie',
  'authorization',
  'cache-control',
]);

/** Options with a meaning of their own, or whose fields are handled wherever they stand. */
const KNOWN = new Set(['close', 'keep-alive', 'upgrade', 'te', 'trailer', 'http2-settings', 'proxy-connection']);

// Not `trim()`, which takes a no-break space (an octet of UTF-8 text) for white space too.
const AROUND = /^[ \t]+|[ \t]+$/g;

export interface ConnectionOptions {
  readonly close: boolean;
  readonly keepAlive: boolean;
  readonly upgrade: boolean;
  /** Lower-cased names of fields that are for this hop only. */
  readonly nominated: readonly string[];
}

const NONE: ConnectionOptions = { close: false, keepAlive: false, upgrade: false, nominated: [] };
const CLOSE: ConnectionOptions = { ...NONE, close: true };
const KEEP_ALIVE: ConnectionOptions = { ...NONE, keepAlive: true };

/** `value` is a field value without the white space around it; several fields are joined with commas. */
export function parseConnectionOptions(value: string): ConnectionOptions {
  // What nearly every message says, without splitting.
  if (value === 'keep-alive' || value === 'Keep-Alive') return KEEP_ALIVE;
  if (value === 'close') return CLOSE;
  const options = value
    .toLowerCase()
    .split(',')
    .map((option) => option.replace(AROUND, ''))
    .filter((option) => option !== '');
  return {
    close: options.includes('close'),
    keepAlive: options.includes('keep-alive'),
    upgrade: options.includes('upgrade'),
    nominated: options.filter((option) => !KNOWN.has(option) && !PROTECTED.has(option)),
  };
}

/** A name and perhaps a version (RFC 9110 section 7.8). */
const ONE_PROTOCOL = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:\/[!#$%&'*+\-.^_`|~0-9A-Za-z]+)?$/;
/** `h2c`, its drafts (`h2c-14`, `HTTP/2.0`) and `h2`. */
const OTHER_HTTP = /^(?:h2|http)/i;

/** True for one protocol that is not another HTTP: whole requests would pass through such a tunnel unseen. */
export function mayBecome(protocol: string): boolean {
  return ONE_PROTOCOL.test(protocol) && !OTHER_HTTP.test(protocol);
}
