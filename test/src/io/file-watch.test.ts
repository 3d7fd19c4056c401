import { mkdir, mkdtemp, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { DiscoveryUpdate } from '../../../src/discovery.ts';
import { realClock } from '../../../src/io/clock.ts';
import { watchFile } from '../../../src/io/file-watch.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { until } from '../../support/until.ts';

let dir: string;
let updates: DiscoveryUpdate[];
let close = (): void => {};

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'outrigger-file-'));
  updates = [];
});

afterEach(async () => {
  close();
  await rm(dir, { recursive: true });
});

function watch(path = join(dir, 'list.yaml'), clock = realClock): void {
  close = watchFile({ path, onUpdate: (update) => updates.push(update), clock });
}

const last = (): string => {
  const update = updates.at(-1);
  if (update?.kind === 'endpoints') return update.endpoints.map((it) => it.port).join(' ');
  return update?.kind === 'failed' ? `failed ${update.error.message}` : (update?.kind ?? 'nothing');
};
const sees = (expected: string | RegExp, withinMs = 2_000): Promise<number> =>
  until(() => (typeof expected === 'string' ? last() === expected : expected.test(last())), {
    what: `${expected}, last ${last()}`,
    withinMs,
  });

it('reads the file at once and after each change', async () => {
  await writeFile(join(dir, 'list.yaml'), '- 10.0.0.1:1');
  watch();
  await sees('1');
  await writeFile(join(dir, 'list.yaml'), '- 10.0.0.1:1\n- 10.0.0.1:2');
  await sees('1 2');
  await writeFile(join(dir, 'new.yaml'), '- 10.0.0.1:3');
  await rename(join(dir, 'new.yaml'), join(dir, 'list.yaml'));
  await sees('3');
  await writeFile(join(dir, 'list.yaml'), '[]');
  await sees('');
});

it('tells a file that is not there from one that is broken', async () => {
  watch();
  await sees('absent');
  await writeFile(join(dir, 'list.yaml'), '- 10.0.0.1:1');
  await sees('1');
  await writeFile(join(dir, 'list.yaml'), '- 10.0.0.1');
  await sees(/^failed .*list\.yaml: 0: must be host:port/);
  await truncate(join(dir, 'list.yaml'));
  await sees(/^failed .*list\.yaml: the file: must be a list/);
  await rm(join(dir, 'list.yaml'));
  await sees('absent');
});

it('refuses what is no file and what is too large', async () => {
  await mkdir(join(dir, 'list.yaml'));
  watch();
  await sees(/^failed .*is not a file$/);
  close();
  await writeFile(join(dir, 'large.yaml'), '');
  await truncate(join(dir, 'large.yaml'), 5 * 1024 * 1024);
  watch(join(dir, 'large.yaml'));
  await sees(/^failed .*is larger than 4194304 bytes$/);
});

it('follows the swap of links by which a mounted ConfigMap changes', async () => {
  for (const version of [1, 2]) {
    await mkdir(join(dir, `..v${version}`));
    await writeFile(join(dir, `..v${version}`, 'list.yaml'), `- 10.0.0.1:${version}`);
  }
  await symlink('..v1', join(dir, '..data'));
  await symlink(join('..data', 'list.yaml'), join(dir, 'list.yaml'));
  watch();
  await sees('1');
  await symlink('..v2', join(dir, '..data_tmp'));
  await rename(join(dir, '..data_tmp'), join(dir, '..data'));
  await sees('2');
});

it('hears of changes in a folder that took the place of another', async () => {
  const clock = new FakeClock();
  const folder = join(dir, 'lists');
  await mkdir(folder);
  watch(join(folder, 'list.yaml'), clock);
  clock.advance(0);
  await sees('absent');
  await rename(folder, join(dir, 'old'));
  await mkdir(folder);
  await writeFile(join(folder, 'list.yaml'), '- 10.0.0.1:8');
  clock.advance(5_000);
  await sees('8');
  await writeFile(join(folder, 'list.yaml'), '- 10.0.0.1:9');
  // Two seconds of this clock in all: it is the notice that brings the change, not the next look.
  let steps = 0;
  const noticed = (): boolean => {
    if (steps++ < 100) clock.advance(20);
    return last() === '9';
  };
  await until(noticed, { what: 'the notice' });
});

it('looks every five seconds where no notice comes', async () => {
  const clock = new FakeClock();
  const path = join(dir, 'later', 'list.yaml');
  watch(path, clock);
  clock.advance(0);
  await sees('absent');
  await mkdir(join(dir, 'later'));
  await writeFile(path, '- 10.0.0.1:7');
  clock.advance(4_999);
  expect(last()).toBe('absent');
  clock.advance(1);
  await sees('7');
});

it('says nothing after it was closed', async () => {
  await writeFile(join(dir, 'list.yaml'), '- 10.0.0.1:1');
  const clock = new FakeClock();
  watch(undefined, clock);
  clock.advance(0);
  await sees('1');
  close();
  expect(clock.waiting).toBe(0);
  const before = updates.length;
  await writeFile(join(dir, 'list.yaml'), '- 10.0.0.1:2');
  clock.advance(60_000);
  expect(updates).toHaveLength(before);
});
