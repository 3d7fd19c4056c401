/** From the turns of a contest to the rows of its table. */
import type { Contestant } from './contest.ts';
import type { LoadReport } from './load-report.ts';
import { differenceSpread, ratioSpread, type Spread, spreadOf } from './statistics.ts';

export interface Turn {
  readonly cpuMicros: number;
  readonly rssBytes: number;
  /** Share of the core that others took. */
  readonly disturbance: number;
  readonly report: LoadReport;
}

export interface Row {
  readonly candidate: string;
  readonly cpuMicros: Spread | undefined;
  /** To the reference of the same turn. */
  readonly ratio: Spread | undefined;
  readonly perSecond: Spread | undefined;
  readonly p50Ms: Spread | undefined;
  readonly p99Ms: Spread | undefined;
  /** Above the reference's of the same turn; below it, it is negative. */
  readonly p99OverMs: Spread | undefined;
  readonly meanMs: Spread | undefined;
  readonly rssMiB: number | undefined;
  /** What was wrong; a row with any has no figures. */
  readonly problems: readonly string[];
}

/** CPU microseconds. */
export const perAnswer = ({ cpuMicros, report }: Turn): number => cpuMicros / report.answers;

/** Turn by turn beside the reference. A contestant with a problem has no figures. */
export function rowsOf(
  entries: readonly {
    readonly contestant: Pick<Contestant, 'name'>;
    readonly turns: readonly Turn[];
    readonly problems: readonly string[];
  }[],
  reference: string,
): readonly Row[] {
  const judged = entries.map((entry) => ({ ...entry, turns: entry.problems.length > 0 ? [] : entry.turns }));
  const referenceTurns = judged.find(({ contestant }) => contestant.name === reference)?.turns ?? [];
  const references = referenceTurns.map(perAnswer);
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
      p99OverMs: differenceSpread(
        turns.map((turn) => turn.report.p99Ms),
        referenceTurns.map((turn) => turn.report.p99Ms),
      ),
      meanMs: known(({ meanMs }) => meanMs),
      rssMiB: rss?.most,
      problems,
    };
  });
}
