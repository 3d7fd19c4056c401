/** The rows of the HTTP and TCP tables. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Contestant, Scenario } from '../contest.ts';
import { parseWrk } from '../load-report.ts';
import { programOf, type Stage } from '../stage.ts';
import { CANDIDATES, type Candidate, HAPROXY, type Site, type Traffic } from './candidates.ts';
import { startUpstream } from './upstream.ts';
import { ask, verifyHttp, verifyTcp } from './verify.ts';
import { type Shape, wrkScript } from './wrk-script.ts';

interface Sort extends Shape {
  readonly name: string;
  readonly title: string;
  readonly traffic: Traffic;
  readonly connections: number;
}

const small = { method: 'GET', path: '/small', traffic: 'http' } as const;

const SORTS: readonly Sort[] = [
  { ...small, name: 'http-get-64', title: 'GET, 150-byte answer, 64 connections', connections: 64 },
  { ...small, name: 'http-get-1', title: 'GET, 150-byte answer, 1 connection', connections: 1 },
  { ...small, name: 'http-get-8', title: 'GET, 150-byte answer, 8 connections', connections: 8 },
  { ...small, name: 'http-get-512', title: 'GET, 150-byte answer, 512 connections', connections: 512 },
  {
    name: 'http-post-16k',
    title: 'POST of 16 KiB, 150-byte answer, 64 connections',
    method: 'POST',
    path: '/upload',
    traffic: 'http',
    connections: 64,
  },
  { ...small, name: 'http-download-1m', title: 'GET, 1 MiB answer, 16 connections', path: '/large', connections: 16 },
  { ...small, name: 'tcp-64', title: 'TCP, 150-byte answers, 64 connections', traffic: 'tcp', connections: 64 },
];

/** What must be there for any of them, as the package to install. */
export function missingForHttp(): string | undefined {
  if (programOf('wrk') === undefined) return 'package wrk';
  return programOf('nginx') === undefined ? 'package nginx-light' : undefined;
}

export function httpScenarios(stage: Stage, bundle: string): readonly Scenario[] {
  return SORTS.map((sort) => {
    const pids: number[] = [];
    return {
      name: sort.name,
      title: sort.title,
      unit: 'request',
      reference: HAPROXY,
      async open() {
        const upstream = await startUpstream(stage);
        pids.push(upstream.pid);
        const [contestants, skipped]: [Contestant[], string[]] = [[], []];
        for (const candidate of CANDIDATES.filter(({ traffic }) => traffic.includes(sort.traffic))) {
          const missing = candidate.missing(sort.traffic);
          if (missing !== undefined) skipped.push(`${candidate.name}: needs ${missing}`);
          else contestants.push(await enter(candidate, { stage, upstream, bundle }, sort));
          pids.push(...contestants.slice(-1).map(({ pid }) => pid));
        }
        return { contestants, skipped };
      },
      async close() {
        for (const pid of pids.splice(0).toReversed()) await stage.end(pid);
      },
    };
  });
}

async function enter(candidate: Candidate, site: Site, sort: Sort): Promise<Contestant> {
  const { stage } = site;
  const { started, ports, checkLog } = await candidate.start(site);
  const port = ports[sort.traffic];
  await stage.ready(started, async () => (await ask({ port, path: '/small' })).status === 200);
  const script = join(stage.folder, `${sort.name}.lua`);
  await writeFile(script, wrkScript(sort));
  const wrk = ['wrk', '-t1', `-c${sort.connections}`, '--latency', '--timeout', '5s', '-s', script];
  return {
    name: candidate.name,
    pid: started.pid,
    verify: () => (sort.traffic === 'tcp' ? verifyTcp(port) : verifyHttp(port)),
    load: async (seconds) => parseWrk(await stage.run('load', [...wrk, `-d${seconds}s`, `http://127.0.0.1:${port}/`])),
    ...(checkLog === undefined ? {} : { afterTurn: (report) => checkLog(report.answers) }),
  };
}
