import { expect, test } from 'vitest';
import { formatRss } from '../../../bench/http/rss.ts';

const MIB = 1_048_576;

test('memory is told point by point, and not at all where answers were wrong', () => {
  const points = [60, 80, 81, 81, 82, 79].map((mib) => mib * MIB);
  const text = formatRss('memory', 1_000_000, [
    { name: 'A', points, answered: 1_000_200, mostBytes: 83.5 * MIB, problems: [] },
    { name: 'B', points: points.slice(0, 2), answered: 7, mostBytes: 90 * MIB, problems: ['7 answers were wrong'] },
  ]);
  expect(text).toContain(
    '| RSS in MiB | at rest | after 250k | after 500k | after 750k | after 1000k | at rest again |',
  );
  expect(text).toContain(
    '| A          |    60.0 |       80.0 |       81.0 |       81.0 |        82.0 |          79.0 |      83.5 |',
  );
  expect(text).not.toContain('90.0');
  expect(text).toContain('- B FAILED: 7 answers were wrong');
});
