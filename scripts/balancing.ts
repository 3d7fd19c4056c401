/**
 * Computes the figures of docs/balancing.md and writes them between its marks: `node scripts/balancing.ts [word…]`
 * does those whose names begin with a word. Ends with 1 where a promise is not kept. Takes about half a minute.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { replaceSection } from '../bench/markdown.ts';
import { armsFigure } from './balancing/arms.ts';
import { costFigure } from './balancing/cost.ts';
import { type Effort, type Figure, FULL, formatFigure } from './balancing/figure.ts';
import { collateralFigure, movedFigure } from './balancing/keys.ts';
import { boundedFigure, failuresFigure, turnsFigure, workersFigure } from './balancing/loads.ts';
import { nginxFigure } from './balancing/nginx.ts';
import { routesFigure } from './balancing/routes.ts';
import { shareFigure } from './balancing/shares.ts';

export const BALANCING_DOCS = fileURLToPath(new URL('../docs/balancing.md', import.meta.url));

export const FIGURES: Readonly<Record<string, (effort: Effort) => Figure>> = {
  collateral: collateralFigure,
  moved: movedFigure,
  shares: shareFigure,
  bounded: boundedFigure,
  nginx: nginxFigure,
  turns: turnsFigure,
  failures: failuresFigure,
  workers: workersFigure,
  arms: armsFigure,
  cost: costFigure,
  routes: routesFigure,
};

if (import.meta.main) {
  const words = process.argv.slice(2);
  const wanted = Object.entries(FIGURES).filter(
    ([name]) => words.length === 0 || words.some((it) => name.startsWith(it)),
  );
  for (const [name, compute] of wanted) {
    const figure = compute(FULL);
    console.log(`${name}:\n${formatFigure(figure)}`);
    for (const promise of figure.broken) console.error(`not kept: ${promise}`);
    if (figure.broken.length > 0) process.exitCode = 1;
    // At once: a run that is interrupted keeps what it has computed.
    writeFileSync(BALANCING_DOCS, replaceSection(readFileSync(BALANCING_DOCS, 'utf8'), name, formatFigure(figure)));
  }
}
