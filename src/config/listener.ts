/** `listeners`: bound sockets with their protocol, limits and routes. */
import * as v from 'valibot';
import { durationBetween, listenAddress, name, size, wholeNumber } from './fields.ts';
import { match } from './match.ts';
import { section } from './section.ts';

const HOUR = 3_600_000;

const limits = section({
  head_timeout: v.optional(durationBetween(100, HOUR, 'must be from 100ms to 1h'), '10s'),
  idle_timeout: v.optional(durationBetween(100, HOUR, 'must be from 100ms to 1h'), '60s'),
  /** Bytes per second of a request body, judged over spans of 5 s; 0B turns it off. */
  min_body_rate: v.optional(size, '240B'),
  max_head: v.optional(
    v.pipe(size, v.minValue(1_024, 'must be at least 1KiB'), v.maxValue(1_048_576, 'must be at most 1MiB')),
    '64KiB',
  ),
  max_headers: v.optional(wholeNumber(1, 10_000), 200),
  max_connections: v.optional(wholeNumber(1, 1_000_000), 10_000),
  max_connections_per_client: v.optional(wholeNumber(1, 1_000_000), 1_000),
});

const route = section(
  {
    /** Default: its place in the list, `routes[0]`. */
    name: v.optional(name),
    match: v.optional(match, {}),
    to: name,
    timeout: v.optional(durationBetween(1, HOUR, 'must be from 1ms to 1h')),
  },
  [
    'split',
    'split_key',
    'redirect',
    'respond',
    'rewrite',
    'request_headers',
    'response_headers',
    'mirror',
    'retry',
    'sticky_cookie',
  ],
);

const falseForNow = v.optional(v.literal(false, 'is not supported yet'), false);

const httpListener = section(
  {
    name,
    listen: listenAddress,
    protocol: v.literal('http', 'must be http or tcp'),
    limits: v.optional(limits, {}),
    routes: v.pipe(v.array(route, 'must be a list of routes'), v.minLength(1, 'must have at least one route')),
    proxy_protocol: falseForNow,
    debug_header: falseForNow,
  },
  ['tls'],
);

const tcpListener = section(
  {
    name,
    listen: listenAddress,
    protocol: v.literal('tcp', 'must be http or tcp'),
    /** Only the connection limits and `idle_timeout` matter here. */
    limits: v.optional(limits, {}),
    to: name,
    proxy_protocol: falseForNow,
  },
  ['tls'],
);

export const listener = v.variant('protocol', [httpListener, tcpListener], 'must be http or tcp');

export type ListenerConfig = v.InferOutput<typeof listener>;
export type HttpListenerConfig = v.InferOutput<typeof httpListener>;
export type TcpListenerConfig = v.InferOutput<typeof tcpListener>;
export type RouteConfig = v.InferOutput<typeof route>;
/** Times in milliseconds, sizes in bytes. */
export type ListenerLimits = v.InferOutput<typeof limits>;
