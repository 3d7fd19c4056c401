import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { realClock } from '../../../src/io/clock.ts';
import { SavedFile } from '../../../src/io/saved-file.ts';
import { cleanups } from '../../support/cleanups.ts';
import { RecordingLog } from '../../support/recording-log.ts';

const closing = cleanups();

function savedFile() {
  const dir = mkdtempSync(join(tmpdir(), 'outrigger-saved-'));
  closing({ close: () => rmSync(dir, { recursive: true, force: true }) });
  const log = new RecordingLog();
  const parse = (text: string): { text: string } => ({ text });
  const file = new SavedFile({ dir, name: 'dns', what: 'answers', fields: {}, parse, clock: realClock, log });
  return { file, path: join(dir, 'dns.answers.json'), log };
}

describe('a saved file', () => {
  it('is not used above 16 MiB, and is up to there', async () => {
    const { file, path, log } = savedFile();
    writeFileSync(path, 'x'.repeat(16_777_216));
    expect((await file.load())?.text.length).toBe(16_777_216);
    truncateSync(path, 16_777_217);
    expect(await file.load()).toBeUndefined();
    expect(log.lines).toMatchObject([{ fields: { reason: 'it has more than 16777216 bytes' } }]);
  });

  it('has, when its end resolves, what waited then, and nothing that comes later', async () => {
    const { file, path } = savedFile();
    expect(await file.saveNow(() => 'first')).toBe(true);
    const now = file.saveNow(() => 'second');
    file.save(() => 'third');
    await file.end();
    expect(readFileSync(path, 'utf8')).toBe('third');
    expect(await now).toBe(true);
    file.save(() => 'fourth');
    expect(await file.saveNow(() => 'fifth')).toBe(false);
    await file.close();
    expect(readFileSync(path, 'utf8')).toBe('third');
  });

  it('is whole for everybody who saves at the same time', async () => {
    const { file, path } = savedFile();
    const all = ['a', 'b', 'c'].map(async (text) => {
      await file.saveNow(() => text);
      return readFileSync(path, 'utf8');
    });
    expect(await Promise.all(all)).toEqual(['c', 'c', 'c']);
  });
});
