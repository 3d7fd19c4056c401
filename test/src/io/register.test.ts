import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RegisterConfig } from '../../../src/config/root.ts';
import { type ConsulClient, createConsulClient } from '../../../src/io/consul-client.ts';
import { type RegisterOptions, type Registration, registerService } from '../../../src/io/register.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { until } from '../../support/until.ts';

const CONFIG: RegisterConfig = {
  service: 'edge',
  address: '10.0.0.5',
  port: 8080,
  tags: ['primary'],
  check: { interval: 1_000, timeout: 500 },
};
const ID = 'edge-10.0.0.5-8080';

/** The part of an agent that registration talks to. */
let server: Server;
let services: Map<string, Record<string, unknown>>;
let calls: string[];
let mode: 'answer' | 'fail' | 'silent';
let client: ConsulClient;
let log: RecordingLog;
let registration: Registration | undefined;

beforeEach(async () => {
  services = new Map();
  calls = [];
  mode = 'answer';
  log = new RecordingLog();
  server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = createConsulClient(
    { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: 'secret' },
    { env: {} },
  );
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = Buffer.concat(await request.toArray()).toString();
  const { pathname } = new URL(request.url ?? '', 'http://agent');
  calls.push(`${request.method} ${pathname}`);
  if (mode === 'silent') return;
  if (mode === 'fail') {
    response.writeHead(500).end('rpc error');
    return;
  }
  if (pathname === '/v1/agent/service/register') {
    const service = JSON.parse(body) as Record<string, unknown>;
    services.set(String(service['ID']), service);
  }
  const goodbye = '/v1/agent/service/deregister/';
  if (pathname.startsWith(goodbye)) services.delete(pathname.slice(goodbye.length));
  response.setHeader('content-type', 'application/json');
  response.end(pathname === '/v1/agent/services' ? JSON.stringify(Object.fromEntries(services)) : '');
}

afterEach(async () => {
  await registration?.close();
  await client.close();
  server.closeAllConnections();
  server.close();
});

function register(options: Partial<RegisterOptions> = {}): Registration {
  registration = registerService({
    config: CONFIG,
    statusAddress: { host: '0.0.0.0', port: 15_020 },
    consul: client,
    log,
    random: () => 0.5,
    lookEveryMs: 20,
    ...options,
  });
  return registration;
}

it('registers with a check of our readiness at the registered address', async () => {
  const { id, whenRegistered } = register();
  await whenRegistered;
  expect(id).toBe(ID);
  expect(services.get(ID)).toEqual({
    ID,
    Name: 'edge',
    Tags: ['primary'],
    Address: '10.0.0.5',
    Port: 8080,
    Check: {
      CheckID: `${ID}-ready`,
      Name: 'ready',
      HTTP: 'http://10.0.0.5:15020/ready',
      Interval: '1s',
      Timeout: '500ms',
      DeregisterCriticalServiceAfter: '10m',
    },
  });
});

it('has its check at the status address where that is a particular one', async () => {
  await register({ config: { ...CONFIG, id: 'mine' }, statusAddress: { host: '::1', port: 9 } }).whenRegistered;
  expect(services.get('mine')).toMatchObject({ Check: { HTTP: 'http://[::1]:9/ready' } });
});

it('leaves a registration alone that the agent still knows, and renews one that it lost or changed', async () => {
  await register().whenRegistered;
  await until(() => calls.filter((it) => it === 'GET /v1/agent/services').length >= 3, { what: 'three looks' });
  expect(calls.filter((it) => it === 'PUT /v1/agent/service/register')).toHaveLength(1);
  services.clear();
  await until(() => services.has(ID), { what: 'the registration to be back' });
  services.set(ID, { ...services.get(ID), Port: 1 });
  await until(() => services.get(ID)?.['Port'] === 8080, { what: 'the port to be ours' });
});

it('goes on trying while Consul fails, and tells it once', async () => {
  mode = 'fail';
  const { whenRegistered } = register();
  await until(() => calls.length >= 3, { what: 'three attempts' });
  expect(log.messages('warn')).toEqual(['cannot register in consul, trying again']);
  mode = 'answer';
  await whenRegistered;
  expect(log.messages('info')).toEqual(['registered in consul']);
});

it('is gone when it says goodbye, and stays gone', async () => {
  const gone = register();
  await gone.whenRegistered;
  await gone.deregister();
  expect(services.size).toBe(0);
  const { length } = calls;
  await gone.deregister();
  expect(calls).toHaveLength(length);
});

it('says goodbye also when the answer to its registration never came', async () => {
  mode = 'silent';
  register();
  await until(() => calls.length === 1, { what: 'the attempt' });
  services.set(ID, {});
  mode = 'answer';
  await registration!.deregister();
  expect(services.size).toBe(0);
});

it('does not wait for ever for a Consul that says nothing', async () => {
  await register({ goodbyeTimeoutMs: 50 }).whenRegistered;
  mode = 'silent';
  const begin = performance.now();
  await registration!.deregister();
  // A second for a call under way, and two attempts.
  expect(performance.now() - begin).toBeLessThan(1_900);
  expect(log.messages('warn')).toEqual(['could not deregister from consul']);
});

it('shows the token to Consul and to nobody else', async () => {
  let token: unknown;
  server.on('request', (request) => {
    token = request.headers['x-consul-token'];
  });
  await register().whenRegistered;
  expect(token).toBe('secret');
  mode = 'fail';
  await until(() => log.messages('warn').length > 0, { what: 'a failure' });
  expect(JSON.stringify(log.lines)).not.toContain('secret');
});
