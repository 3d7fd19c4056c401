/** One scenario measured: every contestant verified, then turns of all of them, one after the other, again and again. */
import type { LoadReport } from './load-report.ts';
import { ratioSpread, type Spread, spreadOf } from './statistics.ts';
import { busyMicros, usageOf } from './usage.ts';

export interface Contestant {
  readonly name: string;
  readonly pid: number;
  /** Rejects unless it does what it is measured for. */
  verify(): Promise<void>;
  load(seconds: number): Promise<LoadReport>;
  /** After a turn's load: more that may be wrong with it; also the place to tidy up. */
  afterTurn?(report: LoadReport): Promise<readonly string[]>;
}

export interface Scenario {
  /** What `--only` matches by its beginning. */
  readonly name: string;
  readonly title: string;
  readonly unit: 'request' | 'query';
  /** Whose CPU per request the others' are divided by. */
  readonly reference: string;
  /** Contestants, ready to be asked, and why others are missing. */
  open(): Promise<{ readonly contestants: readonly Contestant[]; readonly skipped: readonly string[] }>;
  close(): Promise<void>;
}

export interface Row {
  readonly candidate: string;
  readonly cpuMicros: Spread | undefined;
  /** To the reference of the same turn. */
  readonly ratio: Spread | undefined;
  readonly perSecond: Spread | undefined;
  readonly p50Ms: Spread | undefined;
  readonly p99Ms: Spread | undefined;
  readonly meanMs: Spread | undefined;
  readonly rssMiB: number | undefined;
  /** What was wrong; a row with any has no figures. */
  readonly problems: readonly string[];
}

export interface Result {
  readonly name: string;
  readonly title: string;
  readonly unit: Scenario['unit'];
  readonly reference: string;
  readonly turns: number;
  readonly seconds: number;
  readonly rows: readonly Row[];
  readonly skipped: readonly string[];
  /** Share of the measured core that other processes took during the turns, 0 to 1: what the figures suffer from. */
  readonly disturbance: Spread | undefined;
}

export interface Pace {
  readonly turns: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** The core that the contestants are pinned to. */
  readonly cpu: string;
}

export interface Turn {
  readonly cpuMicros: number;
  readonly rssBytes: number;
  /** Share of the core that others took. */
  readonly disturbance: number;
  readonly report: LoadReport;
}

/** A round in which others took more than this share of the core is taken again, up to twice as many in all. */
const QUIET = 0.05;

interface Entry {
  readonly contestant: Contestant;
  readonly turns: Turn[];
  readonly problems: string[];
}

/** Measures; a contestant with any problem loses its figures, the others go on. */
export async function runScenario(scenario: Scenario, pace: Pace, tell: (line: string) => void): Promise<Result> {
  try {
    const { contestants, skipped } = await scenario.open();
    const entries = contestants.map((contestant): Entry => ({ contestant, turns: [], problems: [] }));
    for (const entry of entries) await guarded(entry, () => entry.contestant.verify());
    for (const entry of entries) await guarded(entry, () => takeTurn(entry, pace.warmUpSeconds, pace.cpu));
    for (const { turns } of entries) turns.pop();
    const noise: number[] = [];
    const isEnough = (): boolean => noise.filter((share) => share <= QUIET).length >= pace.turns;
    for (let round = 0; round < 2 * pace.turns && !isEnough(); round += 1) {
      // Another one begins each time, so that none always follows the same neighbour.
      const order = entries.map((_, i) => entries[(i + round) % entries.length] as Entry);
      for (const entry of order) await guarded(entry, () => takeTurn(entry, pace.seconds, pace.cpu));
      noise.push(Math.max(0, ...entries.map(({ turns }) => turns[round]?.disturbance ?? 0)));
      tell(`turn ${round + 1}: ${entries.map(lastTurnOf).join(', ')}${noteOf(noise.at(-1) ?? 0)}`);
    }
    const chosen = quietest(noise, pace.turns);
    for (const { turns } of entries) turns.splice(0, turns.length, ...turns.filter((_, round) => chosen.has(round)));
    const { name, title, unit, reference } = scenario;
    const { turns, seconds } = pace;
    const disturbance = spreadOf(entries.flatMap((entry) => entry.turns.map((turn) => turn.disturbance)));
    const rows = rowsOf(entries, reference);
    return { name, title, unit, reference, turns, seconds, rows, skipped, disturbance };
  } finally {
    await scenario.close();
  }
}

async function guarded(entry: Entry, step: () => Promise<void>): Promise<void> {
  if (entry.problems.length > 0) return;
  try {
    await step();
  } catch (error) {
    entry.problems.push(error instanceof Error ? error.message : String(error));
  }
}

async function takeTurn({ contestant, turns, problems }: Entry, seconds: number, cpu: string): Promise<void> {
  const [before, busyBefore, began] = [usageOf(contestant.pid), busyMicros(cpu), performance.now()];
  const report = await contestant.load(seconds);
  const [after, busyAfter, ended] = [usageOf(contestant.pid), busyMicros(cpu), performance.now()];
  problems.push(...report.problems, ...((await contestant.afterTurn?.(report)) ?? []));
  const cpuMicros = after.cpuMicros - before.cpuMicros;
  const disturbance = Math.max(0, (busyAfter - busyBefore - cpuMicros) / ((ended - began) * 1_000));
  if (problems.length === 0) turns.push({ cpuMicros, rssBytes: after.rssBytes, disturbance, report });
}

function noteOf(share: number): string {
  return share <= QUIET ? '' : ` (others took ${(share * 100).toFixed(0)} % of the core)`;
}

/** Which `count` rounds had the least noise; the earlier one of equals. Chosen by what others did, never by results. */
export function quietest(noise: readonly number[], count: number): ReadonlySet<number> {
  const rounds = noise.map((share, round) => ({ share, round })).sort((a, b) => a.share - b.share);
  return new Set(rounds.slice(0, count).map(({ round }) => round));
}

function lastTurnOf({ contestant, turns, problems }: Entry): string {
  const turn = turns.at(-1);
  if (problems.length > 0 || turn === undefined) return `${contestant.name} failed`;
  return `${contestant.name} ${perAnswer(turn).toFixed(1)} µs`;
}

const perAnswer = ({ cpuMicros, report }: Turn): number => cpuMicros / report.answers;

/** Turn by turn beside the reference; pure, for its test's sake. */
export function rowsOf(
  entries: readonly {
    readonly contestant: Pick<Contestant, 'name'>;
    readonly turns: readonly Turn[];
    readonly problems: readonly string[];
  }[],
  reference: string,
): readonly Row[] {
  const judged = entries.map((entry) => ({ ...entry, turns: entry.problems.length > 0 ? [] : entry.turns }));
  const references = judged.find(({ contestant }) => contestant.name === reference)?.turns.map(perAnswer) ?? [];
  return judged.map(({ contestant, turns, problems }) => {
    const rss = spreadOf(turns.map((turn) => turn.rssBytes / 1_048_576));
    const known = (pick: (report: LoadReport) => number | undefined): Spread | undefined =>
      spreadOf(turns.map((turn) => pick(turn.report)).filter((value) => value !== undefined));
    return {
      candidate: contestant.name,
      cpuMicros: spreadOf(turns.map(perAnswer)),
      ratio: ratioSpread(turns.map(perAnswer), references),
      perSecond: known(({ answers, seconds }) => answers / seconds),
      p50Ms: known(({ p50Ms }) => p50Ms),
      p99Ms: known(({ p99Ms }) => p99Ms),
      meanMs: known(({ meanMs }) => meanMs),
      rssMiB: rss?.most,
      problems,
    };
  });
}
