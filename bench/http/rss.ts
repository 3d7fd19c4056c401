/** Memory before, during and after a million requests: does it stay where it was? */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadReport } from '../load-report.ts';
import { markdownTable } from '../markdown.ts';
import type { Measurement, Venue } from '../measurement.ts';
import { freePorts, programOf } from '../stage.ts';
import { peakRssBytes, usageOf } from '../usage.ts';
import type { Ports } from './configurations.ts';
import { endAll, missingForHttp, type WrkLoad, wrkLoad } from './contestants.ts';
import { CLUSTERS, HOSTS, haproxyRssText, hostOf, outriggerRssText } from './rss-configurations.ts';
import { startUpstream } from './upstream.ts';
import { ask } from './verify.ts';

const CONNECTIONS = 64;
const QUARTERS = [0.25, 0.5, 0.75, 1];
/** With all endpoints probed every 2 s: what the start left behind has had time to go. */
const REST_MS = 10_000;
const FIRST_SECONDS = 2;
/** One piece of the load, so that it ends when it should. */
const MOST_SECONDS = 30;
const MIB = 1_048_576;

const LOAD: WrkLoad = {
  name: 'rss',
  method: 'GET',
  path: '/small',
  connections: CONNECTIONS,
  hosts: CLUSTERS.map(hostOf),
};

interface Entry {
  readonly name: string;
  /** Bytes: at rest, after each quarter, after a rest. */
  readonly points: number[];
  readonly answered: number;
  readonly mostBytes: number;
  readonly problems: readonly string[];
}

interface Program {
  readonly name: string;
  text(ports: Ports, upstreamPort: number): string;
  argv(bundle: string, file: string): readonly string[];
}

const PROGRAMS: readonly Program[] = [
  { name: 'HAProxy', text: haproxyRssText, argv: (_, file) => [programOf('haproxy') ?? '', '-db', '-f', file] },
  {
    name: 'Outrigger',
    text: outriggerRssText,
    argv: (bundle, file) => [process.execPath, bundle, 'sidecar', '-c', file],
  },
];

export const RSS: Measurement = {
  name: 'rss',
  title: `memory with ${CLUSTERS.length} clusters of ${HOSTS.length} endpoints, at rest and under way`,
  missing: missingForHttp,
  async run(venue, { requests }, tell) {
    const pids: number[] = [];
    const entries: Entry[] = [];
    try {
      const upstream = await startUpstream(venue.stage, { hosts: HOSTS });
      pids.push(upstream.pid);
      for (const program of PROGRAMS) {
        if (program.name === 'HAProxy' && programOf('haproxy') === undefined) continue;
        const entry = await watch(program, venue, { upstreamPort: upstream.ports[0] ?? 0, requests, pids });
        entries.push(entry);
        tell(`${entry.name}: ${entry.points.map((bytes) => (bytes / MIB).toFixed(1)).join(', ')} MiB`);
      }
    } finally {
      await endAll(venue.stage, pids);
    }
    const hasFailed = entries.some(({ problems }) => problems.length > 0);
    return { text: formatRss(RSS.title, requests, entries), hasFailed, data: { requests, entries } };
  },
};

interface Watched {
  readonly upstreamPort: number;
  readonly requests: number;
  readonly pids: number[];
}

async function watch(
  program: Program,
  { stage, bundle }: Venue,
  { upstreamPort, requests, pids }: Watched,
): Promise<Entry> {
  const { name } = program;
  const [http = 0, tcp = 0, admin = 0] = await freePorts(3);
  const file = join(stage.folder, `rss-${name}.conf`);
  await writeFile(file, program.text({ http, tcp, admin }, upstreamPort));
  const started = stage.start(`rss-${name}`, 'proxy', program.argv(bundle, file));
  pids.push(started.pid);
  await stage.ready(started, () => answersForAll(http));
  await sleep(REST_MS);
  const points = [usageOf(started.pid).rssBytes];
  const load = await wrkLoad(stage, LOAD);
  const problems: string[] = [];
  let answered = 0;
  let perSecond = 0;
  for (const share of QUARTERS) {
    while (answered < share * requests && problems.length === 0) {
      const report = await load(http, secondsFor(share * requests - answered, perSecond));
      answered += report.answers;
      perSecond = report.answers / report.seconds;
      problems.push(...report.problems, ...standstill(report));
    }
    points.push(usageOf(started.pid).rssBytes);
  }
  await sleep(REST_MS);
  points.push(usageOf(started.pid).rssBytes);
  const mostBytes = peakRssBytes(started.pid);
  await stage.end(started.pid);
  return { name, points, answered, mostBytes, problems };
}

/** Without a rate to go by, a short one tells it. */
function secondsFor(requests: number, perSecond: number): number {
  if (perSecond === 0) return FIRST_SECONDS;
  return Math.min(MOST_SECONDS, Math.max(1, Math.ceil(requests / perSecond)));
}

function standstill({ answers }: LoadReport): readonly string[] {
  return answers === 0 ? ['nothing was answered'] : [];
}

async function answersForAll(port: number): Promise<boolean> {
  const answers = await Promise.all(CLUSTERS.map((name) => ask({ port, path: '/small', host: hostOf(name) })));
  return answers.every(({ status }) => status === 200);
}

export function formatRss(title: string, requests: number, entries: readonly Entry[]): string {
  const thousands = QUARTERS.map((share) => `${Math.round((share * requests) / 1_000)}k`);
  const head = ['RSS in MiB', 'at rest', ...thousands.map((count) => `after ${count}`), 'at rest again', 'most ever'];
  const rows = entries.map(({ name, points, mostBytes, problems }) => {
    const cells = [...points, mostBytes].map((bytes) => (problems.length > 0 ? '–' : (bytes / MIB).toFixed(1)));
    return [name, ...cells];
  });
  const failed = entries.flatMap(({ name, problems }) => problems.map((problem) => `- ${name} FAILED: ${problem}`));
  return [
    `### ${title[0]?.toUpperCase()}${title.slice(1)}`,
    '',
    `GET, 150-byte answers, ${CONNECTIONS} connections; a rest is ${REST_MS / 1_000} s with nothing but probes.`,
    '',
    ...markdownTable(head, rows),
    ...(failed[0] ? ['', ...failed] : []),
  ]
    .join('\n')
    .concat('\n');
}
