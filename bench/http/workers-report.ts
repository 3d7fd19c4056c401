/** One worker and two, as text: what was counted, and what two cores of their own would carry by it. */
import { markdownTable, withSpread } from '../markdown.ts';
import { ratioSpread, type Spread, spreadOf } from '../statistics.ts';
import { capacityOf, type RequestCost } from './capacity.ts';

export interface WorkersTurn {
  readonly perSecond: number;
  readonly cost: RequestCost;
  /** CPU microseconds of load and upstream by the answers. */
  readonly behindMicros: number;
  /** Share of all cores in use that other programs took, 0 to 1. */
  readonly disturbance: number;
}

export interface WorkersEntry {
  /** Answers of the upstream, or this program's own. */
  readonly kind: 'proxied' | 'own';
  readonly name: string;
  readonly threads: number;
  readonly turns: WorkersTurn[];
  readonly problems: string[];
}

export interface WorkersResult {
  readonly title: string;
  readonly turns: number;
  readonly seconds: number;
  /** Requests that are sent at once where the answers are our own. */
  readonly pipeline: number;
  /** Who is where. */
  readonly cores: string;
  readonly entries: readonly WorkersEntry[];
}

const CORES = 2;
const HEAD = [
  '',
  'CPU µs/request',
  'busiest thread',
  'shares of the threads',
  'load and upstream',
  'requests/s here',
  'to one, of what is possible here',
  'capacity of two cores',
  'to one',
];

export function formatWorkers({ title, turns, seconds, pipeline, cores, entries }: WorkersResult): string {
  const disturbance = spreadOf(entries.flatMap((entry) => entry.turns.map((turn) => turn.disturbance)));
  const others =
    disturbance === undefined ? '' : `; other programs took ${(disturbance.median * 100).toFixed(0)} % of them`;
  const failed = entries.flatMap(({ kind, name, problems }) =>
    problems.map((it) => `- ${name} (${kind}) FAILED: ${it}`),
  );
  const tableOf = (kind: WorkersEntry['kind']): readonly string[] => {
    const judged = entries
      .filter((entry) => entry.kind === kind)
      .map((it) => (it.problems[0] ? { ...it, turns: [] } : it));
    return markdownTable(
      HEAD,
      judged.map((entry) => cells(entry, oneOf(entry, judged))),
    );
  };
  return [
    `### Workers: ${title}`,
    '',
    `${turns} turns of ${seconds} s each. ${cores}${others}. CPU in µs per request.`,
    '',
    'GET, 150-byte answers of the upstream:',
    '',
    ...tableOf('proxied'),
    '',
    `Answers of its own (404 for a request without a route), ${pipeline} requests at once on each connection:`,
    '',
    ...tableOf('own'),
    ...(failed[0] ? ['', ...failed] : []),
  ]
    .join('\n')
    .concat('\n');
}

/** The same program with one thread. */
function oneOf({ name }: WorkersEntry, entries: readonly WorkersEntry[]): WorkersEntry | undefined {
  const program = name.split(',')[0] ?? '';
  return entries.find((it) => it.threads === 1 && it.name.startsWith(`${program},`));
}

function cells({ name, threads, turns }: WorkersEntry, one: WorkersEntry | undefined): readonly string[] {
  const each = (pick: (turn: WorkersTurn) => number): Spread | undefined => spreadOf(turns.map(pick));
  const toOne = (pick: (turn: WorkersTurn) => number): string =>
    threads === 1 ? '1.00' : withSpread(ratioSpread(turns.map(pick), one?.turns.map(pick) ?? []), 2);
  const capacity = ({ cost }: WorkersTurn): number => capacityOf(cost, CORES);
  const shares = Array.from({ length: threads + 1 }, (_, i) => each(({ cost }) => (cost.shares[i] ?? 0) * 100));
  return [
    name,
    withSpread(
      each(({ cost }) => cost.cpuMicros),
      1,
    ),
    each(({ cost }) => cost.busiestMicros)?.median.toFixed(1) ?? '–',
    shares[0] === undefined ? '–' : `${shares.map((share) => share?.median.toFixed(0)).join(' + ')} %`,
    each(({ behindMicros }) => behindMicros)?.median.toFixed(1) ?? '–',
    each(({ perSecond }) => perSecond)?.median.toFixed(0) ?? '–',
    threads === 1 ? '1.00' : `${toOne(({ perSecond }) => perSecond)} of ${possible(one)}`,
    each(capacity)?.median.toFixed(0) ?? '–',
    toOne(capacity),
  ];
}

/** Where load and upstream need the same cores: what is left of them for as many more requests at the same cost. */
function possible(one: WorkersEntry | undefined): string {
  const ratios = (one?.turns ?? []).map(({ perSecond, cost, behindMicros }) => {
    return (CORES * 1e6) / ((cost.cpuMicros + behindMicros) * perSecond);
  });
  return spreadOf(ratios)?.median.toFixed(2) ?? '–';
}
