import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { thriftFor } from '../../cli/engine-start.ts';

function engine() {
  const calls: string[] = [];
  const hold = () => {
    calls.push('hold');
    return { settle: () => void calls.push('settle'), release: () => void calls.push('release') };
  };
  return { calls, hold };
}

function fileOf(bytes: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'outrigger-engine-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'c.yaml');
  writeFileSync(file, Buffer.alloc(bytes, '#'));
  return file;
}

it.each([
  ['a small file', () => fileOf(1_000)],
  ['standard input', () => '-'],
  ['a file that is not there', () => '/nowhere/c.yaml'],
])('with %s the engine is held back at once', (_what, file) => {
  const { calls, hold } = engine();
  const thrift = thriftFor(file(), hold);
  expect(calls).toEqual(['hold']);
  thrift.settle();
  thrift.release();
  expect(calls).toEqual(['hold', 'settle', 'release']);
});

it('with a large file it is held back once the role has started, if it was not released before', () => {
  const { calls, hold } = engine();
  const file = fileOf(1_048_576);
  const thrift = thriftFor(file, hold);
  expect(calls).toEqual([]);
  thrift.settle();
  expect(calls).toEqual(['hold', 'settle']);
  thrift.release();
  expect(calls).toEqual(['hold', 'settle', 'release']);
  const released = thriftFor(file, hold);
  released.release();
  released.settle();
  expect(calls).toEqual(['hold', 'settle', 'release']);
});
