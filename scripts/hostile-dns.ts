/**
 * `node scripts/hostile-dns.ts --seconds S --packets N --seed N`: the name server under hostile datagrams (noise, damaged
 * queries, answers, transfers, false counts, pointers and options) and connections, while a well-behaved client asks
 * beside. Prints what came back and what the program held; ends with 1 when anything was not as it must be.
 */
import { parseArgs } from 'node:util';
import { faultsOf, showHostileDns } from '../test/support/hostile-dns.ts';
import { HOSTILE_KINDS } from '../test/support/hostile-dns-packets.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    packets: { type: 'string', default: '60000' },
    seed: { type: 'string', default: '1' },
  },
});
const [seconds, packets, seed] = [values.seconds, values.packets, values.seed].map(Number) as [number, number, number];
if (![seconds, packets, seed].every((it) => Number.isSafeInteger(it) && it > 0)) {
  throw new Error('usage: hostile-dns --seconds S --packets N --seed N');
}

const result = await showHostileDns({ seconds, packets, seed });
const { sent, bytesIn, answers, bytesOut, worst, rssMb, files } = result;
const mb = (value: number): string => `${value.toFixed(0)} MiB`;
const rows: readonly (readonly [string, string | number])[] = [
  ['hostile datagrams', `${sent} of ${HOSTILE_KINDS.length} kinds, ${bytesIn} octets`],
  ['their answers', `${answers}, ${bytesOut} octets: ${(bytesOut / bytesIn).toFixed(2)} times as many`],
  ['the worst of them', `${worst.ratio.toFixed(2)} times its query`],
  ['answers to answers, or to less than a header', result.forbidden],
  ['hostile connections', result.connections],
  ['questions beside them / lost or wrongly answered', `${result.asked} / ${result.failures.length}`],
  ['memory before / most / after', [rssMb.before, rssMb.peak, rssMb.after].map(mb).join(' / ')],
  ['files and sockets before / most / after', [files.before, files.peak, files.after].join(' / ')],
];
for (const [what, value] of rows) console.log(`${what.padEnd(50)}${value}`);
const faults = faultsOf(result);
for (const fault of faults) console.log(`FAULT ${fault}`);
process.exitCode = faults.length > 0 ? 1 : 0;
