import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hasLink } from '../../../src/io/link-state.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'outrigger-net-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

it.each<[state: string, hasLink: boolean]>([
  ['up', true],
  // Loopback, dummies and some tunnels never say more.
  ['unknown', true],
  ['dormant', true],
  ['testing', true],
  ['down', false],
  ['lowerlayerdown', false],
  ['notpresent', false],
])('an interface that is %s has a link: %s', (state, expected) => {
  mkdirSync(join(folder, state));
  writeFileSync(join(folder, state, 'operstate'), `${state}\n`);
  expect(hasLink(state, folder)).toBe(expected);
});

it('nothing is held against an interface of which nothing is known', () => {
  expect(hasLink('none0', folder)).toBe(true);
});
