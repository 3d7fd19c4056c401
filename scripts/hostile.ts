/**
 * `node scripts/hostile.ts --seconds S`: the program under three attacks at once (fuzzed requests, slow connections,
 * resets), each from a process of its own, while a well-behaved client works beside. Prints what each did and what the
 * program held before, at most and after; ends with 1 when the client lost anything or the program kept anything.
 * `--memory` measures instead what one client can make the program hold, beside what it has to send for that.
 */
import { parseArgs } from 'node:util';
import { measureHeld } from '../test/support/hostile-memory.ts';
import { faultsOf, showHostile } from '../test/support/hostile-show.ts';

/** A connection costs its client about as much in the kernel, whatever it sends. */
const OWN_SOCKET_BYTES = 4_096;
const MAX_RATIO = 100;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    requests: { type: 'string', default: '200' },
    slow: { type: 'string', default: '200' },
    resets: { type: 'string', default: '500' },
    fuzzers: { type: 'string', default: '32' },
    memory: { type: 'boolean', default: false },
  },
});
const [seconds, seed, requests, slow, resets, fuzzers] = [
  values.seconds,
  values.seed,
  values.requests,
  values.slow,
  values.resets,
  values.fuzzers,
].map(Number) as [number, number, number, number, number, number];
if (![seconds, seed, requests, slow, resets, fuzzers].every((it) => Number.isSafeInteger(it) && it > 0)) {
  throw new Error('usage: hostile --seconds S --seed N --requests N --slow N --resets N --fuzzers N');
}

if (values.memory) await printHeld();
else await printShow();

async function printShow(): Promise<void> {
  const result = await showHostile({ seconds, seed, requests, slow, resets, fuzzers });
  const { rssMb, files } = result;
  const done = new Map(result.attacks.map((report) => [report.kind, report]));
  const mb = (value: number): string => `${value.toFixed(0)} MiB`;
  const rows: readonly (readonly [string, string | number])[] = [
    ['fuzzed inputs', done.get('fuzz')?.done ?? 0],
    ['resets', done.get('resets')?.done ?? 0],
    ['slow connections opened / kept', `${done.get('slow')?.done ?? 0} / ${done.get('slow')?.open ?? 0}`],
    ['requests beside them: sent / answered', `${result.sent} / ${result.answered}`],
    ['lost or wrongly answered', result.failures.length],
    ['executed twice', result.executedTwice],
    ['longest answer', `${result.maxMs.toFixed(0)} ms`],
    ['answers seen by a stranger', result.attacks.reduce((sum, { strangers }) => sum + strangers, 0)],
    ['connections to a place not configured', result.decoyed],
    ['memory before / most / after', [rssMb.before, rssMb.peak, rssMb.after].map(mb).join(' / ')],
    ['files and sockets before / most / after', [files.before, files.peak, files.after].join(' / ')],
  ];
  for (const [what, value] of rows) console.log(`${what.padEnd(42)}${value}`);
  const faults = faultsOf(result);
  for (const fault of faults) console.log(`FAULT ${fault}`);
  process.exitCode = faults.length > 0 ? 1 : 0;
}

async function printHeld(): Promise<void> {
  const kib = (bytes: number): string => `${(bytes / 1_024).toFixed(1)} KiB`;
  for (const { what, connections, sentBytes, heldBytes } of await measureHeld()) {
    const ratio = heldBytes / (sentBytes + OWN_SOCKET_BYTES);
    console.log(
      `${what.padEnd(46)}${String(connections).padStart(5)} × sent ${kib(sentBytes)}, held ${kib(heldBytes)}: ${ratio.toFixed(1)} ×`,
    );
    if (ratio > MAX_RATIO) process.exitCode = 1;
  }
}
