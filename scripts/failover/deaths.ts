/** The primary dies in one of three ways, again and again, each time at another moment between two probes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { spreadOf } from '../../bench/statistics.ts';
import type { Seen } from './answer-watch.ts';
import { Machine } from './machine.ts';
import { Pair, type Window } from './pair.ts';
import { type Effort, type Row, type ShownFigure, seconds } from './row.ts';

/** What is wanted of an interval of 1 s and three probes, whatever the failure. */
const MOST_CHANGE_MS = 3_600;
const INTERVAL_MS = 1_000;
const FALL = 3;
const RECORD = `
probe: { http: { port: $PORT, path: /ready }, interval: 1s, timeout: 500ms, fall: 3, rise: 1 }
ttl: { min: 1s, max: 5s }
damping: off`;

interface Death {
  readonly title: string;
  readonly strike: (pair: Pair, machine: Machine | undefined) => unknown;
  readonly revive: (pair: Pair, machine: Machine | undefined) => unknown;
}

const DEATHS: Readonly<Record<Window['failure'], Death>> = {
  killed: {
    title: 'SIGKILL of the primary',
    strike: ({ primary }) => primary.signal('SIGKILL'),
    revive: ({ primary }) => primary.start(),
  },
  hung: {
    title: 'SIGSTOP of the primary',
    strike: ({ primary }) => primary.signal('SIGSTOP'),
    revive: ({ primary }) => primary.signal('SIGCONT'),
  },
  cut: {
    title: 'network of the primary cut',
    strike: (_pair, machine) => machine?.cut(),
    revive: (_pair, machine) => machine?.join(),
  },
};

/** Milliseconds since the failure. */
export interface Failover {
  readonly firstWithoutMs: number;
  readonly lastWithMs: number;
  /** When a cache that took the last of its answers, and honours the TTL, has forgotten the primary. */
  readonly forgottenMs: number;
}

export const DEATH_ROWS: readonly Row[] = (['killed', 'hung', 'cut'] as const).map((failure) => ({
  name: failure,
  obstacle: ({ hasNamespaces }) =>
    failure === 'cut' && !hasNamespaces ? 'needs root and network namespaces (Linux)' : undefined,
  show: (effort) => showDeath(failure, effort),
}));

async function showDeath(failure: Window['failure'], { runs, say }: Effort): Promise<ShownFigure> {
  const machine = failure === 'cut' ? await Machine.start() : undefined;
  try {
    const place = machine === undefined ? {} : { host: machine.host, within: machine.within };
    const pair = await Pair.start({ record: RECORD, ...place });
    try {
      const window = (await pair.windows()).find((it) => it.failure === failure);
      if (window === undefined) throw new Error(`dns-window does not know ${failure}`);
      const failovers: Failover[] = [];
      for (let turn = 1; turn <= runs; turn++) {
        const failover = await failOver(pair, DEATHS[failure], machine);
        failovers.push(failover);
        say(`${failure} ${turn} of ${runs}: another answer after ${seconds(failover.firstWithoutMs)}`);
      }
      return deathFigure(failure, failovers, window);
    } finally {
      await pair.close();
    }
  } finally {
    await machine?.close();
  }
}

async function failOver(pair: Pair, death: Death, machine: Machine | undefined): Promise<Failover> {
  const { watch, primary } = pair;
  // The longest TTL: no probe of the primary has failed.
  const isSteady = ({ answer, ttlSeconds }: Seen): boolean => answer === primary.host && ttlSeconds === FALL;
  await watch.until(isSteady, { what: 'the primary to be steady' });
  await sleep(Math.random() * INTERVAL_MS);
  watch.seen.length = 0;
  const struckAtMs = performance.now();
  await death.strike(pair, machine);
  const without = await watch.until(({ answer }) => answer !== primary.host, { what: 'an answer without it' });
  // An answer with it behind the first without it would count as well.
  await sleep(100);
  await death.revive(pair, machine);
  return failoverOf(watch.seen, { gone: primary.host, struckAtMs, without });
}

interface Strike {
  readonly gone: string;
  readonly struckAtMs: number;
  readonly without: Seen;
}

/** From the answers since a little before the failure, in order. */
export function failoverOf(seen: readonly Seen[], { gone, struckAtMs, without }: Strike): Failover {
  const untilRevived = seen.filter(({ answer, atMs }) => answer === gone && atMs < without.atMs + 100);
  const ends = untilRevived.map(({ atMs, ttlSeconds }) => atMs + ttlSeconds * 1_000);
  return {
    firstWithoutMs: without.atMs - struckAtMs,
    lastWithMs: Math.max(...untilRevived.map(({ atMs }) => atMs)) - struckAtMs,
    forgottenMs: Math.max(...ends) - struckAtMs,
  };
}

/** The table of one kind of death against what was calculated of it. */
export function deathFigure(
  failure: Window['failure'],
  failovers: readonly Failover[],
  window: Pick<Window, 'detection_ms' | 'propagation_ms' | 'total_ms'>,
): ShownFigure {
  const changeMs = window.detection_ms + window.propagation_ms;
  const lines = [
    { what: 'first answer without it', of: (it: Failover) => it.firstWithoutMs, limitMs: changeMs },
    { what: 'last answer with it', of: (it: Failover) => it.lastWithMs, limitMs: changeMs },
    { what: 'last cache has forgotten it', of: (it: Failover) => it.forgottenMs, limitMs: window.total_ms },
  ].map(({ what, of, limitMs }) => ({ what, limitMs, spread: spreadOf(failovers.map(of)) }));
  const broken = lines.flatMap(({ what, limitMs, spread }) =>
    spread === undefined || spread.most <= limitMs
      ? []
      : [`${what}: ${seconds(spread.most)}, above ${seconds(limitMs)}`],
  );
  const most = Math.max(...failovers.map((it) => it.firstWithoutMs));
  if (most > MOST_CHANGE_MS) broken.push(`the answer changed after ${seconds(most)}, above ${seconds(MOST_CHANGE_MS)}`);
  const { title } = DEATHS[failure];
  return {
    name: failure,
    table: [
      [`${title}, ${failovers.length} times`, 'median', 'least', 'most', 'dns-window'],
      ...lines.map(({ what, limitMs, spread }) => [
        what,
        ...[spread?.median, spread?.least, spread?.most].map((ms) => (ms === undefined ? '–' : seconds(ms))),
        seconds(limitMs),
      ]),
    ],
    note: `\`node scripts/failover.ts --only ${failure} --runs ${failovers.length}\`: probed every 1 s, timeout 500 ms, down after 3; TTL 1 s to 5 s; asked every 5 ms.`,
    broken,
    values: { failovers, window },
  };
}
