import { mkdtemp, rm, unlink, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type ConsulClient,
  type ConsulClientOptions,
  createConsulClient,
  MAX_BODY_BYTES,
} from '../../../src/io/consul-client.ts';
import { FakeConsul } from '../../support/fake-consul.ts';
import { startRawServer } from '../../support/raw-server.ts';
import { until } from '../../support/until.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function fake(): Promise<FakeConsul> {
  const consul = await FakeConsul.start();
  cleanups.push(() => consul.stop());
  return consul;
}

function client(address: string, config: object = {}, options: ConsulClientOptions = {}): ConsulClient {
  const made = createConsulClient({ address, ...config }, { env: {}, ...options });
  cleanups.push(() => made.close());
  return made;
}

async function rawServer(onConnection: (socket: Socket) => void): Promise<string> {
  const server = await startRawServer(onConnection);
  cleanups.push(() => server.close());
  return `http://127.0.0.1:${server.port}`;
}

function get(
  from: ConsulClient,
  { path = '/v1/health/service/web', deadlineMs = 5_000, signal = new AbortController().signal, blocking = false } = {},
) {
  return from.get(path, { deadlineMs, signal, blocking });
}

describe('an answer', () => {
  it('comes with its status, headers and body', async () => {
    const consul = await fake();
    const answer = await get(client(consul.address));
    expect([answer.status, answer.header('x-consul-index'), answer.header('nothing'), String(answer.body)]).toEqual([
      200,
      '10',
      undefined,
      '[]',
    ]);
  });

  it('may be a redirect, which is never followed', async () => {
    const other = await fake();
    const consul = await fake();
    consul.misbehave((response) => response.writeHead(307, { location: `${other.address}/stolen` }).end());
    const answer = await get(client(consul.address, { token: 'secret' }));
    expect(answer.status).toBe(307);
    expect(other.requests).toEqual([]);
  });

  it('is asked for without compression and with the path before it', async () => {
    const consul = await fake();
    let encoding: string | undefined;
    consul.misbehave((response, request) => {
      encoding = String(request.headers['accept-encoding']);
      response.end('[]');
    });
    await get(client(`${consul.address}/behind/a/proxy/`));
    expect([consul.requests[0]?.url, encoding]).toEqual(['/behind/a/proxy/v1/health/service/web', 'identity']);
  });
});

describe('no answer', () => {
  const HEAD = 'HTTP/1.1 200 OK\r\nX-Consul-Index: 3\r\nContent-Length: 100\r\n\r\n';
  it.each<[string, (socket: Socket) => void, RegExp]>([
    ['closes at once', (socket) => socket.end(), /closed before the whole answer|reset/],
    ['resets', (socket) => socket.resetAndDestroy(), /reset|closed before/],
    ['ends within the body', (socket) => socket.end(`${HEAD}[1,2`), /cannot reach consul/],
    ['speaks something else', (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'), /cannot reach consul/],
    ['is silent', () => {}, /did not answer within 0\.15s/],
    ['is silent after the head', (socket) => socket.write(HEAD), /did not answer within 0\.15s/],
    ['drips', (socket) => drip(socket, HEAD), /did not answer within 0\.15s/],
  ])('from a server that %s', async (_what, behave, message) => {
    const address = await rawServer((socket) => socket.once('data', () => behave(socket)));
    const begin = performance.now();
    await expect(get(client(address), { deadlineMs: 150 })).rejects.toThrow(message);
    expect(performance.now() - begin).toBeLessThan(1_000);
  });

  it('where nobody listens', async () => {
    const consul = await FakeConsul.start();
    await consul.stop();
    await expect(get(client(consul.address))).rejects.toThrow('cannot reach consul: connection refused');
  });

  it('when the body has no end', async () => {
    const consul = await fake();
    const chunk = Buffer.alloc(1024 * 1024, 32);
    consul.misbehave((response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(chunk)) {}
        response.once('drain', more);
      };
      more();
    });
    await expect(get(client(consul.address))).rejects.toThrow(`larger than ${MAX_BODY_BYTES} bytes`);
  });

  it('once it is called off', async () => {
    const address = await rawServer(() => {});
    const controller = new AbortController();
    const asked = get(client(address), { signal: controller.signal });
    controller.abort(new Error('not needed any more'));
    await expect(asked).rejects.toThrow('not needed any more');
  });

  it('leaves nothing that keeps the next question from its answer', async () => {
    const consul = await fake();
    const asking = client(consul.address);
    for (let i = 0; i < 20; i += 1) {
      consul.misbehave((response) => response.destroy());
      await expect(get(asking)).rejects.toThrow('cannot reach consul');
    }
    consul.behave();
    expect((await get(asking)).status).toBe(200);
  });
});

function drip(socket: Socket, head: string): void {
  let place = 0;
  const timer = setInterval(() => socket.write(head[place++ % head.length] ?? ''), 20);
  socket.on('close', () => clearInterval(timer));
}

describe('the token', () => {
  it('of the file is sent, and read again for each question', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'outrigger-token-'));
    cleanups.push(() => rm(dir, { recursive: true }));
    const consul = await fake();
    const asking = client(consul.address, { token_file: 'token' }, { baseDir: dir });
    await expect(get(asking)).rejects.toThrow('ENOENT');
    await writeFile(join(dir, 'token'), 'first\n');
    await get(asking);
    await writeFile(join(dir, 'token'), 'second');
    await get(asking);
    await unlink(join(dir, 'token'));
    await get(asking);
    await writeFile(join(dir, 'token'), 'two\r\nlines');
    await get(asking);
    expect(consul.requests.map((it) => it.token)).toEqual(['first', 'second', 'second', 'second']);
  });

  it('of the environment is used where the configuration has none', async () => {
    const consul = await fake();
    await get(client(consul.address, {}, { env: { CONSUL_HTTP_TOKEN: 'from-env' } }));
    expect(consul.requests[0]?.token).toBe('from-env');
  });
});

describe('many questions', () => {
  it('never open more than 64 connections, and none that is quick waits for one that is blocking', async () => {
    let open = 0;
    let most = 0;
    const address = await rawServer((socket) => {
      open += 1;
      most = Math.max(most, open);
      socket.on('close', () => {
        open -= 1;
      });
      socket.on('data', (data) => {
        if (String(data).startsWith('GET /quick')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]');
      });
    });
    const asking = client(address);
    const controller = new AbortController();
    const blocked = Array.from({ length: 100 }, () =>
      get(asking, { blocking: true, signal: controller.signal, deadlineMs: 60_000 }).catch(
        (error: Error) => error.message,
      ),
    );
    await until(() => open === 60, { what: 'sixty connections' });
    const quick = await Promise.all(Array.from({ length: 20 }, () => get(asking, { path: '/quick' })));
    expect(quick.every((it) => it.status === 200)).toBe(true);
    expect(most).toBeLessThanOrEqual(64);
    controller.abort(new Error('over'));
    expect(new Set(await Promise.all(blocked))).toEqual(new Set(['over']));
  });

  it('of more watches than slots wait for a shorter time', () => {
    const asking = client('http://127.0.0.1:1');
    const leave = Array.from({ length: 120 }, () => asking.openWatch());
    expect(asking.waitMs()).toBe(5_000);
    for (const it of leave) it();
    leave[0]?.();
    expect(asking.waitMs()).toBe(60_000);
    asking.openWatch();
    expect(asking.waitMs()).toBe(60_000);
  });
});
