/** `sticky_cookie` of a route, as requests carry it and answers set it. */
import type { StickyCookieConfig } from '../src/config/sticky-cookie.ts';
import type { Interests } from './http1/interests.ts';
import type { RequestHead } from './http1/request-head.ts';
import { cookieValue } from './query.ts';

export interface StickyCookie {
  /** What the client's cookie says, whatever that is; undefined where it has none. */
  read(head: RequestHead): string | undefined;
  /** The line that gives the client `value`, which must be of characters that a cookie may have. */
  setLine(value: string): string;
}

export function compileStickyCookie(config: StickyCookieConfig, interests: Interests): StickyCookie {
  const slot = interests.slotOf('cookie') ?? -1;
  const { name } = config;
  const attributes = attributesOf(config);
  return {
    read: (head) => cookieValue(head.values[slot] ?? '', name),
    setLine: (value) => `set-cookie: ${name}=${value}${attributes}\r\n`,
  };
}

const SAME_SITE = { strict: 'Strict', lax: 'Lax', none: 'None' } as const;

function attributesOf({ path, domain, max_age: maxAgeMs, ...config }: StickyCookieConfig): string {
  const parts = ['', `Path=${path}`];
  if (domain !== undefined) parts.push(`Domain=${domain}`);
  if (maxAgeMs !== undefined) parts.push(`Max-Age=${maxAgeMs / 1_000}`);
  if (config.secure) parts.push('Secure');
  if (config.http_only) parts.push('HttpOnly');
  parts.push(`SameSite=${SAME_SITE[config.same_site]}`);
  return parts.join('; ');
}
