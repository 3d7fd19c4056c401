/** What somebody asks to have explained: one request that is not made. */
import { bytesOf } from '../../src/hash.ts';

export interface Question {
  readonly method: string;
  /** `http://host:port/path?query`, the same without scheme, or a path. What follows a `#` is no part of a request. */
  readonly url: string;
  /** Lines such as `x-user-id: alice`. */
  readonly headers: readonly string[];
  /** The listener that is meant; undefined where the URL tells. */
  readonly listener: string | undefined;
  /** The address that the client connects from. */
  readonly client: string;
}

export const DEFAULT_CLIENT = '127.0.0.1';

/** The query of `/explain`: `url` once, `method`, `listener` and `client` at most once, `header` as often as needed. */
export function parseQuestion(query: string): Question | { readonly problem: string } {
  const given = new URLSearchParams(query);
  for (const name of new Set(given.keys())) {
    if (!NAMES.includes(name)) return { problem: `unknown parameter ${name}; there are ${NAMES.join(', ')}` };
    if (name !== 'header' && given.getAll(name).length > 1) return { problem: `${name} is given more than once` };
  }
  const url = given.get('url') ?? '';
  if (url === '') return { problem: 'url is missing, such as /explain?url=/users/42&header=x-user-id:+alice' };
  return {
    method: given.get('method') ?? 'GET',
    url,
    headers: given.getAll('header'),
    listener: given.get('listener') ?? undefined,
    client: given.get('client') ?? DEFAULT_CLIENT,
  };
}

const NAMES = ['url', 'method', 'header', 'listener', 'client'];

/** The query that {@link parseQuestion} reads back. */
export function formatQuestion({ method, url, headers, listener, client }: Question): string {
  const query = new URLSearchParams({ method, url, client });
  for (const header of headers) query.append('header', header);
  if (listener !== undefined) query.set('listener', listener);
  return query.toString();
}

export interface AskedUrl {
  /** `host:port` of the URL; empty for a bare path. */
  readonly authority: string;
  /** In origin form, as it stands: nothing is decoded, escaped or resolved. */
  readonly target: string;
}

export function splitUrl(url: string): AskedUrl {
  const text = url.split('#', 1)[0] ?? '';
  if (text.startsWith('/') || text === '*') return { authority: '', target: text };
  const rest = text.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '');
  const end = rest.search(/[/?]/);
  const target = end < 0 ? '/' : rest.slice(end);
  return { authority: end < 0 ? rest : rest.slice(0, end), target: target.startsWith('/') ? target : `/${target}` };
}

/** The head as it would arrive, one character an octet. A Host among the headers counts instead of `host`. */
export function headText({ method, headers }: Question, target: string, host: string): string {
  const named = headers.some((header) => /^host[ \t]*:/i.test(header));
  const lines = [`${method} ${target} HTTP/1.1`, ...(named ? [] : [`host: ${host}`]), ...headers, '', ''];
  return bytesOf(lines.join('\r\n'));
}
