/** Secrets of sticky cookies: from the configuration, from a file, or made here for as long as the process lives. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ListenerConfig } from '../../src/config/listener.ts';
import type { Config } from '../../src/config/root.ts';
import type { StickyCookieConfig } from '../../src/config/sticky-cookie.ts';
import type { Log } from '../../src/io/log.ts';
import { routeName } from '../route.ts';

const MIN_SECRET_BYTES = 16;

export interface StickySecretOptions {
  /** Folder that relative file names are relative to. */
  readonly baseDir: string;
  readonly log: Pick<Log, 'warn'>;
  /** For routes without a secret of their own; the same from reload to reload. Asked for only where there is one. */
  readonly processSecret: () => string;
}

/** One secret that cannot be guessed and dies with the process; made when it is first asked for. */
export function newProcessSecret(): () => string {
  let secret = '';
  return () => {
    if (secret === '') secret = randomBytes(32).toString('base64url');
    return secret;
  };
}

/** `config` with a secret in each `sticky_cookie`. Throws where a file cannot be read or holds too little. */
export function withStickySecrets(config: Config, options: StickySecretOptions): Config {
  return { ...config, listeners: config.listeners.map((listener) => withSecrets(listener, options)) };
}

function withSecrets(listener: ListenerConfig, options: StickySecretOptions): ListenerConfig {
  if (listener.protocol !== 'http') return listener;
  const routes = listener.routes.map((route, i) => {
    const { sticky_cookie: cookie } = route;
    if (cookie === undefined) return route;
    const place = { listener: listener.name, route: routeName(route, i) };
    return { ...route, sticky_cookie: { ...cookie, secret: secretOf(cookie, place, options) } };
  });
  return { ...listener, routes };
}

function secretOf(
  cookie: StickyCookieConfig,
  place: Readonly<Record<string, string>>,
  { baseDir, log, processSecret }: StickySecretOptions,
): string {
  if (cookie.secret !== undefined) return cookie.secret;
  if (cookie.secret_file !== undefined) return readSecret(resolve(baseDir, cookie.secret_file));
  log.warn(
    { ...place, cookie: cookie.name },
    'sticky_cookie has no secret: its cookies mean nothing to other processes, and nothing after a restart',
  );
  return processSecret();
}

/** Throws where a file cannot be read or holds too little. */
export function readSecret(file: string): string {
  let secret: string;
  try {
    secret = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new Error(`the secret of a sticky_cookie cannot be read from ${file}`, { cause });
  }
  if (Buffer.byteLength(secret) >= MIN_SECRET_BYTES) return secret;
  throw new Error(`${file} must hold a secret of at least ${MIN_SECRET_BYTES} bytes`);
}
