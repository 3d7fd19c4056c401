/** The primary flaps once a second: half a second stopped, half a second running. How often does the answer change? */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Seen } from './answer-watch.ts';
import { NAME, Pair } from './pair.ts';
import { type Effort, type Row, type ShownFigure, seconds } from './row.ts';

/** Quick enough to see each flap; damping as it is unless set. */
const RECORD = `
probe: { http: { port: $PORT, path: /ready }, interval: 100ms, timeout: 300ms, fall: 1, rise: 1 }
ttl: { min: 0s, max: 5s }`;
const FLAPS = 20;
const HALF_MS = 500;
/** `max_hold` and what it takes to see its end. */
const LONGEST_HOLD_MS = 70_000;

export const FLAPPING_ROW: Row = { name: 'flapping', show: showFlapping };

async function showFlapping({ say }: Effort): Promise<ShownFigure> {
  const pair = await Pair.start({ record: RECORD });
  try {
    const { primary, watch, server } = pair;
    const beginMs = performance.now();
    const alreadyLogged = server.output.length;
    for (let flap = 1; flap <= FLAPS; flap++) {
      primary.signal('SIGSTOP');
      await sleep(HALF_MS);
      primary.signal('SIGCONT');
      await sleep(HALF_MS);
      if (flap % 5 === 0)
        say(`flapping: ${flap} of ${FLAPS}, answers so far: ${watch.changesSince(beginMs).join(', ')}`);
    }
    const steadyMs = performance.now();
    const isBack = ({ answer }: Seen): boolean => answer === primary.host;
    const back = await watch.until(isBack, { what: 'the primary to be taken back', withinMs: LONGEST_HOLD_MS });
    return figureOf({
      answers: watch.changesSince(beginMs),
      parts: partsOf(eventsIn(server.output.slice(alreadyLogged))),
      backMs: back.atMs - steadyMs,
    });
  } finally {
    await pair.close();
  }
}

type Event = 'changed' | 'held' | 'let go';

const EVENT_OF: Readonly<Record<string, Event>> = {
  'dns answer changed': 'changed',
  'dns member is held': 'held',
  'dns member is held no longer': 'let go',
};

/** What the name server's log tells of the name, in order. */
function eventsIn(output: string): readonly Event[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { readonly msg: string; readonly name?: string })
    .flatMap(({ msg, name }) => (name === NAME && EVENT_OF[msg] !== undefined ? [EVENT_OF[msg]] : []));
}

interface Parts {
  /** Changes of the answer before the first hold, and after each. */
  readonly free: readonly number[];
  /** Changes in each hold, with the one that begins it. */
  readonly held: readonly number[];
}

export function partsOf(events: readonly Event[]): Parts {
  const free = [0];
  const held: number[] = [];
  let present = free;
  for (const event of events) {
    if (event === 'changed') present.push((present.pop() ?? 0) + 1);
    else {
      present = event === 'held' ? held : free;
      present.push(0);
    }
  }
  return { free, held };
}

interface Outcome {
  /** As they changed, seen from outside. */
  readonly answers: readonly string[];
  readonly parts: Parts;
  readonly backMs: number;
}

function figureOf({ answers, parts: { free, held }, backMs }: Outcome): ShownFigure {
  const most = Math.max(0, ...held);
  const broken = [
    ...(held.length === 0 ? ['the primary was never held'] : []),
    ...(most > 1 ? [`${most} changes in one hold`] : []),
  ];
  return {
    name: 'flapping',
    table: [
      [`${FLAPS} s of flapping at 1 Hz, then steady`, ''],
      ['changes of the answer before the first hold', String(free[0])],
      ['holds', String(held.length)],
      ['most changes in a hold, with the one that begins it', String(most)],
      ['the primary is back in the answer after being steady for', seconds(backMs)],
      ['changes in all, seen from outside', String(answers.length - 1)],
    ],
    note: '`node scripts/failover.ts --only flapping`: SIGSTOP and SIGCONT every 500 ms, probed every 100 ms, `fall` and `rise` 1, `damping` as it is unless set.',
    broken,
    values: { answers, free, held, backMs },
  };
}
