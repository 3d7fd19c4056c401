/** The whole configuration: one schema from which types, messages, documentation and the JSON schema come. */
import * as v from 'valibot';
import { cluster } from './cluster.ts';
import { dns } from './dns.ts';
import { duration, durationBetween, host, listenAddress, name, port, text } from './fields.ts';
import { listener } from './listener.ts';
import { section } from './section.ts';

const url = v.pipe(
  v.string('must be a URL'),
  v.check(isHttpUrl, 'must be an http or https URL, such as http://127.0.0.1:8500'),
);

function isHttpUrl(value: string): boolean {
  const parsed = URL.parse(value);
  return parsed !== null && (parsed.protocol === 'http:' || parsed.protocol === 'https:');
}

const consul = v.pipe(
  section({
    address: v.optional(url),
    token: v.optional(text),
    /** Read again when it changes. */
    token_file: v.optional(text),
    datacenter: v.optional(text),
    tls: v.optional(
      section({
        ca_file: v.optional(text),
        cert_file: v.optional(text),
        key_file: v.optional(text),
        server_name: v.optional(text),
      }),
    ),
  }),
  v.check((it) => it.token === undefined || it.token_file === undefined, 'must not have both token and token_file'),
);

const register = section({
  service: text,
  address: host,
  port,
  /** Default: `<service>-<address>-<port>`. */
  id: v.optional(text),
  tags: v.optional(v.array(text, 'must be a list of tags'), []),
  check: v.optional(
    section({
      interval: v.optional(durationBetween(100, 600_000, 'must be from 100ms to 10m'), '1s'),
      timeout: v.optional(durationBetween(100, 60_000, 'must be from 100ms to 1m'), '1s'),
    }),
    {},
  ),
});

/** An address or an address block, as `net.BlockList` takes it. */
const block = v.pipe(
  v.string('must be an address block'),
  v.regex(/^[0-9a-fA-F:.]+(\/\d{1,3})?$/, 'must be an address or a block such as 10.0.0.0/8'),
);

export const configSchema = section({
  consul: v.optional(consul),
  admin: v.optional(section({ listen: listenAddress }, ['token_file'])),
  status: v.optional(section({ listen: listenAddress })),
  log: v.optional(
    section({
      level: v.optional(v.picklist(['debug', 'info', 'warn', 'error'], 'must be debug, info, warn or error'), 'info'),
      access: v.optional(v.picklist(['all', 'errors', 'off'], 'must be all, errors or off'), 'all'),
    }),
    {},
  ),
  workers: v.optional(v.literal(1, 'more than one worker is not supported yet'), 1),
  snapshot_dir: v.optional(text),
  drain: v.optional(section({ delay: v.optional(duration, '0s'), grace: v.optional(duration, '30s') }), {}),
  trusted_proxies: v.optional(v.array(block, 'must be a list of address blocks'), []),
  register: v.optional(register),
  listeners: v.optional(v.array(listener, 'must be a list of listeners'), []),
  clusters: v.optional(v.record(name, cluster, 'must be a mapping of cluster names'), {}),
  dns: v.optional(dns),
});

/** Times in milliseconds, sizes in bytes, ratios in 0…1. Defaults are filled in. */
export type Config = v.InferOutput<typeof configSchema>;
export type ConsulConfig = NonNullable<Config['consul']>;
export type RegisterConfig = NonNullable<Config['register']>;
