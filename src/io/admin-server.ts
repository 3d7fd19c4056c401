/** One strict and bounded HTTP server over a table of admin paths. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { isAddressHost, isCrossOrigin } from '../same-machine-guard.ts';
import { type AdminChange, type AdminPath, type AdminReply, type AdminTable, json } from './admin-table.ts';
import type { Log } from './log.ts';
import type { ProcessMetrics } from './process-metrics.ts';
import { type BodyFailure, readBody } from './request-body.ts';
import type { AdminView } from './running-house.ts';

export interface AdminServerOptions {
  readonly paths: AdminTable;
  readonly view: AdminView;
  readonly metrics: ProcessMetrics;
  readonly log: Log;
  /** Refuse a Host that is a DNS name: for an address that only this machine reaches. */
  readonly addressHostOnly: boolean;
  /** Silence after which a connection is closed, in milliseconds; a test makes it short. */
  readonly idleMs?: number;
}

const IDLE_MS = 10_000;
const MAX_CONNECTIONS = 128;
const MAX_BODY_BYTES = 16_384;

/** A server that is not listening yet. Its `error` events are logged from the first moment on. */
export function createAdminServer(options: AdminServerOptions): Server {
  const idleMs = options.idleMs ?? IDLE_MS;
  const server = createServer({
    maxHeaderSize: 8_192,
    headersTimeout: idleMs,
    requestTimeout: idleMs,
    keepAliveTimeout: idleMs / 2,
    connectionsCheckingInterval: Math.min(1_000, idleMs),
  });
  server.timeout = idleMs;
  server.maxConnections = MAX_CONNECTIONS;
  server.maxHeadersCount = 64;
  server.on('error', (error) => options.log.error({ err: error }, 'admin server failed'));
  server.on('clientError', refuseMalformed);
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    response.on('error', () => response.destroy());
    void answer(request, options).then((reply) => send(request, response, reply));
  });
  return server;
}

/** Never rejects: a handler that throws is a 500 and a line in the log. */
async function answer(request: IncomingMessage, options: AdminServerOptions): Promise<AdminReplyWithAllow> {
  const [path = '', ...rest] = (request.url ?? '').split('?');
  const entry = options.paths.get(path);
  const refusal = refuse(request, entry, options);
  if (refusal !== undefined || entry === undefined) return refusal ?? notFound(options.paths);
  try {
    if (request.method === 'POST' && entry.change !== undefined) return await change(request, entry.change, options);
    return await entry.reply(options.view, options.metrics, rest.join('?'));
  } catch (error) {
    options.log.error({ err: error, path }, 'admin request failed');
    return json(500, { error: 'internal', message: 'the answer could not be made; the log says why' });
  }
}

const BODY_FAILURES: Readonly<Record<BodyFailure, readonly [status: number, message: string]>> = {
  too_large: [413, `the body is larger than ${MAX_BODY_BYTES} bytes`],
  too_slow: [408, 'the body did not come in time'],
  cut: [400, 'the body ended early'],
  not_text: [400, 'the body is not UTF-8'],
};

async function change(request: IncomingMessage, entry: AdminChange, options: AdminServerOptions): Promise<AdminReply> {
  const timeoutMs = (options.idleMs ?? IDLE_MS) / 2;
  const body = await readBody(request, { maxBytes: MAX_BODY_BYTES, timeoutMs });
  if ('text' in body) return entry.reply(options.view, body.text);
  const [status, message] = BODY_FAILURES[body.failure];
  return json(status, { error: 'bad_body', message });
}

type AdminReplyWithAllow = AdminReply & { readonly allow?: string };

function refuse(
  request: IncomingMessage,
  entry: AdminPath | undefined,
  options: AdminServerOptions,
): AdminReplyWithAllow | undefined {
  const { host, origin } = request.headers;
  if (options.addressHostOnly && host !== undefined && !isAddressHost(host)) {
    return json(403, { error: 'bad_host', message: 'this address answers to an IP address or localhost only' });
  }
  if (entry === undefined) return notFound(options.paths);
  const reading = entry.method === 'GET' ? ['GET', 'HEAD'] : [];
  const allowed = entry.method === 'POST' || entry.change !== undefined ? [...reading, 'POST'] : reading;
  if (!allowed.includes(request.method ?? '')) {
    const allow = allowed.join(', ');
    return { ...json(405, { error: 'method_not_allowed', message: `allowed here: ${allow}` }), allow };
  }
  if (request.method === 'POST' && isCrossOrigin(origin, host)) {
    return json(403, { error: 'cross_origin', message: 'a page of another origin may not change anything here' });
  }
  return undefined;
}

function notFound(paths: AdminTable): AdminReply {
  return json(404, { error: 'not_found', message: 'no such path', paths: [...paths.keys()] });
}

function send(request: IncomingMessage, response: ServerResponse, reply: AdminReplyWithAllow): void {
  if (response.destroyed) return;
  // Where a body is read at all, not all of it may have been: a connection that carries one ends with the answer.
  const carriesBody =
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length']) > 0;
  response.writeHead(reply.status, {
    'content-type': reply.contentType,
    'content-length': Buffer.byteLength(reply.body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(reply.allow === undefined ? {} : { allow: reply.allow }),
    ...(carriesBody ? { connection: 'close' } : {}),
  });
  response.end(reply.body);
}

const MALFORMED: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

function refuseMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status = MALFORMED[error.code ?? ''] ?? '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
