/** What a second worker adds, measured in two ways. docs/benchmarks.md says what each of them shows. */
import { join } from 'node:path';
import type { LoadReport } from '../load-report.ts';
import type { Measurement, Pace, Venue } from '../measurement.ts';
import { needsRound, noteOf, quietest } from '../quiet.ts';
import { freePorts, programOf, type Stage } from '../stage.ts';
import { busyMicros, endedChildrenMicros, threadMicros } from '../usage.ts';
import { HAPROXY, haproxyProxy, outriggerProxy, type RunningProxy, type Site } from './candidates.ts';
import { costOf, timesBetween } from './capacity.ts';
import { endAll, missingForHttp, type WrkLoad, wrkLoad } from './contestants.ts';
import { startUpstream, type Upstream } from './upstream.ts';
import { ask, verifyHttp } from './verify.ts';
import { formatWorkers, type WorkersEntry, type WorkersTurn } from './workers-report.ts';

/** So many that chance deals them evenly enough: the kernel, not the program, gives connections to threads. */
const CONNECTIONS = 256;
/** Where answers are its own, so many wait on each connection that no thread is ever without work. */
const [OWN_CONNECTIONS, PIPELINE] = [64, 128];

const PROXIED: WrkLoad = { name: 'workers-proxied', method: 'GET', path: '/small', connections: CONNECTIONS };
const OWN_LOAD = join(import.meta.dirname, 'pipelined-load.ts');

interface Contestant extends WorkersEntry {
  readonly proxy: RunningProxy;
  readonly load: (seconds: number) => Promise<LoadReport>;
  verify(): Promise<void>;
}

export const WORKERS: Measurement = {
  name: 'http-workers',
  title: `one worker and two, ${CONNECTIONS} connections`,
  missing: missingForHttp,
  async run(venue, pace, tell) {
    const { stage } = venue;
    const pids: number[] = [];
    try {
      const upstream = await startUpstream(stage, { core: 'beside' });
      pids.push(upstream.pid);
      const contestants = await enter({ ...venue, upstream }, pids);
      await measure(contestants, upstream, venue, pace, tell);
      const hasFailed = contestants.some(({ problems }) => problems.length > 0);
      const told = { title: WORKERS.title, turns: pace.turns, seconds: pace.seconds, pipeline: PIPELINE };
      const entries = contestants.map(({ kind, name, threads, turns, problems }) => {
        return { kind, name, threads, turns, problems };
      });
      return {
        text: formatWorkers({ ...told, cores: placesOf(stage), entries }),
        hasFailed,
        data: { ...told, entries },
      };
    } finally {
      await endAll(stage, pids);
    }
  },
};

function placesOf({ cpus: { pair, beside } }: Stage): string {
  const isShared = pair.join() === beside.join();
  return isShared
    ? `All on the same cores, ${pair.join(' and ')}`
    : `Proxy on cores ${pair.join(' and ')}, the rest beside`;
}

async function enter(site: Site, pids: number[]): Promise<readonly Contestant[]> {
  const { stage } = site;
  const proxied = await wrkLoad(stage, PROXIED, 'beside');
  const contestants: Contestant[] = [];
  for (const threads of programOf('haproxy') === undefined ? [] : [1, 2]) {
    const proxy = await haproxyProxy(site, { core: 'pair', threads });
    contestants.push(proxiedContestant(`${HAPROXY}, nbthread ${threads}`, threads, proxy, proxied));
    pids.push(proxy.started.pid);
  }
  for (const threads of [1, 2]) {
    const [unroutedPort = 0] = await freePorts(1);
    const proxy = await outriggerProxy(site, { access: 'off', workers: threads, unroutedPort, core: 'pair' });
    pids.push(proxy.started.pid);
    const name = `Outrigger, workers: ${threads}`;
    contestants.push(proxiedContestant(name, threads, proxy, proxied), {
      kind: 'own',
      name,
      threads,
      proxy,
      turns: [],
      problems: [],
      verify: () => verifyUnrouted(unroutedPort),
      load: (seconds) => ownLoad(stage, unroutedPort, seconds),
    });
  }
  for (const { proxy } of contestants) {
    await stage.ready(
      proxy.started,
      async () => (await ask({ port: proxy.ports.http, path: '/small' })).status === 200,
    );
  }
  return contestants;
}

function proxiedContestant(
  name: string,
  threads: number,
  proxy: RunningProxy,
  load: (port: number, seconds: number) => Promise<LoadReport>,
): Contestant {
  const port = proxy.ports.http;
  return {
    kind: 'proxied',
    name,
    threads,
    proxy,
    turns: [],
    problems: [],
    verify: () => verifyHttp(port),
    load: (seconds) => load(port, seconds),
  };
}

async function verifyUnrouted(port: number): Promise<void> {
  const { status, headers } = await ask({ port, path: '/small' });
  const reason = headers['x-outrigger-reason'];
  if (status !== 404 || reason !== 'no_route') throw new Error(`${status} ${String(reason)} where there is no route`);
}

async function ownLoad(stage: Stage, port: number, seconds: number): Promise<LoadReport> {
  const options = { port, path: '/small', seconds, connections: OWN_CONNECTIONS, pipeline: PIPELINE };
  const argv = Object.entries(options).flatMap(([key, it]) => [`--${key}`, `${it}`]);
  return JSON.parse(await stage.run('beside', [process.execPath, OWN_LOAD, ...argv])) as LoadReport;
}

async function measure(
  contestants: readonly Contestant[],
  upstream: Upstream,
  { stage }: Venue,
  { turns, seconds, warmUpSeconds }: Pace,
  tell: (line: string) => void,
): Promise<void> {
  for (const contestant of contestants) {
    await guarded(contestant, () => contestant.verify());
    await guarded(contestant, async () => {
      await takeTurn(contestant, upstream, stage, warmUpSeconds);
    });
  }
  const noise: number[] = [];
  while (needsRound(noise, turns)) {
    const told: string[] = [];
    for (let i = 0; i < contestants.length; i += 1) {
      const contestant = contestants[(i + noise.length) % contestants.length] as Contestant;
      await guarded(contestant, async () => {
        const turn = await takeTurn(contestant, upstream, stage, seconds);
        contestant.turns.push(turn);
        told.push(`${contestant.name} (${contestant.kind}) ${turn.perSecond.toFixed(0)}/s`);
      });
    }
    noise.push(Math.max(0, ...contestants.map((it) => it.turns[noise.length]?.disturbance ?? 0)));
    tell(`turn ${noise.length}: ${told.join(', ')}${noteOf(noise.at(-1) ?? 0)}`);
  }
  const chosen = quietest(noise, turns);
  for (const it of contestants) it.turns.splice(0, it.turns.length, ...it.turns.filter((_, i) => chosen.has(i)));
}

async function guarded({ problems }: Contestant, step: () => Promise<void>): Promise<void> {
  if (problems.length > 0) return;
  try {
    await step();
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  }
}

async function takeTurn(
  { proxy, load, threads, problems }: Contestant,
  upstream: Upstream,
  stage: Stage,
  seconds: number,
): Promise<WorkersTurn> {
  const { pid } = proxy.started;
  const cpus = [...new Set([...stage.cpus.pair, ...stage.cpus.beside])];
  const read = () => ({
    threads: threadMicros(pid),
    behind: endedChildrenMicros() + [...threadMicros(upstream.pid).values()].reduce(add, 0),
    busy: cpus.map((cpu) => busyMicros(String(cpu))).reduce(add, 0),
    ms: performance.now(),
  });
  const before = read();
  const report = await load(seconds);
  const after = read();
  problems.push(...report.problems);
  const used = timesBetween(before.threads, after.threads);
  const behind = after.behind - before.behind;
  const known = behind + [...used.values()].reduce(add, 0);
  return {
    perSecond: report.answers / report.seconds,
    cost: costOf({ answers: report.answers, threads: used }, threads),
    behindMicros: behind / report.answers,
    disturbance: Math.max(0, (after.busy - before.busy - known) / ((after.ms - before.ms) * 1_000 * cpus.length)),
  };
}

function add(sum: number, value: number): number {
  return sum + value;
}
