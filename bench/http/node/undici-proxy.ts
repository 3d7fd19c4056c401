/**
 * A small reverse proxy as one writes it with care on `node:http` and undici: what Outrigger is compared with. Requests
 * go through `Pool.dispatch`, which is undici's cheapest way, headers are copied as the pairs they came in, and bodies
 * wait for whoever is slower.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Dispatcher, Pool } from 'undici';
import { forwardedFor, instanceOf, proxyArguments } from './arguments.ts';

/** RFC 9110, section 7.6.1, and what undici writes itself. */
const NOT_PASSED_ON = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'x-forwarded-for',
  'x-request-id',
]);

const { port, upstream } = proxyArguments();
const pools = upstream.map(
  (upstreamPort) =>
    new Pool(`http://127.0.0.1:${upstreamPort}`, { keepAliveTimeout: 60_000, headersTimeout: 60_000, pipelining: 1 }),
);

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const requestId = randomUUID();
  const hasBody = request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined;
  pools[instanceOf(request, pools.length)]?.dispatch(
    {
      method: request.method as Dispatcher.HttpMethod,
      path: request.url ?? '/',
      headers: upstreamHeaders(request, requestId),
      body: hasBody ? request : null,
    },
    answering(response, requestId),
  );
});
server.maxRequestsPerSocket = 0;
server.listen({ port, host: '127.0.0.1', backlog: 4_096 });

function upstreamHeaders(request: IncomingMessage, requestId: string): string[] {
  const headers = passedOn(request.rawHeaders);
  headers.push('X-Forwarded-For', forwardedFor(request), 'X-Request-ID', requestId);
  return headers;
}

/** Names and values in turn, without those of this connection alone. */
function passedOn(pairs: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const [name, value] = [pairs[i] as string, pairs[i + 1] as string];
    if (!NOT_PASSED_ON.has(name.toLowerCase())) kept.push(name, value);
  }
  return kept;
}

function answering(response: ServerResponse, requestId: string): Dispatcher.DispatchHandler {
  response.sendDate = false;
  return {
    onRequestStart(controller) {
      response.on('close', () => {
        if (!response.writableFinished) controller.abort(new Error('the client has gone'));
      });
      response.on('drain', () => controller.resume());
    },
    onResponseStart(controller, status, _headers, statusMessage) {
      if (status < 200) return;
      const headers = passedOn(textPairs(controller.rawHeaders));
      headers.push('X-Request-ID', requestId);
      response.writeHead(status, statusMessage, headers);
    },
    onResponseData(controller, chunk) {
      if (!response.write(chunk)) controller.pause();
    },
    onResponseEnd() {
      response.end();
    },
    onResponseError() {
      if (response.headersSent) response.destroy();
      else response.writeHead(502, ['Content-Length', '0', 'X-Request-ID', requestId]).end();
    },
  };
}

function textPairs(raw: Dispatcher.DispatchController['rawHeaders']): readonly string[] {
  return Array.isArray(raw) ? raw.map((text) => (typeof text === 'string' ? text : text.toString('latin1'))) : [];
}
