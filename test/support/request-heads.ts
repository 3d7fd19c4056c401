/** Request heads as a connection reads them, for tests of what becomes of each part. */
import { compileInterests } from '../../sidecar/http1/interests.ts';
import { RequestHead, readRequestHead } from '../../sidecar/http1/request-head.ts';

export interface ReadOptions {
  readonly trusted?: boolean;
  readonly interests?: readonly string[];
  readonly maxHeaders?: number;
}

export const HOST = 'Host: example.org\r\n';

/** `wire` without its blank line. */
export function read(wire: string, { trusted = false, interests = [], maxHeaders = 200 }: ReadOptions = {}) {
  const head = new RequestHead();
  const verdict = readRequestHead(`${wire}\r\n`, head, compileInterests(interests), trusted, { maxHeaders });
  return { verdict, head };
}

export const readGet = (fields: string, options?: ReadOptions) => read(`GET / HTTP/1.1\r\n${HOST}${fields}`, options);

export const readPost = (fields: string, version = 'HTTP/1.1') => read(`POST / ${version}\r\n${HOST}${fields}`);

/** What of the given fields goes upstream; throws where the head is refused. */
export function passed(fields: string, options?: ReadOptions): string {
  const { verdict, head } = readGet(fields, options);
  const start = `GET / HTTP/1.1\r\n${HOST}`;
  if (verdict !== 'ok' || !head.forwarded.startsWith(start)) throw new Error(`${verdict}: ${head.problem}`);
  return head.forwarded.slice(start.length);
}
