/** `listeners`: bound sockets with their protocol, limits and routes. */
import * as v from 'valibot';
import { about } from './about.ts';
import { choice } from './choice.ts';
import { durationBetween, flag, listenAddress, listOf, name, sizeBetween, wholeNumber } from './fields.ts';
import { match } from './match.ts';
import { isMapping, section } from './section.ts';

const HOUR = 3_600_000;
const KIB = 1_024;
const patience = durationBetween(100, HOUR);
const connections = wholeNumber(1, 1_000_000);

const limits = section({
  head_timeout: about(
    'For a request head to be complete, and for a PROXY protocol header before it.',
    v.optional(patience, '10s'),
  ),
  idle_timeout: about('Silence of the client, and how long a kept connection waits.', v.optional(patience, '60s')),
  min_body_rate: about(
    'Slowest request body, per second, judged over spans of 5 s; `0B` turns it off.',
    v.optional(sizeBetween(0, KIB ** 3), '240B'),
  ),
  max_head: about('Largest request head.', v.optional(sizeBetween(KIB, KIB ** 2), '64KiB')),
  max_headers: about('Most header fields of a request.', v.optional(wholeNumber(1, 10_000), 200)),
  max_connections: about('Most open connections.', v.optional(connections, 10_000)),
  max_connections_per_client: about('Most open connections of one client address.', v.optional(connections, 1_000)),
  max_requests_per_connection: about(
    'The answer to the last of them carries `Connection: close`.',
    v.optional(wholeNumber(1, 1_000_000_000), 10_000),
  ),
});

const INSTEAD_OF_TO = ['split', 'redirect', 'respond'];

const route = section(
  {
    name: about('For logs and metrics; without it its place in the list, `routes[0]`.', v.optional(name)),
    match: about('Conditions, all of which must hold; without any it matches every request.', v.optional(match, {})),
    to: about('The cluster.', name),
    timeout: about('Instead of the cluster’s `timeouts.request`.', v.optional(durationBetween(1, HOUR))),
  },
  [...INSTEAD_OF_TO, 'split_key', 'rewrite', 'request_headers', 'response_headers', 'mirror', 'retry', 'sticky_cookie'],
  { standIns: { to: INSTEAD_OF_TO } },
);

const PROTOCOL_HINT = 'must be http or tcp';

const nameField = about('For logs, metrics and problems; unique.', name);
const listenField = about('Where it accepts connections; unique.', listenAddress);
const proxyProtocolField = about(
  'Each connection must begin with a PROXY protocol header, v1 or v2, which names the client; only `trusted_proxies` may connect.',
  v.optional(flag, false),
);

const httpListener = v.pipe(
  section(
    {
      name: nameField,
      listen: listenField,
      protocol: about('`http` for HTTP/1.1.', v.literal('http', PROTOCOL_HINT)),
      limits: about('What clients may ask of it.', v.optional(limits, {})),
      routes: about(
        'From requests to clusters; the first that matches wins.',
        v.pipe(listOf(route, 'routes'), v.minLength(1, 'must have at least one route')),
      ),
      proxy_protocol: proxyProtocolField,
      debug_header: about(
        'Answers to callers in `trusted_proxies` say in `x-outrigger-explain` why the request went where it went.',
        v.optional(flag, false),
      ),
    },
    ['tls'],
  ),
  v.title('http listener'),
);

const tcpListener = v.pipe(
  section(
    {
      name: nameField,
      listen: listenField,
      protocol: about('`tcp` for any bytes.', v.literal('tcp', PROTOCOL_HINT)),
      limits: about(
        'As above; only `idle_timeout`, `max_connections`, `max_connections_per_client` and, for the PROXY protocol header, `head_timeout` matter here.',
        v.optional(limits, {}),
      ),
      to: about('The cluster.', name),
      proxy_protocol: proxyProtocolField,
    },
    ['tls'],
  ),
  v.title('tcp listener'),
);

/** Without a protocol that is known, `to` at the top tells a tcp listener: an http one has it in its routes. */
export const listener = choice([httpListener, tcpListener], (input) => {
  if (!isMapping(input)) return httpListener;
  if (input['protocol'] === 'http') return httpListener;
  return input['protocol'] === 'tcp' || ('to' in input && !('routes' in input)) ? tcpListener : httpListener;
});

export type ListenerConfig = v.InferOutput<typeof listener>;
export type HttpListenerConfig = v.InferOutput<typeof httpListener>;
export type TcpListenerConfig = v.InferOutput<typeof tcpListener>;
export type RouteConfig = v.InferOutput<typeof route>;

/** Times in milliseconds, sizes in bytes. */
export type ListenerLimits = v.InferOutput<typeof limits>;
