import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { thriftFor } from '../../cli/engine-start.ts';

function engine() {
  const calls: string[] = [];
  const told = (name: string) => () => void calls.push(name);
  const begin = (name: string) => () => {
    calls.push(name);
    return { settle: told('settle'), reloaded: told('reloaded'), release: told('release') };
  };
  return { calls, hold: begin('hold'), collect: begin('collect') };
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

it('with a large file nothing is held back, and what a load leaves behind is collected', () => {
  const { calls, hold, collect } = engine();
  const thrift = thriftFor(fileOf(1_048_576), hold, collect);
  expect(calls).toEqual(['collect']);
  thrift.settle();
  thrift.reloaded();
  thrift.release();
  expect(calls).toEqual(['collect', 'settle', 'reloaded', 'release']);
});
