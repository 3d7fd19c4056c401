/** Starts what is compared, each behind the same upstream, and drives it with wrk. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Contestant } from '../contest.ts';
import { type LoadReport, parseWrk } from '../load-report.ts';
import type { Venue } from '../measurement.ts';
import { programOf, type Stage } from '../stage.ts';
import { CANDIDATES, type RunningProxy, type Traffic } from './candidates.ts';
import { startUpstream } from './upstream.ts';
import { ask, verifyHttp, verifyTcp } from './verify.ts';
import { type Shape, wrkScript } from './wrk-script.ts';

export interface Entrant {
  readonly name: string;
  readonly proxy: RunningProxy;
  readonly port: number;
}

export interface Field {
  readonly entrants: readonly Entrant[];
  /** Why others are missing. */
  readonly skipped: readonly string[];
}

/** What must be there for any of them, as the package to install. */
export function missingForHttp(): string | undefined {
  if (programOf('wrk') === undefined) return 'package wrk';
  return programOf('nginx') === undefined ? 'package nginx-light' : undefined;
}

/** All candidates that take this traffic and are there, answering. `pids` gets each process at once, for whoever ends them. */
export async function enterAll({ stage, bundle }: Venue, traffic: Traffic, pids: number[]): Promise<Field> {
  const upstream = await startUpstream(stage);
  pids.push(upstream.pid);
  const [entrants, skipped]: [Entrant[], string[]] = [[], []];
  for (const candidate of CANDIDATES.filter((it) => it.traffic.includes(traffic))) {
    const { name } = candidate;
    const missing = candidate.missing(traffic);
    if (missing !== undefined) {
      skipped.push(`${name}: needs ${missing}`);
      continue;
    }
    const proxy = await candidate.start({ stage, upstream, bundle });
    pids.push(proxy.started.pid);
    const port = proxy.ports[traffic];
    await stage.ready(proxy.started, async () => (await ask({ port, path: '/small' })).status === 200);
    entrants.push({ name, proxy, port });
  }
  return { entrants, skipped };
}

/** A contestant but for its load. */
export function contestantOf({ name, proxy, port }: Entrant, traffic: Traffic): Omit<Contestant, 'load'> {
  const { started, checkLog } = proxy;
  return {
    name,
    pid: started.pid,
    verify: () => (traffic === 'tcp' ? verifyTcp(port) : verifyHttp(port)),
    ...(checkLog === undefined ? {} : { afterTurn: ({ answers }) => checkLog(answers) }),
  };
}

export interface WrkLoad extends Shape {
  /** Of its file; requests of the same name are the same. */
  readonly name: string;
  readonly connections: number;
}

/** Closed loop: each connection asks again as soon as it has its answer. */
export async function wrkLoad(
  stage: Stage,
  load: WrkLoad,
  core: 'load' | 'beside' = 'load',
): Promise<(port: number, seconds: number) => Promise<LoadReport>> {
  const script = join(stage.folder, `${load.name}.lua`);
  await writeFile(script, wrkScript(load));
  const wrk = ['wrk', '-t1', `-c${load.connections}`, '--latency', '--timeout', '5s', '-s', script];
  return async (port, seconds) =>
    parseWrk(await stage.run(core, [...wrk, `-d${seconds}s`, `http://127.0.0.1:${port}/`]));
}

export async function endAll(stage: Stage, pids: number[]): Promise<void> {
  for (const pid of pids.splice(0).toReversed()) await stage.end(pid);
}
