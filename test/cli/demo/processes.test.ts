import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Processes } from '../../../cli/demo/processes.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function processes() {
  const folder = mkdtempSync(join(tmpdir(), 'outrigger-processes-'));
  const some = new Processes(folder);
  cleanups.push(
    () => rmSync(folder, { recursive: true, force: true }),
    () => some.endAll(),
  );
  const run = (name: string, script: string): number => some.start(name, [process.execPath, '-e', script], process.env);
  return { some, run, folder };
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const FOREVER = 'setInterval(() => {}, 1000); console.log("up")';

test('what was started runs until it is ended, and its name may be used again', async () => {
  const { some, run } = processes();
  const pid = run('a', FOREVER);
  expect(runs(pid)).toBe(true);
  expect(await some.obituary('a')).toBeUndefined();
  await some.kill('a');
  expect(runs(pid)).toBe(false);
  const again = run('a', FOREVER);
  await some.endAll();
  expect(runs(again)).toBe(false);
});

test('one that ends by itself has an obituary with the end of its log', async () => {
  const { some, run, folder } = processes();
  run('a', 'console.log("first"); console.error("cannot listen"); process.exit(3)');
  await expect.poll(() => some.obituary('a')).toBe('a ended by itself (code 3):\n  first\n  cannot listen');
  expect(readFileSync(join(folder, 'a.log'), 'utf8')).toContain('cannot listen');
});

test('a command that does not exist is an error of the start', () => {
  const { some } = processes();
  expect(() => some.start('a', ['/nonexistent/program'], process.env)).toThrow('cannot start /nonexistent/program');
});

test('ending what was never started, or has ended already, changes nothing', async () => {
  const { some, run } = processes();
  await some.kill('nobody');
  run('a', '');
  await expect.poll(() => some.obituary('a')).toContain('code 0');
  await some.end(['a', 'nobody']);
});
