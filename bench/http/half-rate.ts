/** The row in which all are asked equally often: at half of what HAProxy can do, how long does an answer take? */
import { join } from 'node:path';
import type { Scenario } from '../contest.ts';
import type { LoadReport } from '../load-report.ts';
import { programOf, type Stage } from '../stage.ts';
import { usageOf } from '../usage.ts';
import { HAPROXY } from './candidates.ts';
import { contestantOf, type Entrant, endAll, enterAll, missingForHttp, wrkLoad } from './contestants.ts';

const CONNECTIONS = 64;
const PROGRAM = join(import.meta.dirname, 'open-loop.ts');
/** Of the closed loop that finds what a candidate can do: a program that compiles as it goes needs the first. */
const [WARM_UP_SECONDS, PROBE_SECONDS, PROBES] = [1, 2, 2];
/** Near its most a program's queues have no end, and say only that it is near its most. */
const MARGIN = 1.15;

/** The best of the probes: others on the machine can only make it worse. */
interface Ability {
  readonly perSecond: number;
  /** What one core is enough for, at the CPU that a request took. */
  readonly perCore: number;
}

/** Its rate is half of HAProxy's. */
export function missingForHalfRate(): string | undefined {
  return missingForHttp() ?? (programOf('haproxy') === undefined ? 'package haproxy' : undefined);
}

const pids: number[] = [];

export const HALF_RATE_SCENARIO: Scenario = {
  name: 'http-get-half-rate',
  title: `GET, 150-byte answer, at half of HAProxy’s maximum rate, ${CONNECTIONS} connections`,
  unit: 'request',
  reference: HAPROXY,
  isAtFixedRate: true,
  async open(venue) {
    const { stage } = venue;
    const { entrants, skipped } = await enterAll(venue, 'http', pids);
    const abilities = await abilitiesOf(stage, entrants);
    const reference = abilities.get(HAPROXY)?.perSecond;
    if (reference === undefined) throw new Error(`${HAPROXY} has no maximum: there is no rate to ask at`);
    const rate = Math.round(reference / 2);
    const perCore = ({ name }: Entrant): number => abilities.get(name)?.perCore ?? 0;
    const isFast = (entrant: Entrant): boolean => perCore(entrant) >= rate * MARGIN;
    const tooSlow = entrants.filter((it) => !isFast(it)).map((it) => `${it.name}: ${tellMost(perCore(it))}`);
    const turnOf = new Map<string, number>();
    return {
      contestants: entrants.filter(isFast).map((entrant) => ({
        ...contestantOf(entrant, 'http'),
        load: (seconds: number) => {
          const turn = (turnOf.get(entrant.name) ?? 0) + 1;
          turnOf.set(entrant.name, turn);
          return openLoop(stage, { port: entrant.port, rate, seconds, seed: turn });
        },
      })),
      skipped: [...skipped, ...tooSlow],
      remarks: [
        `In a closed loop HAProxy answered ${Math.round(reference)} requests/s; each was then asked ${rate} per second,`,
        'arriving by chance, the same for all; latency counts from when a request was due.',
      ],
    };
  },
  close: ({ stage }) => endAll(stage, pids),
};

function tellMost(perCore: number): string {
  return `one core is enough for ${Math.round(perCore)} requests/s of it, too near to the rate or below it`;
}

async function abilitiesOf(stage: Stage, entrants: readonly Entrant[]): Promise<ReadonlyMap<string, Ability>> {
  const load = await wrkLoad(stage, { method: 'GET', path: '/small', connections: CONNECTIONS, name: 'most' });
  const best = new Map<string, Ability>();
  for (const { port, proxy } of entrants) {
    const { answers } = await load(port, WARM_UP_SECONDS);
    await proxy.checkLog?.(answers);
  }
  for (let probe = 0; probe < PROBES; probe += 1) {
    for (const { name, port, proxy } of entrants) {
      const before = usageOf(proxy.started.pid).cpuMicros;
      const { answers, seconds, problems } = await load(port, PROBE_SECONDS);
      const cpuMicros = usageOf(proxy.started.pid).cpuMicros - before;
      await proxy.checkLog?.(answers);
      const { perSecond = 0, perCore = 0 } = best.get(name) ?? {};
      if (problems.length > 0) continue;
      best.set(name, {
        perSecond: Math.max(perSecond, answers / seconds),
        perCore: Math.max(perCore, (answers * 1e6) / cpuMicros),
      });
    }
  }
  return best;
}

interface Asked {
  readonly port: number;
  readonly rate: number;
  readonly seconds: number;
  readonly seed: number;
}

async function openLoop(stage: Stage, asked: Asked): Promise<LoadReport> {
  const options = Object.entries({ ...asked, connections: CONNECTIONS }).flatMap(([key, it]) => [`--${key}`, `${it}`]);
  return JSON.parse(await stage.run('load', [process.execPath, PROGRAM, ...options])) as LoadReport;
}
