import { expect, it } from 'vitest';
import { compareRandomZones, compareWithKnot } from '../support/dns-differential.ts';
import { isKnotInstalled } from '../support/knot.ts';

it.skipIf(!isKnotInstalled)('Knot DNS gives the same answers from the same zones', async () => {
  expect(await compareWithKnot(1_000, 1)).toEqual([]);
});

it.skipIf(!isKnotInstalled)('and from zones that are put together by chance', async () => {
  expect(await compareRandomZones(4, 200, 1)).toEqual([]);
});
