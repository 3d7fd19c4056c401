import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../../src/io/log.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'outrigger-log-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

function openFile(): { fd: number; lines: () => Record<string, unknown>[]; text: () => string } {
  const file = join(directory, 'log');
  const fd = openSync(file, 'w');
  const text = () => readFileSync(file, 'utf8');
  return { fd, text, lines: () => parseLines(text()) };
}

function parseLines(text: string): Record<string, unknown>[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** A pipe that holds 64 KiB and then says "try again", as standard output does with a reader that is stuck. */
function openPipe(): { fd: number; drain: () => string } {
  const file = join(directory, 'pipe');
  execFileSync('mkfifo', [file]);
  const fd = openSync(file, constants.O_RDWR | constants.O_NONBLOCK);
  const drain = () => {
    const bytes = Buffer.alloc(1_048_576);
    try {
      return bytes.toString('utf8', 0, readSync(fd, bytes));
    } catch {
      return '';
    }
  };
  return { fd, drain };
}

describe('the log', () => {
  it('is lines of JSON with the time, the level as a word, and the fields of the process', async () => {
    const { fd, lines } = openFile();
    const { log, flush } = await createLog({ level: 'info', fields: { role: 'dns' }, fd });
    log.info({ cluster: 'users' }, 'started');
    log.debug('not this');
    await flush();
    expect(lines()).toEqual([
      { level: 'info', time: expect.any(String), role: 'dns', cluster: 'users', msg: 'started' },
    ]);
    const [line] = lines();
    expect(new Date(String(line?.['time'])).toISOString()).toBe(line?.['time']);
  });

  it('shows an error with its causes', async () => {
    const { fd, lines } = openFile();
    const { log, flush } = await createLog({ level: 'info', fd });
    log.error({ err: new Error('no answer', { cause: new Error('refused') }) }, 'failed');
    await flush();
    expect(lines()[0]?.['err']).toMatchObject({ message: 'no answer: refused' });
  });

  it('is readable on a terminal', async () => {
    const { fd, text } = openFile();
    const { log, flush } = await createLog({ level: 'info', pretty: true, fields: { role: 'dns' }, fd });
    log.warn({ cluster: 'users' }, 'stale');
    await flush();
    expect(text()).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\].*WARN.*stale/);
    expect(text()).toMatch(/cluster.*users/);
    closeSync(fd);
  });

  it('writes out everything before the end', async () => {
    const { fd, lines } = openFile();
    const { log, flush } = await createLog({ level: 'info', fd });
    for (let each = 0; each < 5_000; each++) log.info({ each }, 'line');
    await flush();
    expect(lines().map((line) => line['each'])).toEqual(Array.from({ length: 5_000 }, (_, each) => each));
  });

  it('takes lines after the end without a word', async () => {
    const { fd, lines } = openFile();
    const { log, flush } = await createLog({ level: 'info', fd });
    log.info('once');
    await flush();
    log.info('too late');
    await flush();
    expect(lines()).toHaveLength(1);
  });
});

describe('a reader that does not read', () => {
  it('costs lines, which are counted, and hears of it when it reads again', async () => {
    const { fd, drain } = openPipe();
    const { log, dropped, flush } = await createLog({ level: 'info', fd, maxWaiting: 10_000 });
    const filling = 'x'.repeat(1_000);
    // The pipe itself takes 64 KiB while the loop gets to write.
    for (let each = 0; each < 300; each++) {
      log.info(filling);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const lost = dropped();
    expect(lost).toBeGreaterThan(100);
    let text = '';
    await expect
      .poll(() => {
        text += drain();
        return text;
      })
      .toContain(`"dropped":${lost}`);
    await flush();
    expect(parseLines(text).filter((line) => line['msg'] === filling)).toHaveLength(300 - lost);
  });

  it('does not hold up the end of the process for more than a second', async () => {
    const { fd } = openPipe();
    const { log, flush } = await createLog({ level: 'info', fd });
    for (let each = 0; each < 300; each++) log.info('x'.repeat(1_000));
    const started = performance.now();
    await flush();
    // The pipe stays open: a last attempt to write may still be on its way.
    expect(performance.now() - started).toBeLessThan(3_000);
  });
});
