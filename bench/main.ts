/**
 * `npm run bench`: what a request and a DNS query cost beside others, all in one run on this machine.
 *
 *   node bench/main.ts [--only http,dns] [--quick] [--turns N] [--seconds N] [--json FILE] [--write] [--bundle FILE]
 *
 * `--only` takes beginnings of scenario names. `--write` puts the tables into docs/benchmarks.md. `--bundle` measures a
 * bundle that is there already. Ends with 1 when a candidate gave wrong answers or none; its row has no figures then.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildBundle } from '../scripts/build.ts';
import { type Pace, type Result, runScenario, type Scenario } from './contest.ts';
import { dnsScenarios, missingForDns } from './dns/scenarios.ts';
import { httpScenarios, missingForHttp } from './http/scenarios.ts';
import { formatResult, replaceSection } from './report.ts';
import { Stage } from './stage.ts';
import { versions } from './versions.ts';

const ROOT = join(import.meta.dirname, '..');
const DOCUMENT = join(ROOT, 'docs', 'benchmarks.md');

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    quick: { type: 'boolean', default: false },
    turns: { type: 'string' },
    seconds: { type: 'string' },
    json: { type: 'string' },
    write: { type: 'boolean', default: false },
    bundle: { type: 'string' },
  },
});

const turns = Number(values.turns ?? (values.quick ? 2 : 5));
const seconds = Number(values.seconds ?? (values.quick ? 3 : 5));
if (!(turns >= 1 && seconds >= 1)) throw new Error('--turns and --seconds take whole numbers from 1');

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));

const stage = new Stage();
const pace: Pace = { turns, seconds, warmUpSeconds: 2, cpu: stage.proxyCpu };
try {
  const bundle = values.bundle === undefined ? await buildBundle(join(ROOT, 'dist')) : resolve(values.bundle);
  const machine = [
    `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB; ${stage.cores}`,
    await versions(stage),
  ];
  console.log(`${machine.join('\n')}\n`);
  const results: Result[] = [];
  for (const scenario of chosen(bundle)) {
    console.log(`${scenario.name}: ${scenario.title}`);
    const result = await runScenario(scenario, pace, (line) => console.log(`  ${line}`));
    console.log(`\n${formatResult(result)}`);
    results.push(result);
    // At once: a run that is interrupted keeps what it has measured.
    if (values.write) await writeSection(machine, result);
  }
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify({ machine, results }, null, 2)}\n`);
  if (results.some(({ rows }) => rows.some(({ problems }) => problems.length > 0))) process.exitCode = 1;
} finally {
  await stage.close();
}

function chosen(bundle: string): readonly Scenario[] {
  const kinds = [
    { missing: missingForHttp(), scenarios: httpScenarios(stage, bundle) },
    { missing: missingForDns(), scenarios: dnsScenarios(stage, bundle) },
  ];
  const wanted = values.only.split(',').map((word) => word.trim());
  const all = kinds.flatMap(({ missing, scenarios }) => scenarios.map((scenario) => ({ missing, scenario })));
  const picked = all.filter(({ scenario }) => wanted.some((word) => scenario.name.startsWith(word)));
  if (picked.length === 0)
    throw new Error(`--only: choose among ${all.map(({ scenario }) => scenario.name).join(', ')}`);
  for (const { missing, scenario } of picked) {
    if (missing !== undefined) console.log(`${scenario.name}: not measured, needs ${missing}`);
  }
  return picked.filter(({ missing }) => missing === undefined).map(({ scenario }) => scenario);
}

/** Sections of other scenarios stay as they are. */
async function writeSection(machine: readonly string[], result: Result): Promise<void> {
  const date = new Date().toISOString().slice(0, 10);
  const text = `${formatResult(result)}\n${date}: ${machine.join('; ')}.\n`;
  await writeFile(DOCUMENT, replaceSection(await readFile(DOCUMENT, 'utf8'), result.name, text));
  console.log(`wrote ${relative(process.cwd(), DOCUMENT)}\n`);
}
