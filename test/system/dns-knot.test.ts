import { expect, it } from 'vitest';
import { compareWithKnot } from '../support/dns-differential.ts';
import { isKnotInstalled } from '../support/knot.ts';

it.skipIf(!isKnotInstalled)('Knot DNS gives the same answers from the same zones', async () => {
  expect(await compareWithKnot(1_000, 1)).toEqual([]);
});
