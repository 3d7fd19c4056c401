import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openLineSink } from '../../../src/io/line-sink.ts';

function newFile(flags: string): { readonly path: string; readonly fd: number } {
  const folder = mkdtempSync(join(tmpdir(), 'outrigger-lines-'));
  const path = join(folder, 'lines');
  const fd = openSync(path, flags);
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return { path, fd };
}

test('writes every line in its order, as UTF-8, however many there are', async () => {
  const { path, fd } = newFile('w');
  const sink = openLineSink(fd);
  const lines = Array.from({ length: 5_000 }, (_, i) => `{"n":${i},"text":"ü→𝄞"}\n`);
  for (const line of lines) sink.write(line);
  await sink.close();
  expect(readFileSync(path, 'utf8')).toBe(lines.join(''));
  expect(sink.dropped()).toBe(0);
});

test('drops lines, counted, beyond what may wait for a reader', async () => {
  const { path, fd } = newFile('w');
  const sink = openLineSink(fd);
  const line = `${'x'.repeat(999)}\n`;
  // Within one turn of the loop nothing can have been written.
  for (let i = 0; i < 10_000; i += 1) sink.write(line);
  await sink.close();
  const written = readFileSync(path, 'latin1').split('\n').length - 1;
  expect(written).toBeGreaterThan(3_000);
  expect(written + sink.dropped()).toBe(10_000);
  expect(sink.dropped()).toBeGreaterThan(5_000);
});

test('a file that takes nothing ends the log, not the process', async () => {
  const { fd } = newFile('w');
  closeSync(fd);
  const sink = openLineSink(fd);
  sink.write('lost\n');
  await sink.close();
});
