/** The figures of docs/balancing.md: promises kept, and the document as the script writes it. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { formatFigure } from '../../scripts/balancing/figure.ts';
import { BALANCING_DOCS, FIGURES } from '../../scripts/balancing.ts';

const document = readFileSync(BALANCING_DOCS, 'utf8');
const SMALL = { keys: 5_000, sizes: [2, 10, 33], sets: 3 };

test.each(Object.keys(FIGURES))('the figures of %s have a place in the document, with something in it', (name) => {
  const [begin, end] = [`<!-- bench ${name} -->`, `<!-- end ${name} -->`].map((mark) => document.indexOf(mark));
  expect(begin).toBeGreaterThan(0);
  expect(end).toBeGreaterThan(begin! + 100);
});

// What picks and routes cost is for a quiet machine to say.
test.each(Object.entries(FIGURES).filter(([name]) => name !== 'cost' && name !== 'routes'))(
  '%s breaks no promise',
  (name, compute) => {
    const figure = compute(SMALL);
    expect(figure.name).toBe(name);
    expect(figure.broken).toEqual([]);
    expect(new Set(figure.table.map((cells) => cells.length)).size).toBe(1);
  },
);

test.each(['bounded', 'nginx', 'turns', 'failures', 'workers'])('the document has today’s figures of %s', (name) => {
  expect(document).toContain(formatFigure(FIGURES[name]!(SMALL)));
});

test('a broken promise is told', () => {
  // Eight keys of one set are no mean: one key too many is already more than 1.1 × the ideal share.
  const figure = FIGURES['moved']!({ keys: 40, sizes: [5], sets: 1 });
  expect(figure.broken.length).toBeGreaterThan(0);
});
