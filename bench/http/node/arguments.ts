/** What the proxies that are made of Node packages share: how they are started, and which instance serves a user. */
import type { IncomingMessage } from 'node:http';
import { murmur3 } from '../../../src/hash.ts';

export interface ProxyArguments {
  readonly port: number;
  readonly upstream: readonly number[];
}

/** `node proxy.ts PORT UPSTREAM_PORT...`. */
export function proxyArguments(): ProxyArguments {
  const [port, ...upstream] = process.argv.slice(2).map(Number);
  if (port === undefined || upstream.length === 0 || [port, ...upstream].some(Number.isNaN)) {
    throw new Error('takes the port to listen on and those of the upstream instances');
  }
  return { port, upstream };
}

/** Which of `count` instances: always the same one for a user. Cheaper than a ring, which these proxies go without. */
export function instanceOf({ headers }: IncomingMessage, count: number): number {
  const user = headers['x-user-id'];
  return murmur3(typeof user === 'string' ? user : '') % count;
}

/** With this connection's client added to whoever was named before. */
export function forwardedFor({ headers, socket }: IncomingMessage): string {
  const [before, client] = [headers['x-forwarded-for'], socket.remoteAddress ?? 'unknown'];
  return before === undefined ? client : `${String(before)}, ${client}`;
}
