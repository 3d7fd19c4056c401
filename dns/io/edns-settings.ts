/** Secrets of DNS cookies: from the configuration, from a file, or made here for as long as the process lives. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { DnsConfig } from '../../src/config/dns.ts';
import { parseCookieSecrets } from '../../src/config/dns-edns.ts';
import type { EdnsSettings } from '../edns-answer.ts';

/** Reads settings from configurations; throws where a file cannot be read or holds no secret. */
export type EdnsSettingsReader = (config: DnsConfig) => EdnsSettings;

/** Relative file names are relative to `baseDir`. The secret of the process stays the same from reload to reload. */
export function ednsSettingsReader(baseDir: string): EdnsSettingsReader {
  const ownSecrets = [randomBytes(16)];
  return ({ cookies, nsid }) => ({
    secrets: configuredSecrets(cookies, baseDir) ?? ownSecrets,
    nsid: nsid === undefined ? undefined : Buffer.from(nsid),
  });
}

function configuredSecrets(cookies: DnsConfig['cookies'], baseDir: string): readonly Buffer[] | undefined {
  if (cookies.secret !== undefined) return parseCookieSecrets(cookies.secret);
  return cookies.secret_file === undefined ? undefined : readSecrets(resolve(baseDir, cookies.secret_file));
}

function readSecrets(file: string): readonly Buffer[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new Error(`the secret of dns.cookies cannot be read from ${file}`, { cause });
  }
  const secrets = parseCookieSecrets(text);
  if (secrets === undefined) throw new Error(`${file} must hold secrets of 32 hexadecimal digits each`);
  return secrets;
}
