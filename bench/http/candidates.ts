/** The proxies that are compared, each configured for the same work. docs/benchmarks.md says what that is. */
import { createReadStream } from 'node:fs';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Venue } from '../measurement.ts';
import { type Core, freePorts, programOf, type Started } from '../stage.ts';
import {
  haproxyText,
  nginxStreamModule,
  nginxText,
  type OutriggerOptions,
  outriggerText,
  type Ports,
} from './configurations.ts';
import type { Upstream } from './upstream.ts';

export type Traffic = 'http' | 'tcp';

export interface Site extends Venue {
  readonly upstream: Upstream;
}

export interface RunningProxy {
  readonly started: Started;
  readonly ports: Ports;
  /** Lost lines of an access log that should hold one per request. */
  readonly checkLog?: (answers: number) => Promise<readonly string[]>;
}

export interface Candidate {
  readonly name: string;
  readonly traffic: readonly Traffic[];
  /** What to install, or undefined when it is there. */
  missing(traffic: Traffic): string | undefined;
  start(site: Site): Promise<RunningProxy>;
}

export const HAPROXY = 'HAProxy';

export const CANDIDATES: readonly Candidate[] = [
  {
    name: HAPROXY,
    traffic: ['http', 'tcp'],
    missing: () => (programOf('haproxy') === undefined ? 'package haproxy' : undefined),
    start: (site) => haproxyProxy(site),
  },
  {
    name: 'nginx',
    traffic: ['http', 'tcp'],
    missing(traffic) {
      if (programOf('nginx') === undefined) return 'package nginx-light';
      return traffic === 'tcp' && nginxStreamModule() === undefined ? 'package libnginx-mod-stream' : undefined;
    },
    async start({ stage, upstream }) {
      const ports = await takePorts();
      const file = join(stage.folder, 'nginx.conf');
      await writeFile(file, nginxText(stage.folder, ports, upstream.ports));
      const argv = [programOf('nginx') ?? '', '-c', file, '-p', stage.folder];
      return { started: stage.start('nginx', 'proxy', argv), ports };
    },
  },
  {
    name: 'Outrigger',
    traffic: ['http', 'tcp'],
    missing: () => undefined,
    start: (site) => outriggerProxy(site, { access: 'off' }),
  },
  {
    name: 'Outrigger, access log',
    traffic: ['http'],
    missing: () => undefined,
    async start(site) {
      const proxy = await outriggerProxy(site, { access: 'all' });
      return { ...proxy, checkLog: (answers) => checkLog(proxy.started.logFile, answers) };
    },
  },
  nodeProxy('node:http + undici', 'undici-proxy'),
  nodeProxy('http-proxy', 'http-proxy-proxy'),
];

/** A program of ./node, on the Node that everything else here runs on. */
function nodeProxy(name: string, program: string): Candidate {
  return {
    name,
    traffic: ['http'],
    missing: () => undefined,
    async start({ stage, upstream }) {
      const ports = await takePorts();
      const file = join(import.meta.dirname, 'node', `${program}.ts`);
      const argv = [process.execPath, file, String(ports.http), ...upstream.ports.map(String)];
      return { started: stage.start(program, 'proxy', argv), ports };
    },
  };
}

async function takePorts(): Promise<Ports> {
  const [http = 0, tcp = 0, admin = 0] = await freePorts(3);
  return { http, tcp, admin };
}

export interface OutriggerRun extends OutriggerOptions {
  readonly core?: Core;
  /** They go before the program. */
  readonly nodeOptions?: readonly string[];
}

export async function outriggerProxy(
  { stage, upstream, bundle }: Site,
  { core = 'proxy', nodeOptions = [], ...options }: OutriggerRun,
): Promise<RunningProxy> {
  const ports = await takePorts();
  const name = `outrigger-${ports.http}`;
  const file = join(stage.folder, `${name}.yaml`);
  await writeFile(file, outriggerText(ports, upstream.ports, options));
  const argv = [process.execPath, ...nodeOptions, bundle, 'sidecar', '-c', file];
  return { started: stage.start(name, core, argv), ports };
}

export async function haproxyProxy(
  { stage, upstream }: Site,
  { core = 'proxy', threads = 1 }: { readonly core?: Core; readonly threads?: number } = {},
): Promise<RunningProxy> {
  const ports = await takePorts();
  const name = `haproxy-${ports.http}`;
  const file = join(stage.folder, `${name}.cfg`);
  await writeFile(file, haproxyText(ports, upstream.ports, threads));
  return { started: stage.start(name, core, [programOf('haproxy') ?? '', '-db', '-f', file]), ports };
}

/** The log is written in batches: it gets a moment to catch up. Empties it for the next turn. */
async function checkLog(logFile: string, answers: number): Promise<readonly string[]> {
  let lines = 0;
  for (let tries = 0; tries < 30 && lines < answers; tries += 1) {
    await sleep(100);
    lines = await countLines(logFile);
  }
  await truncate(logFile);
  return lines >= answers ? [] : [`the access log has ${lines} lines of ${answers} requests`];
}

async function countLines(file: string): Promise<number> {
  let lines = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1_048_576 })) {
    for (let at = (chunk as Buffer).indexOf(10); at >= 0; at = (chunk as Buffer).indexOf(10, at + 1)) lines += 1;
  }
  return lines;
}
