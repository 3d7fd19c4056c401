/** The whole configuration: one schema from which types, messages, documentation and the JSON schema come. */
import * as v from 'valibot';
import { about } from './about.ts';
import { cluster } from './cluster.ts';
import { dns } from './dns.ts';
import { addressBlock, durationBetween, host, listenAddress, listOf, name, port, text, wholeNumber } from './fields.ts';
import { leader, vip } from './leader.ts';
import { listener } from './listener.ts';
import { mapping } from './mapping.ts';
import { isMapping, section } from './section.ts';

const url = v.pipe(
  v.string('must be a URL'),
  v.metadata({ title: 'URL', examples: ['http://127.0.0.1:8500'] }),
  v.check(isHttpUrl, 'must be an http or https URL, such as http://127.0.0.1:8500'),
);

function isHttpUrl(value: string): boolean {
  const parsed = URL.parse(value);
  return parsed !== null && (parsed.protocol === 'http:' || parsed.protocol === 'https:');
}

const consulTls = section({
  ca_file: about('PEM file of the authority that signed the agent’s certificate.', v.optional(text)),
  cert_file: about('PEM file of our own certificate; goes with `key_file`.', v.optional(text)),
  key_file: about('PEM file of its key.', v.optional(text)),
  server_name: about('The name to expect in the agent’s certificate.', v.optional(text)),
});

const consul = v.pipe(
  section({
    address: about('The agent; without it `CONSUL_HTTP_ADDR`, or else `http://127.0.0.1:8500`.', v.optional(url)),
    token: about('ACL token; without it `CONSUL_HTTP_TOKEN`. Better kept in a file.', v.optional(text)),
    token_file: about('File that holds the token; read again when it changes.', v.optional(text)),
    datacenter: about('Datacenter to ask; without it the agent’s own.', v.optional(text)),
    tls: about('Certificates; without them `CONSUL_CACERT` and the like.', v.optional(consulTls)),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    const value: unknown = dataset.value;
    const both = isMapping(value) && value['token'] !== undefined && value['token_file'] !== undefined;
    if (both) addIssue({ message: 'must not have both token and token_file' });
  }),
);

const registerCheck = section({
  interval: about('How often Consul asks our status address.', v.optional(durationBetween(100, 600_000), '1s')),
  timeout: about('How long it waits for an answer.', v.optional(durationBetween(100, 60_000), '1s')),
});

const register = section({
  service: about('The name of the service.', text),
  address: about('The address that others reach this process at.', host),
  port: about('The port of it.', port),
  id: about('The id of the instance; without it `<service>-<address>-<port>`.', v.optional(text)),
  tags: about('Tags of the instance.', v.optional(listOf(text, 'tags'), [])),
  check: about('How Consul checks it.', v.optional(registerCheck, {})),
});

const log = section({
  level: about(
    'The least important lines to write.',
    v.optional(v.picklist(['debug', 'info', 'warn', 'error'], 'must be debug, info, warn or error'), 'info'),
  ),
  access: about(
    'Which requests get a line: all, those that failed here or upstream, or none.',
    v.optional(v.picklist(['all', 'errors', 'off'], 'must be all, errors or off'), 'all'),
  ),
});

const workers = v.union(
  [wholeNumber(1, 64), v.pipe(v.literal('auto'), v.title('`auto`'))],
  'must be a whole number from 1 to 64, or auto',
);

const DAY = 86_400_000;

export const configSchema = section({
  consul: about('The Consul agent.', v.optional(consul)),
  admin: about(
    'Everything a person or a tool may ask of the process.',
    v.optional(section({ listen: about('A loopback address or a unix socket.', listenAddress) }, ['token_file'])),
  ),
  status: about(
    '`/live`, `/ready`, `/startup` and `/metrics` only, for others on the network.',
    v.optional(section({ listen: about('Where it answers.', listenAddress) })),
  ),
  log: about('What is logged.', v.optional(log, {})),
  workers: about(
    'Threads that serve the listeners, or answer queries; `auto` is one for each core that the process may use.',
    v.optional(workers, 1),
  ),
  snapshot_dir: about(
    'Folder for the last good endpoints and answers, for a start without Consul. One for each process.',
    v.optional(text),
  ),
  drain: about(
    'What SIGTERM and `outrigger drain` do.',
    v.optional(
      section({
        delay: about(
          'From not being ready to accepting no more, for others to notice: where a name answers with this process, its largest TTL and 2 s.',
          v.optional(durationBetween(0, DAY), '0s'),
        ),
        grace: about('For what runs to finish; what is left is cut.', v.optional(durationBetween(0, DAY), '30s')),
      }),
      {},
    ),
  ),
  trusted_proxies: about(
    'Whose `X-Forwarded-*` headers and PROXY protocol headers are believed.',
    v.optional(listOf(addressBlock, 'address blocks'), []),
  ),
  register: about(
    'This process as a service in Consul: in maintenance mode from the moment a drain begins, and gone a second later. Needs `status`.',
    v.optional(register),
  ),
  leader: about('One leader among the processes that name the same lock in Consul.', v.optional(leader)),
  vip: about(
    'A virtual IP address that the leader owns. Needs `leader`, CAP_NET_ADMIN, CAP_NET_RAW, and `ip` and `arping` on PATH.',
    v.optional(vip),
  ),
  listeners: about('Bound sockets, http or tcp.', v.optional(listOf(listener, 'listeners'), [])),
  clusters: about(
    'Names with a service each.',
    v.optional(mapping(name, cluster, 'must be a mapping of names to clusters'), {}),
  ),
  dns: about('The name server.', v.optional(dns)),
});

/** Times in milliseconds, sizes in bytes, ratios in 0…1. Defaults are filled in. */
export type Config = v.InferOutput<typeof configSchema>;
export type ConsulConfig = NonNullable<Config['consul']>;
export type RegisterConfig = NonNullable<Config['register']>;
export type LeaderConfig = NonNullable<Config['leader']>;
export type VipConfig = NonNullable<Config['vip']>;
