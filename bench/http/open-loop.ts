/**
 * Load at a fixed rate, whatever the answers take: requests arrive by chance at their own times, and latency counts
 * from the time at which one was due, not from when a connection was free for it. So a proxy that stands still for a
 * while pays for everyone who came meanwhile, as its users would.
 *
 *   node open-loop.ts --port N --rate PER_SECOND --seconds N --connections N --seed N
 *
 * Prints a load report as JSON. (h2load's `--rps` asks a connection for its next request only after the answer to the
 * one before, and counts from then; wrk has no rate at all.)
 */
import { setImmediate } from 'node:timers';
import { parseArgs } from 'node:util';
import type { LoadReport } from '../load-report.ts';
import { arrivalGaps, percentileOf } from './arrivals.ts';
import { OpenLoopConnection } from './open-loop-connection.ts';
import { USERS } from './wrk-script.ts';

/** Latencies of the first requests are left out: connections are new, and this program's code is not compiled yet. */
const SETTLE_MS = 500;
/** After the last arrival, for what is still under way. */
const GRACE_MS = 2_000;
/** Longest rest between two looks at the clock and the sockets; Linux adds some 50 µs to each. */
const REST_MS = 0.05;
const MOST_FAILURES = 100;
const MOST_WAITING = 100_000;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '' },
    rate: { type: 'string', default: '' },
    seconds: { type: 'string', default: '' },
    connections: { type: 'string', default: '' },
    seed: { type: 'string', default: '1' },
  },
});
const [port, rate, seconds, connections] = [values.port, values.rate, values.seconds, values.connections].map(Number);
if (!port || !rate || !seconds || !connections) throw new Error('takes --port, --rate, --seconds and --connections');

const requests = Array.from(
  { length: USERS },
  (_, i) => `GET /small HTTP/1.1\r\nHost: users.example.org\r\nx-user-id: user-${i + 1}\r\n\r\n`,
);
const nextGap = arrivalGaps(rate, Number(values.seed));
const restCell = new Int32Array(new SharedArrayBuffer(4));

const free: OpenLoopConnection[] = [];
/** When those were due that wait for a connection. */
const waiting: number[] = [];
const latencies: number[] = [];
const latenesses: number[] = [];
const failures = new Map<string, number>();
let [sent, answers, failed] = [0, 0, 0];

const beganMs = performance.now();
const endMs = beganMs + seconds * 1_000;
let nextDueMs = beganMs + nextGap();

const all = Array.from(
  { length: connections },
  () =>
    new OpenLoopConnection(port, {
      answered(connection, dueMs) {
        answers += 1;
        if (dueMs >= beganMs + SETTLE_MS) latencies.push(performance.now() - dueMs);
        reuse(connection);
      },
      failed(connection, why) {
        failed += 1;
        failures.set(why, (failures.get(why) ?? 0) + 1);
        reuse(connection);
      },
    }),
);
free.push(...all);
setImmediate(turn);

/** Whoever waits longest comes first. */
function reuse(connection: OpenLoopConnection): void {
  const dueMs = waiting.shift();
  if (dueMs === undefined) free.push(connection);
  else send(connection, dueMs);
}

function send(connection: OpenLoopConnection, dueMs: number): void {
  sent += 1;
  connection.send(requests[sent % USERS] as string, dueMs);
}

/** Once in a round of the event loop: what is due leaves, and then there is a rest, until the next look at the sockets. */
function turn(): void {
  const nowMs = performance.now();
  while (nextDueMs <= nowMs && nextDueMs < endMs) {
    const connection = free.shift();
    if (connection === undefined) waiting.push(nextDueMs);
    else {
      latenesses.push(performance.now() - nextDueMs);
      send(connection, nextDueMs);
    }
    nextDueMs += nextGap();
  }
  const isOver = nowMs >= endMs && (free.length === all.length || nowMs >= endMs + GRACE_MS);
  if (isOver || failed > MOST_FAILURES || waiting.length > MOST_WAITING) {
    finish(nowMs);
    return;
  }
  const restMs = Math.min(REST_MS, nextDueMs - performance.now());
  if (restMs > 0) Atomics.wait(restCell, 0, 0, restMs);
  setImmediate(turn);
}

function finish(nowMs: number): void {
  // Who has no answer by now has waited for so long at least.
  const unanswered = [...waiting, ...all.map((it) => it.dueMs).filter((dueMs) => !Number.isNaN(dueMs))];
  for (const connection of all) connection.close();
  const sorted = Float64Array.from([...latencies, ...unanswered.map((dueMs) => nowMs - dueMs)]).sort();
  const report: LoadReport = {
    answers,
    seconds: (Math.min(nowMs, endMs) - beganMs) / 1_000,
    p50Ms: percentileOf(sorted, 50),
    p99Ms: percentileOf(sorted, 99),
    meanMs: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
    lateP99Ms: percentileOf(Float64Array.from(latenesses).sort(), 99),
    problems: [
      ...[...failures].map(([why, count]) => `${count} requests: ${why}`),
      ...(answers === 0 && failed === 0 ? ['nothing was answered'] : []),
    ],
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}
