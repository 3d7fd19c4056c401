/**
 * `node scripts/leader.ts --runs N [--only killed,hung,"cut off",drained] [--ttl 10s] [--delay 1s]`: pairs of sidecars
 * in network namespaces, each with an address of its own, whose leader is killed, stopped, cut off from Consul or drained
 * again and again, a pair for each event and all at the same time: 20 runs of all four take 6 minutes with the TTL of 10 s.
 * Prints each run on standard error, and at the end how long the address took to move, how long clients went without an
 * answer, and how long both machines had it; ends with 1 when that was longer than promised, or a run did not end. Takes
 * root, `ip` and `arping`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { parseDurationMs } from '../src/duration.ts';
import { EVENTS, type LeaderEvent, type Takeover } from '../test/support/leader-pair.ts';
import { LeaderPairs } from '../test/support/leader-pairs.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    only: { type: 'string', default: EVENTS.join(',') },
    ttl: { type: 'string', default: '10s' },
    delay: { type: 'string', default: '1s' },
  },
});
const runs = Number(values.runs);
const events = EVENTS.filter((event) => values.only.split(',').includes(event));
const [ttlMs, delayMs] = [parseDurationMs(values.ttl), parseDurationMs(values.delay)];
if (!Number.isSafeInteger(runs) || runs < 1 || events.length === 0 || ttlMs === undefined || delayMs === undefined) {
  throw new Error('usage: leader --runs N --only killed,hung,"cut off",drained --ttl 10s --delay 1s');
}
const limitMs = ttlMs + delayMs + 1_000;

const nameOf = (event: LeaderEvent): string => `pair${EVENTS.indexOf(event)}`;
const pairs = await LeaderPairs.start(
  events.map((event, index) => ({
    name: nameOf(event),
    address: `10.77.0.${100 + index}/24`,
    sessionTtl: values.ttl,
    lockDelay: values.delay,
  })),
);
const beganAt = performance.now();
try {
  const rows = events.map((event) => ({ event, takeovers: [] as Takeover[] }));
  const ends = await Promise.allSettled(rows.map((row) => repeat(row, ttlMs)));
  print(rows);
  for (const end of ends) if (end.status === 'rejected') fail(end.reason);
} finally {
  await pairs.close();
}
// What the machines leave behind in this process must not keep it.
process.exit();

interface Row {
  readonly event: LeaderEvent;
  readonly takeovers: Takeover[];
}

async function repeat({ event, takeovers }: Row, periodMs: number): Promise<void> {
  for (let run = 1; run <= runs; run += 1) {
    // At any moment between two renewals.
    await sleep(1_000 + (Math.random() * periodMs) / 3);
    const takeover = await pairs.pair(nameOf(event)).afflict(event);
    takeovers.push(takeover);
    const { leftMs, movedMs, answeredMs, bothMs } = takeover;
    const atSeconds = ((performance.now() - beganAt) / 1_000).toFixed(0);
    const times = `gone after ${leftMs} ms, moved after ${movedMs}, answers after ${answeredMs}, on both ${bothMs}`;
    console.error(`${atSeconds.padStart(5)} s  ${event} ${run}/${runs}: ${times}`);
  }
}

function fail(reason: unknown): void {
  console.error(reason);
  process.exitCode = 1;
}

function print(rows: readonly Row[]): void {
  const minutes = ((performance.now() - beganAt) / 60_000).toFixed(1);
  console.log(
    `${runs} runs of each in ${minutes} min, session_ttl ${values.ttl}, lock_delay ${values.delay}; milliseconds, median / most`,
  );
  console.log(
    `${'the leader was'.padEnd(16)}${'gone after'.padEnd(18)}${'moved after'.padEnd(18)}${'answers after'.padEnd(18)}on both`,
  );
  for (const { event, takeovers } of rows.filter((row) => row.takeovers.length > 0)) {
    const cell = (of: (takeover: Takeover) => number): string => {
      const sorted = takeovers.map(of).toSorted((a, b) => a - b);
      return `${sorted[Math.floor(sorted.length / 2)]} / ${sorted.at(-1)}`;
    };
    const cells = [cell((it) => it.leftMs), cell((it) => it.movedMs), cell((it) => it.answeredMs)];
    const bothMs = Math.max(...takeovers.map((it) => it.bothMs), pairs.pair(nameOf(event)).bothMs);
    console.log(`${event.padEnd(16)}${cells.map((it) => it.padEnd(18)).join('')}${bothMs}`);
    if (bothMs > 0 || takeovers.some((it) => it.answeredMs > limitMs)) process.exitCode = 1;
  }
}
