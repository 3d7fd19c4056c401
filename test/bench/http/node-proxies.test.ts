import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { freePorts } from '../../../bench/stage.ts';

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

/** Answers with what arrived. */
async function startEcho(): Promise<number> {
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('latin1').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      response.setHeader('X-Instance', String((server.address() as AddressInfo).port));
      response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  endings.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

async function startProxy(program: string, upstream: readonly number[]): Promise<number> {
  const [port = 0] = await freePorts(1);
  const file = new URL(`../../../bench/http/node/${program}.ts`, import.meta.url).pathname;
  const child = spawn(process.execPath, [file, String(port), ...upstream.map(String)], { stdio: 'ignore' });
  endings.push(async () => {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  });
  const deadline = performance.now() + 10_000;
  while (!(await listens(port))) {
    if (performance.now() > deadline) throw new Error(`${program} does not listen`);
    await sleep(20);
  }
  return port;
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

describe.each(['undici-proxy', 'http-proxy-proxy'])('%s', (program) => {
  test('passes a request on with its body, the client and an id, and the answer back with the same id', async () => {
    const port = await startProxy(program, [await startEcho()]);
    const response = await fetch(`http://127.0.0.1:${port}/a?b=c`, {
      method: 'POST',
      headers: { 'x-user-id': 'ada', 'x-forwarded-for': '192.0.2.1', 'x-request-id': 'forged' },
      body: 'hello',
    });
    const seen = (await response.json()) as { body: string; headers: Record<string, string> };
    expect(seen).toMatchObject({ method: 'POST', url: '/a?b=c', body: 'hello', headers: { 'x-user-id': 'ada' } });
    expect(seen.headers['x-forwarded-for']?.replaceAll(' ', '')).toBe('192.0.2.1,127.0.0.1');
    expect(seen.headers['x-request-id']).toBe(response.headers.get('x-request-id'));
    expect(seen.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('sends a user to one instance, and users to all', async () => {
    const port = await startProxy(program, [await startEcho(), await startEcho(), await startEcho()]);
    const instances = new Set<string>();
    for (let user = 0; user < 30; user += 1) {
      const ask = (): Promise<Response> =>
        fetch(`http://127.0.0.1:${port}/`, { headers: { 'x-user-id': `user-${user}` } });
      const [first, second] = [await ask(), await ask()].map((it) => it.headers.get('x-instance') ?? '');
      expect(second).toBe(first);
      instances.add(first ?? '');
    }
    expect(instances.size).toBe(3);
  });

  test('answers 502 where nobody listens', async () => {
    const [nobody = 0] = await freePorts(1);
    const port = await startProxy(program, [nobody]);
    const request = httpRequest({ host: '127.0.0.1', port, path: '/' }).end();
    const [response] = (await once(request, 'response')) as [{ statusCode: number; resume(): void }];
    response.resume();
    expect(response.statusCode).toBe(502);
  });
});
