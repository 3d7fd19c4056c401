import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { newProcessSecret, withStickySecrets } from '../../../sidecar/io/sticky-secrets.ts';
import { REDACTED, redactConfig } from '../../../src/config/redact-config.ts';
import type { Config } from '../../../src/config/root.ts';
import { cleanups } from '../../support/cleanups.ts';
import { configOf } from '../../support/dns-zone.ts';

const closes = cleanups();

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'outrigger-'));
  closes({ close: () => rmSync(path, { recursive: true }) });
  return path;
}

/** Secrets of the routes of the first listener, and what was said about them. */
function secretsOf(config: Config, baseDir = '.'): { secrets: (string | undefined)[]; said: object[] } {
  const said: object[] = [];
  const log = { warn: (fields: object) => void said.push(fields) };
  const { listeners } = withStickySecrets(config, { baseDir, log, processSecret: () => 'made-by-the-process' });
  const [listener] = listeners;
  if (listener?.protocol !== 'http') throw new Error('no http listener');
  return { secrets: listener.routes.map((route) => route.sticky_cookie?.secret), said };
}

const configWith = (...cookies: readonly string[]): Config =>
  configOf(`
listeners:
  - name: web
    listen: "127.0.0.1:0"
    protocol: http
    routes: [ ${cookies.map((it) => `{ to: app, sticky_cookie: { name: pin, ${it} } }`).join(', ')}, { to: app } ]
clusters: { app: { discover: { static: [ "127.0.0.1:1" ] } } }
`);

describe('the secret of a sticky cookie', () => {
  test('is the one of the configuration, or of its file, or the process makes one and says what that means', () => {
    const baseDir = folder();
    writeFileSync(join(baseDir, 'pin.secret'), 'from-a-file-of-mine\n');
    const config = configWith('secret: from-the-configuration', 'secret_file: pin.secret', '');
    expect(secretsOf(config, baseDir)).toEqual({
      secrets: ['from-the-configuration', 'from-a-file-of-mine', 'made-by-the-process', undefined],
      said: [{ listener: 'web', route: 'routes[2]', cookie: 'pin' }],
    });
  });

  test('must be there and long enough, or nothing starts', () => {
    const baseDir = folder();
    const config = configWith('secret_file: pin.secret');
    expect(() => secretsOf(config, baseDir)).toThrow('the secret of a sticky_cookie cannot be read from');
    writeFileSync(join(baseDir, 'pin.secret'), 'hunter2\n');
    expect(() => secretsOf(config, baseDir)).toThrow(/pin\.secret must hold a secret of at least 16 bytes$/);
  });

  test('is never shown', () => {
    const shown = JSON.stringify(redactConfig(configWith('secret: from-the-configuration')));
    expect(shown).not.toContain('from-the-configuration');
    expect(shown).toContain(REDACTED);
  });

  test('that a process makes is another one each time, and long', () => {
    const secret = newProcessSecret();
    expect(secret()).toBe(secret());
    expect(secret()).not.toBe(newProcessSecret()());
    expect(secret().length).toBeGreaterThan(40);
  });
});
