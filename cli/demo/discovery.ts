/** Where the demo's processes find each other: a Consul that is there, one of the demo's own, or files and lists. */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isLoopback } from '../../src/address.ts';
import { type ConsulClient, createConsulClient } from '../../src/io/consul-client.ts';
import { type DiscoveryWords, usersList } from './configuration.ts';
import { callConsul, isConsulReady } from './consul-calls.ts';
import { type EdgePlan, freePorts, type InstancePlan, LOOPBACK, type Plan } from './plan.ts';
import type { Processes } from './processes.ts';

export interface DemoDiscovery {
  /** One sentence for the reader. */
  readonly title: string;
  readonly words: DiscoveryWords;
  /** Discovery checks the health of what it lists, beside our own probes. */
  readonly noticesDeath: boolean;
  /** Environment for the processes that are started: without variables that speak of another Consul. */
  readonly env: NodeJS.ProcessEnv;
  /** Makes an instance that runs known. */
  announce(instance: InstancePlan): Promise<void>;
  /** Takes back whatever has been made known, by us or by a process that could not do it itself. Never rejects. */
  withdraw(): Promise<void>;
}

export interface DiscoveryOptions {
  readonly plan: Plan;
  readonly processes: Processes;
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

const OWN_CONSUL = 'consul';
const OWN_CONSUL_START_MS = 15_000;

/** The Consul at CONSUL_HTTP_ADDR where it answers and can check this machine, else one from PATH, else none. */
export async function chooseDiscovery(options: DiscoveryOptions): Promise<DemoDiscovery> {
  const { env, say } = options;
  if ((env['CONSUL_HTTP_ADDR'] ?? '') !== '') {
    const consul = createConsulClient(undefined, { env });
    const objection = await objectionTo(consul);
    if (objection === undefined) {
      const title = `Consul at ${env['CONSUL_HTTP_ADDR']} (CONSUL_HTTP_ADDR)`;
      return new ConsulDiscovery(consul, { title, address: undefined, options, env });
    }
    say(`not using the Consul at ${env['CONSUL_HTTP_ADDR']}: ${objection}`);
  }
  const binary = await findOnPath('consul', env);
  if (binary !== undefined) {
    const own = await startOwnConsul(binary, options);
    if (own !== undefined) return own;
  }
  await writeFile(join(options.folder, 'users.yaml'), usersList(options.plan));
  return fileDiscovery(options);
}

async function objectionTo(consul: ConsulClient): Promise<string | undefined> {
  const { origin, socketPath } = consul.settings;
  const { hostname } = new URL(origin);
  if (socketPath === undefined && !isLoopback({ host: hostname.replace(/^\[|\]$/g, ''), port: 0 })) {
    return `it is on another machine, and its checks could not reach ${LOOPBACK} here`;
  }
  return (await isConsulReady(consul)) ? undefined : 'it does not answer, or has no leader';
}

async function findOnPath(name: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    if (folder === '') continue;
    const path = join(folder, name);
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  return undefined;
}

/** A development agent in memory, on ports of its own; undefined, and a word about it, where it does not come up. */
async function startOwnConsul(binary: string, options: DiscoveryOptions): Promise<DemoDiscovery | undefined> {
  const { processes, signal, say } = options;
  const [http = 0, server = 0, lan = 0] = await freePorts(3, Math.random);
  const env = withoutConsul(options.env);
  const ports = { http, server, serf_lan: lan, serf_wan: -1, dns: -1, grpc: -1, https: -1 };
  const settings = { ports, bind_addr: LOOPBACK, client_addr: LOOPBACK, node_name: 'demo', disable_update_check: true };
  await writeFile(join(options.folder, 'consul.json'), JSON.stringify(settings));
  processes.start(OWN_CONSUL, [binary, 'agent', '-dev', '-log-level=warn', '-config-file=consul.json'], env);
  const address = `http://${LOOPBACK}:${http}`;
  const consul = createConsulClient({ address }, { env });
  const deadline = performance.now() + OWN_CONSUL_START_MS;
  while (performance.now() < deadline && (await processes.obituary(OWN_CONSUL)) === undefined) {
    if (await isConsulReady(consul)) {
      const title = `Consul: a development agent of the demo's own at ${address} (${binary})`;
      return new ConsulDiscovery(consul, { title, address, options, env });
    }
    await sleep(100, undefined, { signal });
  }
  say((await processes.obituary(OWN_CONSUL)) ?? `${binary} had no leader after ${OWN_CONSUL_START_MS / 1_000} s`);
  await processes.kill(OWN_CONSUL);
  return undefined;
}

function withoutConsul(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('CONSUL_')));
}

interface ConsulDiscoveryOptions {
  readonly title: string;
  /** Of the configuration files; undefined leaves it to the environment. */
  readonly address: string | undefined;
  readonly options: DiscoveryOptions;
  readonly env: NodeJS.ProcessEnv;
}

class ConsulDiscovery implements DemoDiscovery {
  readonly title: string;
  readonly words: DiscoveryWords;
  readonly noticesDeath = true;
  readonly env: NodeJS.ProcessEnv;
  readonly #consul: ConsulClient;
  /** Of services and ids, so that nothing real of the same name is mixed with the demo. */
  readonly #prefix = `outrigger-demo-${randomBytes(3).toString('hex')}`;
  readonly #ids: string[];

  constructor(consul: ConsulClient, { title, address, options, env }: ConsulDiscoveryOptions) {
    const { instances, primary, backup, edgePort } = options.plan;
    this.#consul = consul;
    this.title = title;
    this.env = env;
    this.#ids = [...instances.map(({ id }) => this.#id(id)), this.#id(primary.name), this.#id(backup.name)];
    const edges = `${this.#prefix}-edge`;
    this.words = {
      consul: address === undefined ? undefined : `{ address: "${address}" }`,
      users: `{ consul: { service: ${this.#prefix}-users } }`,
      members: ({ tag }) => `{ consul: { service: ${edges}, tags: [ ${tag} ] } }`,
      register: ({ name, host, tag }: EdgePlan) =>
        `{ service: ${edges}, id: ${this.#id(name)}, address: ${host}, port: ${edgePort}, tags: [ ${tag} ], check: { interval: 1s } }`,
    };
  }

  async announce({ id, port }: InstancePlan): Promise<void> {
    await callConsul(this.#consul, 'PUT', '/agent/service/register', {
      ID: this.#id(id),
      Name: `${this.#prefix}-users`,
      Address: LOOPBACK,
      Port: port,
      Check: {
        HTTP: `http://${LOOPBACK}:${port}/health`,
        Interval: '1s',
        Timeout: '500ms',
        Status: 'passing',
        DeregisterCriticalServiceAfter: '10m',
      },
    });
  }

  async withdraw(): Promise<void> {
    const calls = this.#ids.map((id) => callConsul(this.#consul, 'PUT', `/agent/service/deregister/${id}`));
    // One that is not known, or an agent that has gone, leaves nothing to withdraw.
    await Promise.allSettled(calls);
    await this.#consul.close();
  }

  #id(name: string): string {
    return `${this.#prefix}-${name}`;
  }
}

function fileDiscovery({ folder, env }: DiscoveryOptions): DemoDiscovery {
  return {
    title: 'file and static lists: no Consul at CONSUL_HTTP_ADDR, and no consul on PATH',
    words: {
      consul: undefined,
      users: `{ file: ${JSON.stringify(join(folder, 'users.yaml'))} }`,
      members: ({ host }) => `{ static: [ ${host} ] }`,
      register: () => undefined,
    },
    noticesDeath: false,
    env: withoutConsul(env),
    announce: () => Promise.resolve(),
    withdraw: () => Promise.resolve(),
  };
}
