import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ednsSettingsReader } from '../../../dns/io/edns-settings.ts';
import type { DnsConfig } from '../../../src/config/dns.ts';
import { lbTest } from '../../support/dns-zone.ts';

const [OLD, NEW] = ['00112233445566778899aabbccddeeff', 'ffeeddccbbaa99887766554433221100'];
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'outrigger-cookies-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

const withCookies = (cookies: DnsConfig['cookies']): DnsConfig => ({ ...lbTest('').dns!, cookies });
const hex = (secrets: readonly Buffer[]): readonly string[] => secrets.map((it) => it.toString('hex'));

it('secrets of the configuration come in its order, the one that signs first', () => {
  const { secrets, nsid } = ednsSettingsReader(folder)(withCookies({ secret: `${NEW}  ${OLD}` }));
  expect(hex(secrets)).toEqual([NEW, OLD]);
  expect(nsid).toBeUndefined();
});

it('a file is read each time, so that a reload takes up a new secret', () => {
  const read = ednsSettingsReader(folder);
  const config = withCookies({ secret_file: 'cookies' });
  writeFileSync(join(folder, 'cookies'), `${OLD}\n`);
  expect(hex(read(config).secrets)).toEqual([OLD]);
  writeFileSync(join(folder, 'cookies'), `${NEW}\n${OLD}\n`);
  expect(hex(read(config).secrets)).toEqual([NEW, OLD]);
});

it('a file that is missing or holds something else is an error that names it', () => {
  const read = ednsSettingsReader(folder);
  expect(() => read(withCookies({ secret_file: 'none' }))).toThrow(`cannot be read from ${join(folder, 'none')}`);
  writeFileSync(join(folder, 'cookies'), 'secret');
  expect(() => read(withCookies({ secret_file: 'cookies' }))).toThrow(
    'must hold secrets of 32 hexadecimal digits each',
  );
});

it('without any, a process has one of its own, the same after a reload and not that of another process', () => {
  const read = ednsSettingsReader(folder);
  const [first, again] = [read(withCookies({})), read(withCookies({}))];
  expect(first.secrets[0]).toHaveLength(16);
  expect(hex(again.secrets)).toEqual(hex(first.secrets));
  expect(hex(ednsSettingsReader(folder)(withCookies({})).secrets)).not.toEqual(hex(first.secrets));
});
