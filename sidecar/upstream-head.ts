/** The head that goes upstream: the client's, and what we add to it. */
import type { RequestHead } from './http1/request-head.ts';

/** RFC 9110 section 7.6.3: a gateway names itself in each request it forwards. */
const VIA = 'via: 1.1 outrigger\r\n';

/** Lines that say where a request came from, for a peer whose own words do not count. */
export function originOf(peer: string, host: string): string {
  const rest = `x-forwarded-proto: http\r\nx-forwarded-host: ${host}\r\n`;
  // A unix socket has no address to tell.
  return peer === '' ? rest + VIA : `x-forwarded-for: ${peer}\r\n${rest}x-real-ip: ${peer}\r\n${VIA}`;
}

/** The same for a trusted peer: its chain grows by one, and its own words stay where it has spoken. */
export function trustedOrigin(peer: string, client: string, head: RequestHead): string {
  const chain = head.forwardedFor === '' ? peer : `${head.forwardedFor}, ${peer}`;
  const missing = (name: string, value: string): string =>
    new RegExp(`\r\n${name}:`, 'i').test(head.forwarded) ? '' : `${name}: ${value}\r\n`;
  return (
    `x-forwarded-for: ${chain}\r\n${missing('x-forwarded-proto', 'http')}` +
    `${missing('x-forwarded-host', head.host)}${missing('x-real-ip', client)}${VIA}`
  );
}

/**
 * Request line, fields and blank line. `origin` is one of the two above; `requestId` is empty where the client's own
 * is among its fields already; `forwarded` is `head.forwarded` as the route wants it.
 */
export function formatUpstreamHead(
  head: RequestHead,
  origin: string,
  requestId: string,
  forwarded = head.forwarded,
): string {
  let text = forwarded + origin;
  if (requestId !== '') text += `x-request-id: ${requestId}\r\n`;
  if (head.chunked) text += 'transfer-encoding: chunked\r\n';
  else if (head.contentLength >= 0) text += `content-length: ${head.contentLength}\r\n`;
  if (head.upgrade !== '') text += `connection: upgrade\r\nupgrade: ${head.upgrade}\r\n`;
  else if (head.acceptsTrailers) text += 'connection: te\r\nte: trailers\r\n';
  if (head.maxForwards > 0 && (head.method === 'OPTIONS' || head.method === 'TRACE')) {
    text += `max-forwards: ${head.maxForwards - 1}\r\n`;
  }
  return `${text}\r\n`;
}

/** RFC 9110 section 9.2.2. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

export function isIdempotent(method: string): boolean {
  return method === 'GET' || IDEMPOTENT.has(method);
}
