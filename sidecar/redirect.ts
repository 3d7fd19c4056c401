/** `redirect` → the Location of an answer. */
import { isIPv6 } from 'node:net';
import type { MatchConfig } from '../src/config/match.ts';
import type { RedirectConfig } from '../src/config/own-answer.ts';
import { hostName } from './http1/host.ts';
import type { RequestHead } from './http1/request-head.ts';
import { compilePathRewrite, withQuery } from './rewrite.ts';

/**
 * Gives the Location: with a host where the configuration or `match.host` has said which, otherwise a path. Without a
 * scheme of its own a host is written as `//host`, which keeps that of the client.
 */
export function compileRedirect(config: RedirectConfig, match: MatchConfig): (head: RequestHead) => string {
  const { scheme, host, port, strip_query: stripsQuery } = config;
  const hasHost = scheme !== undefined || host !== undefined || port !== undefined;
  const start = scheme === undefined ? '//' : `${scheme}://`;
  const end = port === undefined || port === defaultPort(scheme) ? '' : `:${port}`;
  const ownHost = host === undefined ? undefined : isIPv6(host) ? `[${host}]` : host;
  const rewritePath = compilePathRewrite(config, match.path_prefix);
  return (head) => {
    // `OPTIONS *` has no path.
    const path = head.target === '*' ? '/' : (rewritePath?.(head.path) ?? head.path);
    const target = stripsQuery ? path : withQuery(path, head.target === '*' ? '' : head.target.slice(head.path.length));
    return hasHost ? start + (ownHost ?? hostName(head.host)) + end + target : withinHost(target);
  };
}

function defaultPort(scheme: string | undefined): number | undefined {
  if (scheme === undefined) return undefined;
  return scheme === 'https' ? 443 : 80;
}

/** `//evil.example/` and `/\evil.example/` name another host to a browser (RFC 3986 section 4.2, WHATWG URL). */
function withinHost(target: string): string {
  let slashes = 0;
  while (target[slashes] === '/' || target[slashes] === '\\') slashes += 1;
  return slashes > 1 ? target.slice(slashes - 1).replace(/^\\/, '/') : target;
}
