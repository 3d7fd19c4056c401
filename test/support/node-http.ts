/** What Node's own parser (llhttp, strict) makes of bytes, through sockets that exist in memory only. */
import { createServer, type IncomingMessage, request } from 'node:http';
import { Duplex } from 'node:stream';

export interface NodeMessage {
  /** `GET /path` or `200 OK`. */
  readonly startLine: string;
  /** Names in lower case. */
  readonly fields: readonly (readonly [string, string])[];
  readonly body: string;
  readonly trailers: readonly (readonly [string, string])[];
}

export interface NodeReading {
  readonly messages: readonly NodeMessage[];
  /** Code of the parser's error; empty without one. */
  readonly error: string;
}

function inMemory(): Duplex {
  return new Duplex({ read() {}, write: (_chunk, _encoding, done) => done(), final: (done) => done() });
}

function pairs(raw: readonly string[]): readonly (readonly [string, string])[] {
  return raw.flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), raw[i + 1] ?? ''] as const] : []));
}

function collect(message: IncomingMessage, startLine: string, ended: (message: NodeMessage) => void): void {
  let body = '';
  message.setEncoding('latin1');
  message.on('data', (text: string) => {
    body += text;
  });
  message.on('error', () => undefined);
  message.on('end', () =>
    ended({ startLine, fields: pairs(message.rawHeaders), body, trailers: pairs(message.rawTrailers) }),
  );
}

const codeOf = (error: Error): string => ('code' in error ? String(error.code) : error.message);

/** All whole requests in these bytes. */
export function nodeReadsRequests(wire: Buffer): Promise<NodeReading> {
  const messages: NodeMessage[] = [];
  let error = '';
  const server = createServer({ insecureHTTPParser: false, maxHeaderSize: 1 << 20 });
  const onRequest = (message: IncomingMessage): void =>
    collect(message, `${message.method} ${message.url}`, (whole) => messages.push(whole));
  for (const event of ['request', 'checkContinue', 'checkExpectation']) server.on(event, onRequest);
  server.on('clientError', (cause) => {
    error = codeOf(cause);
  });
  const socket = inMemory();
  socket.on('error', () => undefined);
  server.emit('connection', socket);
  socket.push(wire);
  socket.push(null);
  return new Promise((resolve) => {
    const done = (): void => {
      socket.destroy();
      resolve({ messages, error });
    };
    // Two turns of the loop: the body of a message ends one after its socket does.
    setImmediate(() => setImmediate(done));
  });
}

/** The final response in these bytes, to a request of that method, the connection ending after them. */
export function nodeReadsResponse(wire: Buffer, method: string): Promise<NodeReading> {
  const messages: NodeMessage[] = [];
  let error = '';
  const socket = inMemory();
  const outgoing = request({
    method,
    createConnection: () => socket,
    insecureHTTPParser: false,
    maxHeaderSize: 1 << 20,
  });
  outgoing.on('error', (cause) => {
    error = codeOf(cause);
  });
  const onMessage = (message: IncomingMessage): void =>
    collect(message, `${message.statusCode} ${message.statusMessage}`, (whole) => messages.push(whole));
  outgoing.on('response', onMessage);
  outgoing.on('upgrade', onMessage);
  outgoing.end();
  return new Promise((resolve) => {
    setImmediate(() => {
      socket.push(wire);
      socket.push(null);
      setImmediate(() =>
        setImmediate(() => {
          outgoing.destroy();
          resolve({ messages, error });
        }),
      );
    });
  });
}
