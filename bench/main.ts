/**
 * `npm run bench`: what a request and a DNS query cost beside others, all in one run on this machine. Ends with 1 when
 * a candidate gave wrong answers or none; its row has no figures then.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildBundle } from '../scripts/build.ts';
import { CATALOG, chosenOf } from './catalog.ts';
import { replaceSection } from './markdown.ts';
import type { Measurement, Pace, Section } from './measurement.ts';
import { Stage } from './stage.ts';
import { versions } from './versions.ts';

const ROOT = join(import.meta.dirname, '..');
const DOCUMENT = join(ROOT, 'docs', 'benchmarks.md');

const HELP = `npm run bench -- [option...]

  --only NAMES     beginnings of rows' names, with commas between: --only http-get,rss
  --quick          two turns of 3 s, and a tenth of the requests of rss
  --turns N        turns of each candidate, 5 by default
  --seconds N      seconds of each turn, 3 by default
  --requests N     requests of rss, a million by default
  --write          put the tables into docs/benchmarks.md
  --json FILE      write all figures there
  --bundle FILE    measure this bundle in place of building one
  --help           print this

rows:
${CATALOG.map(({ name, title }) => `  ${name.padEnd(20)}${title}`).join('\n')}
`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    quick: { type: 'boolean', default: false },
    turns: { type: 'string' },
    seconds: { type: 'string' },
    requests: { type: 'string' },
    json: { type: 'string' },
    write: { type: 'boolean', default: false },
    bundle: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(HELP);
  process.exit();
}

const pace: Pace = {
  turns: wholeNumber('turns', values.turns, values.quick ? 2 : 5),
  seconds: wholeNumber('seconds', values.seconds, 3),
  requests: wholeNumber('requests', values.requests, values.quick ? 100_000 : 1_000_000),
  // Programs on Node are compiled as they run, and not cheap before.
  warmUpSeconds: 3,
};
const chosen = chosenOf(values.only);

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));

const stage = new Stage();
try {
  const bundle = values.bundle === undefined ? await buildBundle(join(ROOT, 'dist')) : resolve(values.bundle);
  const machine = [
    `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB; ${stage.cores}`,
    await versions(stage),
  ];
  console.log(`${machine.join('\n')}\n`);
  const results: object[] = [];
  for (const measurement of chosen) {
    const section = await measure(measurement, bundle);
    if (section === undefined) continue;
    console.log(`\n${section.text}`);
    results.push({ name: measurement.name, title: measurement.title, ...section.data });
    // At once: a run that is interrupted keeps what it has measured.
    if (values.write) await writeSection(machine, measurement.name, section);
    if (section.hasFailed) process.exitCode = 1;
  }
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify({ machine, results }, null, 2)}\n`);
} finally {
  await stage.close();
}

async function measure(measurement: Measurement, bundle: string): Promise<Section | undefined> {
  const { name, title } = measurement;
  const missing = measurement.missing();
  if (missing !== undefined) {
    console.log(`${name}: not measured, needs ${missing}`);
    return undefined;
  }
  console.log(`${name}: ${title}`);
  return measurement.run({ stage, bundle }, pace, (line) => console.log(`  ${line}`));
}

/** Sections of other rows stay as they are. */
async function writeSection(machine: readonly string[], name: string, { text }: Section): Promise<void> {
  const date = new Date().toISOString().slice(0, 10);
  const whole = `${text}\n${date}: ${machine.join('; ')}.\n`;
  await writeFile(DOCUMENT, replaceSection(await readFile(DOCUMENT, 'utf8'), name, whole));
  console.log(`wrote ${relative(process.cwd(), DOCUMENT)}\n`);
}

function wholeNumber(option: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!(Number.isInteger(value) && value >= 1)) throw new Error(`--${option} takes a whole number from 1`);
  return value;
}
