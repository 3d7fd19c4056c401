// An instance of the service `shop`, to have something to balance over: `node shop.mjs NAME PORT`. It tells its name
// and whom it takes the client for.
import { createServer } from 'node:http';

const [name = 'shop-1', port = '9001'] = process.argv.slice(2);

const server = createServer((request, response) => {
  const client = request.headers['x-forwarded-for'] ?? request.socket.remoteAddress;
  response.end(request.url === '/health' ? 'healthy\n' : `${name} serves ${client}\n`);
});
server.listen(Number(port), '127.0.0.1');
