/**
 * `node scripts/dns-differential.ts [--count N] [--seed N]`: the same zones in Knot DNS (`knotd`) and here, N questions to
 * both. Prints every difference; ends with 1 when there was one.
 */
import { parseArgs } from 'node:util';
import { compareWithKnot } from '../test/support/dns-differential.ts';

const { values } = parseArgs({
  options: { count: { type: 'string', default: '10000' }, seed: { type: 'string', default: '1' } },
});
const [count, seed] = [Number(values.count), Number(values.seed)];
if (!Number.isSafeInteger(count) || !Number.isSafeInteger(seed)) throw new Error('usage: --count N --seed N');

const differences = await compareWithKnot(count, seed);
for (const { question, here, knot } of differences) console.log(`${question}\n  here ${here}\n  knot ${knot}`);
console.log(`${count} questions, ${differences.length} differences`);
process.exitCode = differences.length > 0 ? 1 : 0;
