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
/** Reasons of maintenance mode by the id of the service. */
let maintenance: Map<string, string>;
let calls: string[];
let mode: 'answer' | 'fail' | 'silent';
let client: ConsulClient;
let log: RecordingLog;
let registration: Registration | undefined;

beforeEach(async () => {
  services = new Map();
  maintenance = new Map();
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
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://agent');
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
  const maint = '/v1/agent/service/maintenance/';
  if (pathname.startsWith(maint)) {
    const id = pathname.slice(maint.length);
    if (searchParams.get('enable') === 'true') maintenance.set(id, searchParams.get('reason') ?? '');
    else maintenance.delete(id);
  }
  response.setHeader('content-type', 'application/json');
  response.end(LISTS[pathname]?.() ?? '');
}

const LISTS: Readonly<Record<string, () => string>> = {
  '/v1/agent/services': () => JSON.stringify(Object.fromEntries(services)),
  '/v1/agent/checks': () => {
    const checks = [...maintenance].map(([id, Notes]) => [`_service_maintenance:${id}`, { Notes }]);
    return JSON.stringify(Object.fromEntries(checks));
  },
};

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
    noticeMs: 0,
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

const goodbyes = (): string[] => calls.filter((it) => /maintenance|deregister/.test(it));

it('is in maintenance mode first, gone after the notice, and stays gone', async () => {
  const gone = register({ noticeMs: 150 });
  await gone.whenRegistered;
  await gone.announceLeave();
  const announcedAt = performance.now();
  expect(maintenance.get(ID)).toBe('outrigger: draining');
  expect(services.size).toBe(1);
  await gone.deregister();
  expect(performance.now() - announcedAt).toBeGreaterThan(140);
  expect(services.size).toBe(0);
  expect(goodbyes()).toEqual([`PUT /v1/agent/service/maintenance/${ID}`, `PUT /v1/agent/service/deregister/${ID}`]);
  const { length } = calls;
  await gone.deregister();
  expect(calls).toHaveLength(length);
});

it('takes over the registration of a process that leaves it, and deregisters it at its own end', async () => {
  const former = register();
  await former.whenRegistered;
  const next = register({ takesOver: true });
  await next.whenRegistered;
  await former.close();
  expect(services.size).toBe(1);
  expect(calls.filter((it) => it === 'PUT /v1/agent/service/register')).toHaveLength(1);
  await next.deregister();
  expect(services.size).toBe(0);
});

it('registers anew where the process before was not registered', async () => {
  await register({ takesOver: true }).whenRegistered;
  expect(services.has(ID)).toBe(true);
});

it('deregisters at once where it is closed within the notice', async () => {
  const gone = register({ noticeMs: 60_000 });
  await gone.whenRegistered;
  const deregistered = gone.deregister();
  await until(() => maintenance.size === 1, { what: 'the announcement' });
  await gone.close();
  await deregistered;
  expect(services.size).toBe(0);
});

it.each([
  ['ends the maintenance mode that a former process left behind', 'outrigger: draining', undefined],
  ['leaves the maintenance mode of an operator alone', 'new disks', 'new disks'],
])('%s', async (_what, before, after) => {
  maintenance.set(ID, before);
  await register().whenRegistered;
  await until(() => calls.includes('GET /v1/agent/services'), { what: 'the next look' });
  expect(maintenance.get(ID)).toBe(after);
  expect(calls.filter((it) => it === 'GET /v1/agent/checks')).toHaveLength(1);
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
  expect(log.messages('warn')).toEqual([
    'could not tell consul beforehand that it is to go',
    'could not deregister from consul',
  ]);
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
