/**
 * Does to the real program what docs/failover.md is about, with a real Consul, and writes the figures between its marks:
 * `node scripts/failover.ts [--runs N] [--only ROW]… [--json]`. Progress is on standard error; `--json` prints what was
 * seen and leaves the page alone. Ends with 1 where a promise is broken. As root on Linux all of it runs in a network
 * namespace of its own; else the rows that need one are left out.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { replaceSection } from '../bench/markdown.ts';
import { formatFigure } from './balancing/figure.ts';
import { requireConsul } from './consul.ts';
import { DEATH_ROWS } from './failover/deaths.ts';
import { DRAIN_ROW } from './failover/drain.ts';
import { FLAPPING_ROW } from './failover/flapping.ts';
import { canMakeNamespaces } from './failover/machine.ts';
import type { Effort, Row, ShownFigure } from './failover/row.ts';
import { UPGRADES_ROW } from './failover/upgrades.ts';
import { WITHOUT_CONSUL_ROW } from './failover/without-consul.ts';

export const PAGE = fileURLToPath(new URL('../docs/failover.md', import.meta.url));
export const ROWS: readonly Row[] = [...DEATH_ROWS, DRAIN_ROW, FLAPPING_ROW, WITHOUT_CONSUL_ROW, UPGRADES_ROW];
/** Set in the process that runs inside of the namespace. */
const INSIDE = 'OUTRIGGER_FAILOVER_INSIDE';

if (import.meta.main) await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '20' },
      only: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
    },
  });
  const runs = Number(values.runs);
  const unknown = values.only.filter((name) => !ROWS.some((row) => row.name === name));
  if (!Number.isSafeInteger(runs) || runs < 1 || unknown.length > 0) {
    throw new Error(`usage: --runs N --only ${ROWS.map(({ name }) => name).join('|')} --json`);
  }
  // Fetched while there still is a network.
  await requireConsul();
  const isInside = process.env[INSIDE] === '1';
  if (!isInside && canMakeNamespaces()) return runInside();
  if (isInside) execFileSync('ip', ['link', 'set', 'lo', 'up']);
  const say = (line: string): void => console.error(line);
  const rows = ROWS.filter(({ name }) => values.only.length === 0 || values.only.includes(name));
  const figures = await showAll(rows, { runs, say, hasNamespaces: isInside });
  if (values.json) console.log(JSON.stringify(figures, null, 2));
  else for (const figure of figures) write(figure);
  if (figures.some(({ broken }) => broken.length > 0)) process.exitCode = 1;
}

/** This command line once more, where addresses, ports and bridges are nobody else's. */
function runInside(): void {
  const { status } = spawnSync('unshare', ['--net', process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, [INSIDE]: '1' },
  });
  process.exitCode = status ?? 1;
}

async function showAll(rows: readonly Row[], effort: Effort): Promise<readonly ShownFigure[]> {
  const figures: ShownFigure[] = [];
  for (const { name, obstacle, show } of rows) {
    const why = obstacle?.(effort);
    if (why !== undefined) {
      effort.say(`${name}: left out: ${why}`);
      continue;
    }
    const figure = await show(effort);
    for (const promise of figure.broken) effort.say(`${name}: NOT KEPT: ${promise}`);
    figures.push(figure);
  }
  return figures;
}

function write(figure: ShownFigure): void {
  console.log(`${figure.name}:\n${formatFigure(figure)}`);
  writeFileSync(PAGE, replaceSection(readFileSync(PAGE, 'utf8'), figure.name, formatFigure(figure)));
}
