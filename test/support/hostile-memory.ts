/** How much memory one client can make the program hold, beside what it takes the client to do so. */
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { rssMb } from './process-usage.ts';
import { type Program, startProgram } from './program.ts';

export interface Held {
  readonly what: string;
  readonly connections: number;
  /** Per connection, that the client had to send. */
  readonly sentBytes: number;
  /** Per connection, by which the program grew at most. */
  readonly heldBytes: number;
}

interface Kind {
  readonly what: string;
  readonly connections: number;
  readonly begin: string;
  /** Single octets after that, each in a segment of its own. */
  readonly drips?: number;
  /** Takes none of the answers. */
  readonly isDeaf?: true;
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: example.org\r\n\r\n`;
const put = (length: number): string => `PUT /hang HTTP/1.1\r\nHost: example.org\r\nContent-Length: ${length}\r\n\r\n`;

const DRIPS = 8_000;

const KINDS: readonly Kind[] = [
  { what: 'a connection without a byte', connections: 900, begin: '' },
  {
    what: 'a head of 63 KiB without its end',
    connections: 900,
    begin: `${get('/hang').slice(0, -2)}X: ${'a'.repeat(64_500)}`,
  },
  { what: 'a request that is not answered', connections: 900, begin: get('/hang') },
  { what: '64 KiB of requests behind it', connections: 900, begin: get('/hang').repeat(1_600) },
  {
    what: 'requests whose large answers are not taken',
    connections: 900,
    begin: get('/large').repeat(4),
    isDeaf: true,
  },
  { what: 'a body of 8,000 segments of one octet', connections: 20, begin: put(60_000), drips: DRIPS },
];

/** Each kind with a program of its own, so that none profits from what another has grown. */
export async function measureHeld(): Promise<readonly Held[]> {
  const large = Buffer.alloc(8 * 1_048_576, 'x');
  const endpoint = createServer((request, response) => {
    request.resume();
    if (request.url === '/large') response.end(large);
  });
  endpoint.listen(0, '127.0.0.1');
  await new Promise((resolve) => endpoint.once('listening', resolve));
  const { port } = endpoint.address() as AddressInfo;
  const all: Held[] = [];
  try {
    for (const kind of KINDS) all.push(await measureOne(kind, port));
  } finally {
    endpoint.closeAllConnections();
    endpoint.close();
  }
  return all;
}

const configuration = (port: number): string => `
admin: { listen: "127.0.0.1:0" }
log: { access: "off" }
listeners: [ { name: data, listen: "127.0.0.1:0", protocol: http, limits: { head_timeout: 60s }, routes: [ { to: app } ] } ]
clusters: { app: { discover: { static: [ "127.0.0.1:${port}" ] }, timeouts: { request: 60s } } }
`;

async function measureOne(kind: Kind, port: number): Promise<Held> {
  const program = await startProgram('sidecar', configuration(port));
  const sockets: Socket[] = [];
  try {
    const before = rssMb(program.child.pid ?? 0);
    for (let i = 0; i < kind.connections; i += 1) sockets.push(open(program, kind));
    if (kind.drips !== undefined) await dripOn(sockets, kind.drips);
    const peak = await highest(program);
    return {
      what: kind.what,
      connections: kind.connections,
      sentBytes: kind.begin.length + (kind.drips ?? 0),
      heldBytes: ((peak - before) * 1_048_576) / kind.connections,
    };
  } finally {
    for (const socket of sockets) socket.destroy();
    await program.close();
  }
}

function open(program: Program, { begin, isDeaf }: Kind): Socket {
  const [host, port] = program.address('data').split(':');
  const socket = connect({ host, port: Number(port), noDelay: true });
  socket.on('error', () => undefined);
  if (isDeaf) socket.pause();
  else socket.resume();
  socket.write(begin, 'latin1');
  return socket;
}

/** A round over all sockets at a time, so that the other side has read one octet before the next leaves. */
async function dripOn(sockets: readonly Socket[], drips: number): Promise<void> {
  for (let i = 0; i < drips; i += 1) {
    for (const socket of sockets) socket.write('x');
    await sleep(1);
  }
}

/** Most resident memory in MiB until it has not grown for a second. */
async function highest(program: Program): Promise<number> {
  let peak = 0;
  for (let quiet = 0; quiet < 10; quiet += 1) {
    const now = rssMb(program.child.pid ?? 0);
    if (now > peak + 0.5) quiet = 0;
    peak = Math.max(peak, now);
    await sleep(100);
  }
  return peak;
}
