/** The scalar kinds of the configuration: durations in ms, sizes in bytes, ratios in 0…1, addresses. One place each. */
import * as v from 'valibot';
import { isHost, parseHostPort, parseListenAddress } from '../address.ts';
import { DURATION_HINT, parseDurationMs } from '../duration.ts';
import { parseBytes, SIZE_HINT } from '../size.ts';

export type Milliseconds = number;
export type Bytes = number;

/** A pipe that turns text into `T` by `parse`, with `hint` as the message where it gives undefined. */
function parsed<T>(parse: (text: string) => T | undefined, hint: string) {
  return v.pipe(
    v.string(hint),
    v.rawTransform(({ dataset, addIssue, NEVER }): T => {
      const value = parse(dataset.value);
      if (value !== undefined) return value;
      addIssue({ message: hint });
      return NEVER;
    }),
  );
}

/** `250ms`, `2s`, `5m`, `1h`; in milliseconds. */
export const duration = parsed(parseDurationMs, DURATION_HINT);

/** A duration with bounds, both inclusive, in milliseconds. */
export function durationBetween(minMs: Milliseconds, maxMs: Milliseconds, words: string) {
  return v.pipe(
    duration,
    v.check((ms) => ms >= minMs && ms <= maxMs, words),
  );
}

/** `240B`, `64KiB`, `1MiB`; in bytes. */
export const size = parsed(parseBytes, SIZE_HINT);

export function wholeNumber(min: number, max: number) {
  const words = `must be a whole number from ${min} to ${max}`;
  return v.pipe(v.number(words), v.integer(words), v.minValue(min, words), v.maxValue(max, words));
}

export const port = wholeNumber(1, 65_535);

/** `host:port` of somewhere to connect to. */
export const hostPort = parsed((text) => {
  const address = parseHostPort(text);
  return address === undefined || address.port === 0 ? undefined : address;
}, 'must be host:port, such as 10.0.0.7:8080 or [::1]:8080');

/** Somewhere to listen. */
export const listenAddress = parsed(
  parseListenAddress,
  'must be host:port, [ipv6]:port or unix:/path, such as 127.0.0.1:15001',
);

export const host = v.pipe(
  v.string('must be a host name or an IP address'),
  v.check(isHost, 'must be a host name or an IP address'),
);

export const text = v.pipe(v.string('must be a text'), v.nonEmpty('must not be empty'));

/** Names of listeners, clusters and routes: they become metric labels and log fields. */
export const name = v.pipe(
  v.string('must be a name'),
  v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'must be a name of letters, digits, ".", "_" or "-" (at most 128)'),
);

export const flag = v.boolean('must be true or false');
