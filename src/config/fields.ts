/** The scalar kinds of the configuration: durations in ms, sizes in bytes, addresses. One place each. */
import { isIP } from 'node:net';
import * as v from 'valibot';
import { isHost, parseHostPort, parseListenAddress } from '../address.ts';
import { DURATION_HINT, formatDuration, parseDurationMs } from '../duration.ts';
import { MAX_POINTER_STEPS, parseJsonPointer } from '../json-pointer.ts';
import { formatBytes, parseBytes, SIZE_HINT } from '../size.ts';

export type Milliseconds = number;
export type Bytes = number;

/** What documentation and JSON schema say of a scalar; `title` is the word for the kind. */
interface Kind {
  readonly title: string;
  readonly pattern?: string;
  readonly examples?: readonly string[];
}

/** A pipe that turns text into `T` by `parse`, with `hint` as the message where it gives undefined. */
function parsed<T>(parse: (text: string) => T | undefined, hint: string, kind: Kind) {
  return v.pipe(
    v.string(hint),
    v.metadata({ ...kind }),
    v.rawTransform(({ dataset, addIssue, NEVER }): T => {
      const value = parse(dataset.value);
      if (value !== undefined) return value;
      addIssue({ message: hint });
      return NEVER;
    }),
  );
}

const DURATION: Kind = {
  title: 'duration',
  pattern: String.raw`^\d{1,9}(\.\d{1,6})?(ms|s|m|h)$`,
  examples: ['250ms', '2s', '5m'],
};

/** A duration with bounds, both inclusive: `250ms`, `2s`, `5m`, `1h`; in milliseconds. */
export function durationBetween(minMs: Milliseconds, maxMs: Milliseconds) {
  const range = `from ${formatDuration(minMs)} to ${formatDuration(maxMs)}`;
  return v.pipe(
    parsed(parseDurationMs, DURATION_HINT, { ...DURATION, title: `duration ${range}` }),
    v.check((ms) => ms >= minMs && ms <= maxMs, `must be ${range}`),
  );
}

const SIZE: Kind = {
  title: 'size',
  pattern: String.raw`^\d{1,9}(B|KiB|MiB|GiB|KB|MB)$`,
  examples: ['240B', '64KiB'],
};

/** A size with bounds, both inclusive: `240B`, `64KiB`, `1MiB`; in bytes. */
export function sizeBetween(min: Bytes, max: Bytes) {
  const range = `from ${formatBytes(min)} to ${formatBytes(max)}`;
  return v.pipe(
    parsed(parseBytes, SIZE_HINT, { ...SIZE, title: `size ${range}` }),
    v.check((bytes) => bytes >= min && bytes <= max, `must be ${range}`),
  );
}

const SHARE_HINT = 'must be a share from 0% to 100%, such as 10% or 0.5%';

/** A share of a whole, `10%`; as a number in 0…1. */
export const share = parsed(
  (text) => {
    const percent = /^\d{1,3}(\.\d{1,4})?%$/.test(text) ? Number(text.slice(0, -1)) : Number.NaN;
    return percent <= 100 ? percent / 100 : undefined;
  },
  SHARE_HINT,
  { title: 'share', pattern: String.raw`^\d{1,3}(\.\d{1,4})?%$`, examples: ['10%', '0.5%'] },
);

export function wholeNumber(min: number, max: number) {
  const words = `must be a whole number from ${min} to ${max}`;
  return v.pipe(
    v.number(words),
    v.title(`whole number from ${min} to ${max}`),
    v.check((it) => Number.isInteger(it) && it >= min && it <= max, words),
    v.metadata({ type: 'integer', minimum: min, maximum: max }),
  );
}

/** A number with bounds, both inclusive. */
export function numberBetween(min: number, max: number) {
  const words = `must be a number from ${min} to ${max}`;
  return v.pipe(
    v.number(words),
    v.title(`number from ${min} to ${max}`),
    v.check((it) => it >= min && it <= max, words),
    v.metadata({ type: 'number', minimum: min, maximum: max }),
  );
}

export const port = wholeNumber(1, 65_535);

/** `host:port` of somewhere to connect to. */
export const hostPort = parsed(
  (text) => {
    const address = parseHostPort(text);
    return address === undefined || address.port === 0 ? undefined : address;
  },
  'must be host:port, such as 10.0.0.7:8080 or [::1]:8080',
  { title: 'host:port', examples: ['10.0.0.7:8080', '[::1]:8080'] },
);

/** A name server: an IP address, with a port unless that is 53. */
export const resolver = parsed(
  (text) => {
    const address = isIP(text) === 0 ? parseHostPort(text) : { host: text, port: 53 };
    return address === undefined || address.port === 0 || isIP(address.host) === 0 ? undefined : address;
  },
  'must be an IP address, or one with a port, such as 10.0.0.2, 10.0.0.2:53 or [::1]:53',
  { title: 'IP address or address:port', examples: ['10.0.0.2', '10.0.0.2:53', '[::1]:53'] },
);

/** Somewhere to listen. */
export const listenAddress = parsed(
  parseListenAddress,
  'must be host:port, [ipv6]:port or unix:/path, such as 127.0.0.1:15001',
  { title: 'host:port or unix:/path', examples: ['127.0.0.1:15001', '[::1]:15001', 'unix:/run/x.sock'] },
);

export const host = v.pipe(
  v.string('must be a host name or an IP address'),
  v.title('host name or IP address'),
  v.check(isHost, 'must be a host name or an IP address'),
);

/** An IP address of one family (4, 6), or of either (0), for others to connect to: no zone index (RFC 4007 section 11). */
export function ipAddress(family: 0 | 4 | 6) {
  const title = family === 0 ? 'IP address' : `IPv${family} address`;
  const words = `must be an ${title}`;
  return v.pipe(
    v.string(words),
    v.title(title),
    v.check((it) => (family === 0 ? isIP(it) !== 0 : isIP(it) === family), words),
    v.check(
      (it) => isIP(it) !== 6 || !it.includes('%'),
      `${words} without "%", which names an interface of one machine`,
    ),
  );
}

/** An address, or an address block that `net.BlockList` takes: 0…32 or 0…128 bits by family. */
export const addressBlock = v.pipe(
  v.string('must be an address block'),
  v.metadata({ title: 'address block', examples: ['10.0.0.0/8', '::1'] }),
  v.check(isAddressBlock, 'must be an IP address or a block such as 10.0.0.0/8 or fd00::/8'),
);

function isAddressBlock(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  // A zone index (fe80::1%eth0) has no place in a block.
  if (family === 0 || rest.length > 0 || address.includes('%')) return false;
  if (bits === undefined) return true;
  return /^(0|[1-9]\d{0,2})$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
}

/** `words`, and what helps where YAML reads a number or a truth value: `tags: [ 1.10 ]`, `name: 5`. */
export function unquoted(words: string) {
  return ({ input }: { readonly input: unknown }) =>
    typeof input === 'number' || typeof input === 'boolean' ? `${words}; put it in quotes` : words;
}

export const text = v.pipe(v.string(unquoted('must be a text')), v.title('text'), v.nonEmpty('must not be empty'));

/** Names of listeners, clusters and routes: they become metric labels and log fields. */
export const name = v.pipe(
  v.string(unquoted('must be a name')),
  v.title('name'),
  v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'must be a name of letters, digits, ".", "_" or "-" (at most 128)'),
);

export const flag = v.pipe(v.boolean('must be true or false'), v.title('true or false'));

export const path = v.pipe(
  v.string('must be a path'),
  v.title('path'),
  v.regex(/^\/[\x21-\x7e]*$/, 'must be a path that begins with "/"'),
);

/** A path without a query; `words` say what is to be done about one. */
export function plainPath(words = '') {
  return v.pipe(path, v.regex(/^[^?#]*$/, `must be a path without a query${words}`));
}

const POINTER_HINT = `must be a JSON pointer such as /user/id: "/" before each of at most ${MAX_POINTER_STEPS} names, "~1" for "/" and "~0" for "~" in them`;

/** A place in a JSON document (RFC 6901), as it is written. */
export const jsonPointer = v.pipe(
  v.string(POINTER_HINT),
  v.metadata({ title: 'JSON pointer', examples: ['/user/id'] }),
  v.check((it) => parseJsonPointer(it) !== undefined, POINTER_HINT),
);

/** `words` names the items in the plural. */
export function listOf<Item extends v.GenericSchema>(item: Item, words: string) {
  return v.array(item, `must be a list of ${words}`);
}
