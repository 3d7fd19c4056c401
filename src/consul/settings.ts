/** How to reach Consul: the configuration's words first, then the environment variables that the consul CLI reads. */
import type { ConsulConfig } from '../config/root.ts';

export interface ConsulSettings {
  /** Origin without a path: `http://127.0.0.1:8500`. A placeholder host where `socketPath` is set. */
  readonly origin: string;
  /** Before every request path; empty for most. Never ends in a slash. */
  readonly pathPrefix: string;
  /** A unix socket to use in place of the host of `origin`. */
  readonly socketPath: string | undefined;
  /** Used where there is no token file, or the file is empty. */
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
  /** Of queries that name none; the agent's own when undefined. */
  readonly datacenter: string | undefined;
  readonly tls: ConsulTls;
}

/** Files, not contents: they are read for each connection, so a rotated certificate needs no restart. */
export interface ConsulTls {
  readonly caFile: string | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly serverName: string | undefined;
  readonly verify: boolean;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_ADDRESS = '127.0.0.1:8500';

/** Throws an `Error` that names the variable or key when one of them cannot be understood. */
export function consulSettings(config: ConsulConfig | undefined, env: Environment): ConsulSettings {
  const secure = flag(env, 'CONSUL_HTTP_SSL', false);
  const address = config?.address ?? variable(env, 'CONSUL_HTTP_ADDR') ?? DEFAULT_ADDRESS;
  return {
    ...parseAddress(address, config?.address === undefined && secure),
    ...tokenOf(config, env),
    datacenter: config?.datacenter,
    tls: {
      caFile: config?.tls?.ca_file ?? variable(env, 'CONSUL_CACERT'),
      certFile: config?.tls?.cert_file ?? variable(env, 'CONSUL_CLIENT_CERT'),
      keyFile: config?.tls?.key_file ?? variable(env, 'CONSUL_CLIENT_KEY'),
      serverName: config?.tls?.server_name ?? variable(env, 'CONSUL_TLS_SERVER_NAME'),
      verify: flag(env, 'CONSUL_HTTP_SSL_VERIFY', true),
    },
  };
}

/** A token in the configuration hides every token of the environment; within one of them a file goes before a text. */
function tokenOf(config: ConsulConfig | undefined, env: Environment): Pick<ConsulSettings, 'token' | 'tokenFile'> {
  if (config?.token !== undefined || config?.token_file !== undefined) {
    return { token: config.token, tokenFile: config.token_file };
  }
  return { token: variable(env, 'CONSUL_HTTP_TOKEN'), tokenFile: variable(env, 'CONSUL_HTTP_TOKEN_FILE') };
}

/** `host:port`, `http://…`, `https://…` or `unix:///path`, as the CLI takes them. */
function parseAddress(address: string, secure: boolean): Pick<ConsulSettings, 'origin' | 'pathPrefix' | 'socketPath'> {
  if (address.startsWith('unix://')) {
    return { origin: 'http://localhost', pathPrefix: '', socketPath: address.slice('unix://'.length) };
  }
  const url = URL.parse(address.includes('://') ? address : `http://${address}`);
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '') {
    throw new Error(`the address of consul must be host:port or a URL, found ${JSON.stringify(address)}`);
  }
  const origin = secure ? url.origin.replace(/^http:/, 'https:') : url.origin;
  return { origin, pathPrefix: url.pathname.replace(/\/+$/, ''), socketPath: undefined };
}

function variable(env: Environment, name: string): string | undefined {
  const value = env[name];
  return value === undefined || value === '' ? undefined : value;
}

/** The words that the CLI (Go's strconv.ParseBool) takes for true and false. */
function flag(env: Environment, name: string, otherwise: boolean): boolean {
  const value = variable(env, name);
  if (value === undefined) return otherwise;
  if (/^(1|t|T|true|TRUE|True)$/.test(value)) return true;
  if (/^(0|f|F|false|FALSE|False)$/.test(value)) return false;
  throw new Error(`${name} must be true or false, found ${JSON.stringify(value)}`);
}
