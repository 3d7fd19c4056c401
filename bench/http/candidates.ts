/** The proxies that are compared, each configured for the same work. docs/benchmarks.md says what that is. */
import { createReadStream } from 'node:fs';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts, programOf, type Stage, type Started } from '../stage.ts';
import { haproxyText, nginxStreamModule, nginxText, outriggerText, type Ports } from './configurations.ts';
import type { Upstream } from './upstream.ts';

export type Traffic = 'http' | 'tcp';

export interface Site {
  readonly stage: Stage;
  readonly upstream: Upstream;
  /** Of the program as it is installed, in one file. */
  readonly bundle: string;
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
    async start({ stage, upstream }) {
      const ports = await takePorts();
      const file = join(stage.folder, 'haproxy.cfg');
      await writeFile(file, haproxyText(ports, upstream.ports));
      return { started: stage.start('haproxy', 'proxy', [programOf('haproxy') ?? '', '-db', '-f', file]), ports };
    },
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
    start: (site) => outriggerProxy(site, 'off'),
  },
  {
    name: 'Outrigger, access log',
    traffic: ['http'],
    missing: () => undefined,
    async start(site) {
      const proxy = await outriggerProxy(site, 'all');
      return { ...proxy, checkLog: (answers) => checkLog(proxy.started.logFile, answers) };
    },
  },
];

async function takePorts(): Promise<Ports> {
  const [http = 0, tcp = 0, admin = 0] = await freePorts(3);
  return { http, tcp, admin };
}

/** `nodeOptions` go before the program. */
export async function outriggerProxy(
  { stage, upstream, bundle }: Site,
  access: 'all' | 'off',
  nodeOptions: readonly string[] = [],
): Promise<RunningProxy> {
  const ports = await takePorts();
  const file = join(stage.folder, `outrigger-${access}.yaml`);
  await writeFile(file, outriggerText(ports, upstream.ports, access));
  const argv = [process.execPath, ...nodeOptions, bundle, 'sidecar', '-c', file];
  const started = stage.start(`outrigger-${access}`, 'proxy', argv);
  return { started, ports };
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
