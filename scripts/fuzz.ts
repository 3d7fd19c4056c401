/**
 * `node scripts/fuzz.ts --seed N --seconds S`: damaged HTTP/1.1 messages through the codec, judged by what is sent on and
 * by Node's own parser. Prints every hit with the text that makes it; ends with 1 when there was one.
 * `--only N` tries input N alone, as a hit names it.
 */
import { parseArgs } from 'node:util';
import { fuzz } from '../test/support/fuzz.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '10' },
    only: { type: 'string' },
  },
});
const [seed, seconds] = [Number(values.seed), Number(values.seconds)];
if (!Number.isSafeInteger(seed) || !(seconds > 0)) throw new Error('usage: fuzz --seed N --seconds S | --only N');

const end = performance.now() + seconds * 1_000;
const only = values.only === undefined ? undefined : Number(values.only);
const { tried, hits, outcomes } = await fuzz({
  // Seeds are far apart, so that runs of different seeds try different inputs.
  from: only ?? seed * 100_000_000,
  goesOn: only === undefined ? () => performance.now() < end : (done) => done === 0,
  onHit: ({ input, kind, text, faults }) => {
    console.log(
      `HIT ${kind} --only ${input}\n  ${JSON.stringify(text)}\n${faults.map((it) => `  - ${it}`).join('\n')}`,
    );
  },
});
const { complete, waiting, refused } = outcomes;
console.log(`${tried} inputs, ${complete} accepted, ${waiting} cut, ${refused} refused; ${hits} hits`);
process.exitCode = hits > 0 ? 1 : 0;
