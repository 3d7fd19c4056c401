import { expect, test } from 'vitest';
import { fuzz } from '../../support/fuzz.ts';

test('no damaged message is read in two ways, sent on unclean, or read by Node as something else', async () => {
  const hits: unknown[] = [];
  const { tried, outcomes } = await fuzz({
    from: 0,
    goesOn: (done) => done < 4_000,
    onHit: (hit) => hits.push(hit),
  });
  expect(hits).toEqual([]);
  expect(tried).toBe(4_000);
  // The judge has work to do only where something is accepted.
  for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(50);
});
