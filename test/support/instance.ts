/**
 * An instance of a service, as a process of its own: `node instance.ts ID PORT`. It answers who it is and who the client
 * is by X-Forwarded-For (`x-client`), and writes the `x-load-id` of each request that it executes on its standard
 * output, before it answers.
 */
import { writeSync } from 'node:fs';
import { createServer } from 'node:http';

const [id = '', port = '0'] = process.argv.slice(2);

const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    const loadId = request.headers['x-load-id'];
    if (typeof loadId === 'string') writeSync(1, `${loadId}\n`);
    const client = request.headers['x-forwarded-for'] ?? '';
    response.writeHead(200, { 'x-instance': id, 'x-client': client, 'content-type': 'text/plain' });
    response.end(request.url === '/health' ? 'healthy\n' : `${String(loadId)}\n`);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(Number(port), '127.0.0.1', () => {
  const address = server.address();
  writeSync(1, `listens on ${typeof address === 'object' ? address?.port : address}\n`);
});
