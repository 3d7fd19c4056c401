/** One scenario measured: every contestant verified, then turns of all of them, one after the other, again and again. */
import { perAnswer, type Row, rowsOf, type Turn } from './contest-rows.ts';
import type { LoadReport } from './load-report.ts';
import type { Pace, Venue } from './measurement.ts';
import { needsRound, noteOf, quietest } from './quiet.ts';
import { type Spread, spreadOf } from './statistics.ts';
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
  readonly name: string;
  readonly title: string;
  readonly unit: 'request' | 'query';
  /** Whose CPU per request the others' are divided by. */
  readonly reference: string;
  /** All are asked equally often, so that how long they take can be compared. */
  readonly isAtFixedRate?: boolean;
  open(venue: Venue): Promise<Opened>;
  close(venue: Venue): Promise<void>;
}

export interface Opened {
  /** Ready to be asked. */
  readonly contestants: readonly Contestant[];
  /** Why others are missing. */
  readonly skipped: readonly string[];
  /** What a reader of the table should know, in whole sentences. */
  readonly remarks?: readonly string[];
}

export interface Result {
  readonly name: string;
  readonly title: string;
  readonly unit: Scenario['unit'];
  readonly reference: string;
  readonly isAtFixedRate: boolean;
  readonly remarks: readonly string[];
  readonly turns: number;
  readonly seconds: number;
  readonly rows: readonly Row[];
  readonly skipped: readonly string[];
  /** Share of the measured core that other processes took during the turns, 0 to 1: what the figures suffer from. */
  readonly disturbance: Spread | undefined;
  /** Milliseconds that 99 of 100 requests left late at most, through the load's own fault. */
  readonly lateness: Spread | undefined;
}

interface Entry {
  readonly contestant: Contestant;
  readonly turns: Turn[];
  readonly problems: string[];
}

/** Measures; a contestant with any problem loses its figures, the others go on. */
export async function runScenario(
  scenario: Scenario,
  venue: Venue,
  pace: Pace,
  tell: (line: string) => void,
): Promise<Result> {
  const cpu = String(venue.stage.cpus.proxy[0]);
  try {
    const { contestants, skipped, remarks = [] } = await scenario.open(venue);
    const entries = contestants.map((contestant): Entry => ({ contestant, turns: [], problems: [] }));
    for (const entry of entries) await guarded(entry, () => entry.contestant.verify());
    for (const entry of entries) await guarded(entry, () => takeTurn(entry, pace.warmUpSeconds, cpu));
    for (const { turns } of entries) turns.pop();
    const noise: number[] = [];
    while (needsRound(noise, pace.turns)) {
      const round = noise.length;
      // Another one begins each time, so that none always follows the same neighbour.
      const order = entries.map((_, i) => entries[(i + round) % entries.length] as Entry);
      for (const entry of order) await guarded(entry, () => takeTurn(entry, pace.seconds, cpu));
      noise.push(Math.max(0, ...entries.map(({ turns }) => turns[round]?.disturbance ?? 0)));
      tell(`turn ${round + 1}: ${entries.map(lastTurnOf).join(', ')}${noteOf(noise.at(-1) ?? 0)}`);
    }
    const chosen = quietest(noise, pace.turns);
    for (const { turns } of entries) turns.splice(0, turns.length, ...turns.filter((_, round) => chosen.has(round)));
    const { name, title, unit, reference, isAtFixedRate = false } = scenario;
    const { turns, seconds } = pace;
    const disturbance = spreadOf(entries.flatMap((entry) => entry.turns.map((turn) => turn.disturbance)));
    const late = entries.flatMap((entry) => entry.turns.map((turn) => turn.report.lateP99Ms));
    const lateness = spreadOf(late.filter((value) => value !== undefined));
    const rows = rowsOf(entries, reference);
    const told = { name, title, unit, reference, isAtFixedRate, remarks, turns, seconds };
    return { ...told, rows, skipped, disturbance, lateness };
  } finally {
    await scenario.close(venue);
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

function lastTurnOf({ contestant, turns, problems }: Entry): string {
  const turn = turns.at(-1);
  if (problems.length > 0 || turn === undefined) return `${contestant.name} failed`;
  return `${contestant.name} ${perAnswer(turn).toFixed(1)} µs`;
}
