/** One instance of the `users` service that the demo balances over: it answers who it is and who it was asked for. */
import { createServer } from 'node:http';
import { LOOPBACK } from './plan.ts';

export interface InstanceOptions {
  readonly id: string;
  readonly port: number;
}

/** The answer to everything but `/health`. */
export interface InstanceAnswer {
  readonly instance: string;
  readonly user: string | null;
}

/** Resolves after SIGTERM or SIGINT; rejects when the port cannot be bound. */
export async function runInstance({ id, port }: InstanceOptions): Promise<void> {
  const server = createServer((request, response) => {
    const user = request.headers['x-user-id'];
    const answer: InstanceAnswer = { instance: id, user: typeof user === 'string' ? user : null };
    const body = request.url === '/health' ? '{"healthy":true}\n' : `${JSON.stringify(answer)}\n`;
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    response.end(body);
    request.resume();
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.on('error', reject);
  const stop = (): void => {
    server.close(() => resolve());
    server.closeAllConnections();
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
  server.listen({ host: LOOPBACK, port });
  await promise.finally(() => process.off('SIGTERM', stop).off('SIGINT', stop));
}
