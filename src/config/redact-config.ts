/** The configuration as it may be shown: without what only the process should know. */
import type { ListenerConfig, RouteConfig } from './listener.ts';
import type { Config, ConsulConfig } from './root.ts';

export const REDACTED = '(redacted)';

/**
 * A copy of `config` for `GET /config` and logs: the Consul token, a password in its URL and the secrets of cookies are
 * replaced.
 */
export function redactConfig(config: Config): Config {
  const { consul, listeners, dns } = config;
  return {
    ...config,
    listeners: listeners.map(redactListener),
    ...(consul === undefined ? {} : { consul: redactConsul(consul) }),
    ...(dns?.cookies.secret === undefined ? {} : { dns: { ...dns, cookies: { secret: REDACTED } } }),
  };
}

function redactConsul(consul: ConsulConfig): ConsulConfig {
  return {
    ...consul,
    ...(consul.token === undefined ? {} : { token: REDACTED }),
    ...(consul.address === undefined ? {} : { address: withoutPassword(consul.address) }),
  };
}

function redactListener(listener: ListenerConfig): ListenerConfig {
  return listener.protocol === 'http' ? { ...listener, routes: listener.routes.map(redactRoute) } : listener;
}

function redactRoute(route: RouteConfig): RouteConfig {
  const { sticky_cookie: cookie } = route;
  return cookie?.secret === undefined ? route : { ...route, sticky_cookie: { ...cookie, secret: REDACTED } };
}

function withoutPassword(address: string): string {
  const url = URL.parse(address);
  if (url === null || (url.password === '' && url.username === '')) return address;
  url.username = '';
  url.password = '';
  return `${url.href} ${REDACTED}`;
}
