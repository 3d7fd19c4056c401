/** A real Consul agent for tests: one server on free loopback ports, its data in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { findConsul, requireConsul } from '../../scripts/consul.ts';
import { until } from './until.ts';

/** Tests against a real agent fail where there is none; only a person at home may leave them out. */
const skipped = process.env['OUTRIGGER_SKIP_CONSUL'] === '1' && (process.env['CI'] ?? '') === '';
export const describeWithConsul: typeof describe = (skipped ? describe.skip : describe) as typeof describe;

export interface TestService {
  readonly id: string;
  readonly name: string;
  readonly port: number;
  readonly address?: string;
  readonly tags?: readonly string[];
  readonly weights?: { readonly Passing: number; readonly Warning: number };
  /** A TTL check that begins in this status; {@link TestConsul.setCheck} changes it. Default: none. */
  readonly check?: CheckStatus;
  /** Checks as Consul takes them, beside or in place of `check`. */
  readonly checks?: readonly Record<string, unknown>[];
}

export type CheckStatus = 'passing' | 'warning' | 'critical';

export interface ConsulOptions {
  /** Everything in memory: starts quicker and forgets everything on a restart. */
  readonly dev?: boolean;
  /** More of an agent's configuration file, over ours. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** More of its ports, such as `https`. */
  readonly ports?: Readonly<Record<string, number>>;
}

export class TestConsul {
  /** `http://127.0.0.1:<port>`. */
  readonly address: string;
  readonly port: number;
  readonly dataDir: string;
  readonly #options: ConsulOptions;
  /** Sent with every call of this object, where one is set. */
  token: string | undefined;
  #process: ChildProcess | undefined;
  #output = '';

  constructor(port: number, dataDir: string, options: ConsulOptions) {
    this.port = port;
    this.address = `http://127.0.0.1:${port}`;
    this.dataDir = dataDir;
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  register(service: TestService): Promise<unknown> {
    const { id, name, port, address = '127.0.0.1', tags = [], weights, check, checks = [] } = service;
    const ttl =
      check === undefined ? [] : [{ CheckID: `check-${id}`, Name: `${name} alive`, TTL: '1h', Status: check }];
    const body = { ID: id, Name: name, Port: port, Address: address, Tags: tags, Checks: [...ttl, ...checks] };
    return this.put('/v1/agent/service/register', { ...body, ...(weights === undefined ? {} : { Weights: weights }) });
  }

  deregister(id: string): Promise<unknown> {
    return this.put(`/v1/agent/service/deregister/${encodeURIComponent(id)}`);
  }

  /** Of a service that was registered with `check`. */
  setCheck(id: string, status: CheckStatus): Promise<unknown> {
    return this.put(`/v1/agent/check/update/check-${encodeURIComponent(id)}`, { Status: status });
  }

  setMaintenance(id: string, on: boolean): Promise<unknown> {
    return this.put(`/v1/agent/service/maintenance/${encodeURIComponent(id)}?enable=${on}`);
  }

  /** Resolves with the body where there is one that is JSON. */
  async put(path: string, body?: unknown): Promise<unknown> {
    const response = await this.#call('PUT', path, body);
    const text = await response.text();
    if (!response.ok) throw new Error(`PUT ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  /** Deletes what `path` names; nothing where there is nothing. */
  async remove(path: string): Promise<void> {
    const response = await this.#call('DELETE', path);
    if (!response.ok) throw new Error(`DELETE ${path}: ${response.status} ${await response.text()}`);
    await response.body?.cancel();
  }

  async get(path: string): Promise<unknown> {
    const response = await this.#call('GET', path);
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  #call(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(this.address + path, {
      method,
      headers: this.token === undefined ? {} : { 'x-consul-token': this.token },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
  }

  /** Starts the agent and waits until it has a leader and knows itself. */
  async start(): Promise<void> {
    const { dev = false } = this.#options;
    const mode = dev ? ['-dev'] : ['-server', '-bootstrap-expect=1', `-data-dir=${join(this.dataDir, 'data')}`];
    const binary = (await findConsul()) ?? (await requireConsul());
    const child = spawn(binary, ['agent', ...mode, `-config-file=${join(this.dataDir, 'agent.json')}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString()).slice(-8_192);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    child.on('error', (error) => keep(Buffer.from(String(error))));
    running.add(child);
    child.on('exit', () => running.delete(child));
    await until(async () => child.exitCode !== null || (await this.#isReady()), { what: 'consul to elect itself' });
    if (child.exitCode !== null) throw new Error(`consul ended with ${child.exitCode}:\n${this.#output}`);
  }

  async #isReady(): Promise<boolean> {
    try {
      if ((await this.get('/v1/status/leader')) === '') return false;
      // Where access is controlled nobody may see nodes before there are tokens.
      if (this.#options.config?.['acl'] !== undefined) return true;
      return ((await this.get('/v1/catalog/nodes')) as unknown[]).length > 0;
    } catch {
      return false;
    }
  }

  /** SIGKILL: no goodbye to anyone. */
  async kill9(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }

  /** Ends it with SIGKILL and starts it on the same ports over the same data. */
  async restart(): Promise<void> {
    await this.kill9();
    await this.start();
  }

  async stop(): Promise<void> {
    await this.kill9();
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

/** Agents must not outlive the tests, however those end. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export async function startConsul(options: ConsulOptions = {}): Promise<TestConsul> {
  const [http = 0, server = 0, lan = 0] = await freePorts(3);
  const dataDir = await mkdtemp(join(tmpdir(), 'outrigger-consul-'));
  const config = {
    node_name: 'test-node',
    bind_addr: '127.0.0.1',
    client_addr: '127.0.0.1',
    // Elections at production pace take ten seconds; a server of one needs no patience.
    performance: { raft_multiplier: 1 },
    disable_update_check: true,
    log_level: 'warn',
    ...options.config,
    ports: { http, server, serf_lan: lan, serf_wan: -1, dns: -1, grpc: -1, ...options.ports },
  };
  await writeFile(join(dataDir, 'agent.json'), JSON.stringify(config));
  const consul = new TestConsul(http, dataDir, options);
  try {
    await consul.start();
  } catch (error) {
    await consul.stop();
    throw error;
  }
  return consul;
}

/** Ports that were free a moment ago, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listen()));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function listen(): Promise<Server> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
