/** The configuration as it may be shown: without what only the process should know. */
import type { Config } from './root.ts';

export const REDACTED = '(redacted)';

/** A copy of `config` for `GET /config` and logs: the Consul token and a password in its URL are replaced. */
export function redactConfig(config: Config): Config {
  const { consul } = config;
  if (consul === undefined) return config;
  return {
    ...config,
    consul: {
      ...consul,
      ...(consul.token === undefined ? {} : { token: REDACTED }),
      ...(consul.address === undefined ? {} : { address: withoutPassword(consul.address) }),
    },
  };
}

function withoutPassword(address: string): string {
  const url = URL.parse(address);
  if (url === null || (url.password === '' && url.username === '')) return address;
  url.username = '';
  url.password = '';
  return `${url.href} ${REDACTED}`;
}
