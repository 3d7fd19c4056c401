/**
 * A reverse proxy of http-proxy 1.18, which many Node programs still put in front of others: with kept connections
 * upstream, which it does not have unless it is given an agent, and targets that are not parsed again and again.
 */
import { randomUUID } from 'node:crypto';
import { Agent, createServer, ServerResponse } from 'node:http';
import httpProxy from 'http-proxy';
import { instanceOf, proxyArguments } from './arguments.ts';

const REQUEST_ID = 'x-request-id';

const { port, upstream } = proxyArguments();
const agent = new Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: 4_096 });
const targets = upstream.map((upstreamPort) => ({ protocol: 'http:', host: '127.0.0.1', port: upstreamPort }));
const proxy = httpProxy.createProxyServer({ agent, xfwd: true });

proxy.on('error', (_error, _request, response) => {
  if (response instanceof ServerResponse && !response.headersSent) response.writeHead(502, { 'Content-Length': 0 });
  response.end();
});

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  // It sends upstream what stands in the request's headers, and adds the answer's headers to what is set already.
  const requestId = randomUUID();
  request.headers[REQUEST_ID] = requestId;
  response.setHeader(REQUEST_ID, requestId);
  proxy.web(request, response, { target: targets[instanceOf(request, targets.length)] });
});
server.maxRequestsPerSocket = 0;
server.listen({ port, host: '127.0.0.1', backlog: 4_096 });
