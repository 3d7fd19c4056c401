/** What somebody asks to have explained: one request that is not made. */
import { bytesOf } from '../../src/hash.ts';

export interface Question {
  readonly method: string;
  /** `http://host:port/path?query`, the same without scheme, or a path. What follows a `#` is no part of a request. */
  readonly url: string;
  /** Lines such as `x-user-id: alice`. */
  readonly headers: readonly string[];
  /** Undefined where it has none. */
  readonly body: string | undefined;
  /** The listener that is meant; undefined where the URL tells. */
  readonly listener: string | undefined;
  /** The address that the client connects from. */
  readonly client: string;
}

const DEFAULT_CLIENT = '127.0.0.1';

/** Bytes of a body in the query of `/explain`, which takes three characters for one of them and must fit into a head. */
const MAX_ASKED_BODY = 2_048;

/** The query of `/explain`: `url` once, `header` as often as needed, the others at most once. */
export function parseQuestion(query: string): Question | { readonly problem: string } {
  const given = new URLSearchParams(query);
  for (const name of new Set(given.keys())) {
    if (!NAMES.includes(name)) return { problem: `unknown parameter ${name}; there are ${NAMES.join(', ')}` };
    if (name !== 'header' && given.getAll(name).length > 1) return { problem: `${name} is given more than once` };
  }
  const body = given.get('body') ?? undefined;
  if (body !== undefined && Buffer.byteLength(body) > MAX_ASKED_BODY) {
    return { problem: `body has more than ${MAX_ASKED_BODY} bytes: explain from the configuration file` };
  }
  const url = given.get('url') ?? '';
  if (url === '') return { problem: 'url is missing, such as /explain?url=/users/42&header=x-user-id:+alice' };
  return {
    method: given.get('method') ?? defaultMethod(body),
    url,
    headers: given.getAll('header'),
    body,
    listener: given.get('listener') ?? undefined,
    client: given.get('client') ?? DEFAULT_CLIENT,
  };
}

const NAMES = ['url', 'method', 'header', 'body', 'listener', 'client'];

/** As that of curl. */
export function defaultMethod(body: string | undefined): string {
  return body === undefined ? 'GET' : 'POST';
}

/** The query that {@link parseQuestion} reads back. */
export function formatQuestion({ method, url, headers, body, listener, client }: Question): string {
  const query = new URLSearchParams({ method, url, client });
  for (const header of headers) query.append('header', header);
  if (body !== undefined) query.set('body', body);
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
export function headText({ method, headers, body }: Question, target: string, host: string): string {
  const named = headers.some((header) => /^host[ \t]*:/i.test(header));
  const own = [...(named ? [] : [`host: ${host}`]), ...headers, ...bodyLines(headers, body)];
  const lines = [`${method} ${target} HTTP/1.1`, ...own, '', ''];
  return bytesOf(lines.join('\r\n'));
}

const LENGTH = /^content-length[ \t]*:[ \t]*(.*?)[ \t]*$/i;

/** What is said of a body by whoever sends one: how long it is, and that it is JSON, as nothing else of bodies is read. */
function bodyLines(headers: readonly string[], body: string | undefined): readonly string[] {
  if (body === undefined) return [];
  const has = (name: RegExp): boolean => headers.some((header) => name.test(header));
  return [
    ...(has(/^content-type[ \t]*:/i) ? [] : ['content-type: application/json']),
    ...(has(LENGTH) || has(/^transfer-encoding[ \t]*:/i) ? [] : [`content-length: ${Buffer.byteLength(body)}`]),
  ];
}

/** Why nobody could send such a request, in one sentence; undefined where it can be read, and perhaps refused. */
export function questionProblem({ method, url, headers, body }: Question): string | undefined {
  if (/[\r\n]/.test([method, url, ...headers].join('')))
    return 'a line break is no part of a method, a URL or a header';
  if (body === undefined) return undefined;
  const bytes = Buffer.byteLength(body);
  const wrong = headers.map((header) => LENGTH.exec(header)?.[1]).find((it) => it !== undefined && it !== `${bytes}`);
  return wrong === undefined ? undefined : `content-length is ${wrong}, and the body has ${bytes} bytes`;
}
