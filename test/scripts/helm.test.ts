import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findHelm } from '../../scripts/helm.ts';

describe('findHelm', () => {
  let first = '';
  let second = '';

  beforeEach(async () => {
    first = await mkdtemp(join(tmpdir(), 'outrigger-path-'));
    second = await mkdtemp(join(tmpdir(), 'outrigger-path-'));
    await writeFile(join(first, 'helm'), 'no program');
    await writeFile(join(second, 'helm'), '#!/bin/sh\n');
    await chmod(join(second, 'helm'), 0o755);
    vi.stubEnv('PATH', ['', first, second].join(delimiter));
  });

  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(first, { recursive: true });
    await rm(second, { recursive: true });
  });

  it('takes the first on PATH that can be run, and fetches nothing', async () => {
    expect(await findHelm()).toBe(join(second, 'helm'));
  });
});
