/** What a route changes of a request on its way to the endpoint: path, host and fields. */
import type { RouteConfig } from '../src/config/listener.ts';
import { compileHeaderEdits, editFields } from './header-edits.ts';
import type { RequestHead } from './http1/request-head.ts';
import { compilePathRewrite, withQuery } from './rewrite.ts';

/** The text that goes upstream in place of `head.forwarded`. */
export type RequestEdit = (head: RequestHead) => string;

const NONE = { set: {}, add: {}, remove: [] };

/** Undefined for a route that changes nothing, which then costs nothing. */
export function compileRequestEdit({ match, rewrite, request_headers }: RouteConfig): RequestEdit | undefined {
  const rewritePath = rewrite && compilePathRewrite(rewrite, match.path_prefix);
  const host = rewrite?.host;
  const edits =
    request_headers === undefined && host === undefined
      ? undefined
      : compileHeaderEdits(
          request_headers ?? NONE,
          host === undefined ? '' : `host: ${host}\r\n`,
          host === undefined ? [] : ['host'],
        );
  if (rewritePath === undefined && edits === undefined) return undefined;
  return (head) => {
    let text = head.forwarded;
    // `OPTIONS *` has no path.
    if (rewritePath !== undefined && head.target !== '*') {
      const target = withQuery(rewritePath(head.path), head.target.slice(head.path.length));
      text = `${head.method} ${target} HTTP/1.1\r\n${text.slice(text.indexOf('\r\n') + 2)}`;
    }
    return edits === undefined ? text : editFields(text, edits);
  };
}
