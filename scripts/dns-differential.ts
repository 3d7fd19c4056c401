/**
 * `node scripts/dns-differential.ts [--count N] [--seed N] [--random TIMES]`: the same zones in Knot DNS (`knotd`) and
 * here, N questions to both; with `--random` zones that are put together by chance, so many times others. Prints every
 * difference; ends with 1 when there was one.
 */
import { parseArgs } from 'node:util';
import { compareRandomZones, compareWithKnot } from '../test/support/dns-differential.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    random: { type: 'string', default: '0' },
  },
});
const [count, seed, random] = [Number(values.count), Number(values.seed), Number(values.random)];
if (![count, seed, random].every(Number.isSafeInteger)) throw new Error('usage: --count N --seed N --random TIMES');

const differences = await (random > 0 ? compareRandomZones(random, count, seed) : compareWithKnot(count, seed));
for (const { question, here, knot } of differences) console.log(`${question}\n  here ${here}\n  knot ${knot}`);
console.log(`${Math.max(random, 1) * count} questions, ${differences.length} differences`);
process.exitCode = differences.length > 0 ? 1 : 0;
