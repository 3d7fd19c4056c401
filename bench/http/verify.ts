/** Before anything is measured: does this proxy do the work? A wrong answer is cheap, so it must not be compared. */
import { Agent, request } from 'node:http';
import { answerOf, DOWNLOAD_BYTES, INSTANCES, UPLOAD_BYTES } from './upstream.ts';

const USERS = 60;
const ANSWERS = new Set(INSTANCES.map(answerOf));

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export interface Asked {
  readonly port: number;
  readonly path: string;
  readonly user?: string;
  /** By default the address and port. */
  readonly host?: string;
  readonly body?: Buffer;
}

/** Over one kept connection when given an agent that keeps one. */
export function ask({ port, path, user = 'user-1', host, body }: Asked, agent?: Agent): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const headers = {
    'x-user-id': user,
    ...(host === undefined ? {} : { host }),
    ...(body === undefined ? {} : { 'content-length': body.length }),
  };
  const options = { host: '127.0.0.1', port, path, headers, method: body === undefined ? 'GET' : 'POST' };
  const sent = request({ ...options, ...(agent === undefined ? {} : { agent }), timeout: 5_000 }, (response) => {
    const pieces: Buffer[] = [];
    response.on('data', (piece: Buffer) => pieces.push(piece));
    response.on('error', reject);
    response.on('end', () => {
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces) });
    });
  });
  sent.on('error', reject);
  sent.on('timeout', () => sent.destroy(new Error('no answer in 5 s')));
  sent.end(body);
  return promise;
}

/** Same answers as the upstream's, one user on one instance, all instances in use, and what an HTTP proxy adds. */
export async function verifyHttp(port: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    await verifyUsers(port, agent);
    await verifyAdditions(port, agent);
    const upload = await ask({ port, path: '/upload', body: Buffer.alloc(UPLOAD_BYTES, 'u') }, agent);
    expect('upload', [upload.status, upload.headers['x-received'], String(upload.body.length)], [200, '16384', '150']);
    const download = await ask({ port, path: '/large' }, agent);
    expect('download', [download.status, download.body.length], [200, DOWNLOAD_BYTES]);
    if (!download.body.equals(Buffer.alloc(DOWNLOAD_BYTES, 'outrigger '))) throw new Error('download: other bytes');
  } finally {
    agent.destroy();
  }
}

async function verifyUsers(port: number, agent: Agent): Promise<void> {
  const seen = new Set<string>();
  for (let user = 0; user < USERS; user += 1) {
    const texts: string[] = [];
    for (let again = 0; again < 3; again += 1) {
      const { status, body } = await ask({ port, path: '/small', user: `user-${user}` }, agent);
      expect(`user ${user}`, [status, ANSWERS.has(body.toString())], [200, true]);
      texts.push(body.toString());
    }
    if (new Set(texts).size !== 1) throw new Error(`user ${user} met more than one instance`);
    seen.add(texts[0] ?? '');
  }
  expect('instances in use', [seen.size], [INSTANCES.length]);
}

/** X-Forwarded-For and a request id of its own going up, the same request id coming down. */
async function verifyAdditions(port: number, agent: Agent): Promise<void> {
  const ids = new Set<string>();
  for (let again = 0; again < 3; again += 1) {
    const { headers, body } = await ask({ port, path: '/echo' }, agent);
    const [forwardedFor, requestId = ''] = body.toString().split('|');
    expect('x-forwarded-for', [forwardedFor], ['127.0.0.1']);
    expect('x-request-id', [requestId.length > 8, headers['x-request-id']], [true, requestId]);
    ids.add(requestId);
  }
  expect('different request ids', [ids.size], [3]);
}

/** A TCP listener spreads connections over the instances, and passes bytes as they are. */
export async function verifyTcp(port: number): Promise<void> {
  const seen = new Set<string>();
  for (let connection = 0; connection < INSTANCES.length * 2; connection += 1) {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    try {
      const [first, second] = [await ask({ port, path: '/small' }, agent), await ask({ port, path: '/small' }, agent)];
      expect('answers', [first.status, second.status, ANSWERS.has(first.body.toString())], [200, 200, true]);
      expect('one connection, one instance', [second.body.toString()], [first.body.toString()]);
      seen.add(first.body.toString());
    } finally {
      agent.destroy();
    }
  }
  expect('instances in use', [seen.size], [INSTANCES.length]);
}

function expect(what: string, got: readonly unknown[], wanted: readonly unknown[]): void {
  const [is, should] = [JSON.stringify(got), JSON.stringify(wanted)];
  if (is !== should) throw new Error(`${what}: ${is} in place of ${should}`);
}
