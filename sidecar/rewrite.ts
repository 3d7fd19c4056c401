/** Another path in place of a request's own: for the endpoint, or for the client to go to. */
import type { RewriteConfig } from '../src/config/rewrite.ts';
import { type PathTemplate, parsePathTemplate } from '../src/path-template.ts';
import { type Pattern, validPattern } from '../src/pattern/pattern.ts';

/** A longer path is not looked through for groups, which takes time for each step of the pattern. */
const MAX_REWRITTEN_PATH = 8_192;

/** The longest path that a route with this `rewrite` takes. */
export function longestPath(rewrite: RewriteConfig | undefined): number {
  const regex = rewrite?.regex;
  if (regex === undefined) return Number.POSITIVE_INFINITY;
  return Math.min(validPattern(regex.pattern).longestFind, MAX_REWRITTEN_PATH);
}

/** The new path, which begins with `/` and may have a query. Only for paths up to {@link longestPath}. */
export type PathRewrite = (path: string) => string;

/** `prefix` is `match.path_prefix`. Undefined where the path stays. */
export function compilePathRewrite(
  rewrite: Pick<RewriteConfig, 'path' | 'prefix' | 'regex'>,
  prefix: string | undefined,
): PathRewrite | undefined {
  const { path, regex } = rewrite;
  if (path !== undefined) return () => path;
  if (regex !== undefined) return byPattern(validPattern(regex.pattern), parsePathTemplate(regex.replace) ?? []);
  return rewrite.prefix === undefined ? undefined : byPrefix(prefix ?? '/', rewrite.prefix);
}

/** Segments in place of segments: `/api/x` becomes `/v2/x`, also where one of the two ends with a slash. */
function byPrefix(from: string, to: string): PathRewrite {
  const length = withoutSlash(from).length;
  const start = withoutSlash(to);
  return (path) => {
    const rest = path.slice(length);
    if (rest === '') return to;
    return rest === '/' && start !== to ? to : start + rest;
  };
}

function byPattern(pattern: Pattern, template: PathTemplate): PathRewrite {
  return (path) => {
    const found = pattern.test(path) ? pattern.find(path) : undefined;
    if (found === undefined) return path;
    const group = (n: number): string => path.slice(Math.max(found[n * 2] ?? 0, 0), Math.max(found[n * 2 + 1] ?? 0, 0));
    const middle = template.map((part) => (typeof part === 'number' ? group(part) : part)).join('');
    const whole = path.slice(0, found[0]) + middle + path.slice(found[1]);
    return whole.startsWith('/') ? whole : `/${whole}`;
  };
}

function withoutSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path;
}

/** `path`, which may have a query by now, and behind it the query of the request, `?` included, or nothing. */
export function withQuery(path: string, query: string): string {
  return query !== '' && path.includes('?') ? `${path}&${query.slice(1)}` : path + query;
}
