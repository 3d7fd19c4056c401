/** `listeners`: bound sockets with their protocol, limits and routes. */
import * as v from 'valibot';
import { about } from './about.ts';
import { choice } from './choice.ts';
import { hashKeyPart } from './cluster.ts';
import { durationBetween, flag, listenAddress, listOf, name, sizeBetween, text, wholeNumber } from './fields.ts';
import { requestHeaders, responseHeaders } from './header-edits.ts';
import { match } from './match.ts';
import { mirror } from './mirror.ts';
import { redirect, respond } from './own-answer.ts';
import { rewrite } from './rewrite.ts';
import { exactlyOneOf, isMapping, section } from './section.ts';
import { split, splitOverride, weightsFrom } from './split.ts';
import { stickyCookie } from './sticky-cookie.ts';

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
  max_json_body: about(
    'Largest request body that is held for a route’s `json` or a `json` key, as it comes on the wire.',
    v.optional(sizeBetween(KIB, KIB ** 2), '64KiB'),
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

const ENDS = ['to', 'split', 'redirect', 'respond'];
const LATER_ON_ROUTES = ['retry'];

const route = v.pipe(
  section(
    {
      name: about('For logs and metrics; without it its place in the list, `routes[0]`.', v.optional(name)),
      match: about('Conditions, all of which must hold; without any it matches every request.', v.optional(match, {})),
      to: about(
        'The cluster. A route ends in exactly one of `to`, `split`, `redirect` and `respond`.',
        v.optional(name),
      ),
      split: about('Several clusters with a share each.', v.optional(split)),
      split_key: about(
        'Parts of a request that decide its arm: the first that it carries. Without one, each request is drawn by itself.',
        v.optional(v.pipe(listOf(hashKeyPart, 'key parts'), v.minLength(1, 'must not be empty'))),
      ),
      split_seed: about(
        'Splits with one seed put a key at the same place; without it the name of the route.',
        v.optional(text),
      ),
      split_override: about('Where a request may name its arm: the name of its cluster.', v.optional(splitOverride)),
      weights_from: about(
        'Where weights are kept that may change at any time; the ones in `split` hold while there are none.',
        v.optional(weightsFrom),
      ),
      redirect: about('Answers with another place to go to.', v.optional(redirect)),
      respond: about('Answers by itself.', v.optional(respond)),
      rewrite: about('What the endpoint sees in place of the path and the host.', v.optional(rewrite)),
      request_headers: about('Changes to what the client has sent.', v.optional(requestHeaders)),
      response_headers: about(
        'Changes to the answer; not to those that tell why there is none.',
        v.optional(responseHeaders),
      ),
      timeout: about('Instead of the cluster’s `timeouts.request`.', v.optional(durationBetween(1, HOUR))),
      sticky_cookie: about('Keeps a client at one endpoint.', v.optional(stickyCookie)),
      mirror: about('Copies of requests for another cluster.', v.optional(mirror)),
    },
    LATER_ON_ROUTES,
  ),
  exactlyOneOf(ENDS),
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
