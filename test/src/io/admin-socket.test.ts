import { statSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startAdmin } from '../../support/admin-house.ts';
import { cleanups } from '../../support/cleanups.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const closes = cleanups();
const start = async (...options: Parameters<typeof startAdmin>) => closes(await startAdmin(...options));

describe('a unix socket', () => {
  function getOver(path: string, socketPath: string): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const request = httpRequest({ socketPath, path, host: 'any.name' }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
    });
    request.once('error', reject).end();
    return promise;
  }

  test('answers, belongs to its owner alone, and goes with its server', async () => {
    const path = join(closes(temporaryFolder()).path, 'admin.sock');
    const { servers } = await start({ admin: `unix:${path}` });
    expect(servers.addresses.get('admin')).toBe(`unix:${path}`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await getOver('/ready', path)).toBe(200);
    await servers.close();
    expect(() => statSync(path)).toThrow('ENOENT');
  });

  test('is replaced when its process died without removing it', async () => {
    const path = join(closes(temporaryFolder()).path, 'admin.sock');
    await leaveSocketBehind(path);
    await start({ admin: `unix:${path}` });
    expect(await getOver('/live', path)).toBe(200);
  });

  test('is left alone while another process answers on it', async () => {
    const path = join(closes(temporaryFolder()).path, 'admin.sock');
    await start({ admin: `unix:${path}` });
    await expect(start({ admin: `unix:${path}` })).rejects.toThrow(`cannot listen on unix:${path}`);
    expect(await getOver('/live', path)).toBe(200);
  });

  test('never replaces a file that is not a socket', async () => {
    const folder = closes(temporaryFolder()).path;
    await expect(start({ admin: `unix:${folder}` })).rejects.toThrow('cannot listen on');
    expect(statSync(folder).isDirectory()).toBe(true);
  });
});

/** What a process leaves that is killed while it listens. */
async function leaveSocketBehind(path: string): Promise<void> {
  const { execFile } = await import('node:child_process');
  const script =
    'require("node:net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))';
  await new Promise<void>((resolve) => {
    execFile(process.execPath, ['-e', script, path], () => resolve());
  });
  expect(statSync(path).isSocket()).toBe(true);
}
