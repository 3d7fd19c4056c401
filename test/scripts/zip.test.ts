import { describe, expect, it } from 'vitest';
import { readTarEntry, readZipEntry } from '../../scripts/zip.ts';

// Made with Python: zipfile (a folder, a deflated and a stored entry, a comment at the end) and tarfile (ustar, gzip).
const ZIP = Buffer.from(
  'UEsDBBQAAAAAAAAAIQAAAAAAAAAAAAAAAAAEAAAAYmluL1BLAwQUAAAACAAAACEANJz8MgoAAADIAAAACAAAAGJpbi90b29sK8nPz1EoGfoEAFBLAw' +
    'QUAAAAAAAAACEAz2IgGQUAAAAFAAAACQAAAGJpbi9wbGFpbnBsYWluUEsBAhQDFAAAAAAAAAAhAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAIABAAAA' +
    'AGJpbi9QSwECFAMUAAAACAAAACEANJz8MgoAAADIAAAACAAAAAAAAAAAAAAAgAEiAAAAYmluL3Rvb2xQSwECFAMUAAAAAAAAACEAz2IgGQUAAAAFAA' +
    'AACQAAAAAAAAAAAAAAgAFSAAAAYmluL3BsYWluUEsFBgAAAAADAAMAnwAAAH4AAAAdAGEgY29tbWVudCBhZnRlciB0aGUgZGlyZWN0b3J5',
  'base64',
);
const TAR = Buffer.from(
  'H4sIANsXAWsC/+3UQQqDMBCF4TmKJ9AkVXueWKQERYOmIJ6+oS1duBUD4v9tHswsZjXP20dnn21h87AEOYaK6rL8ZLRNbe7/3Xeu1c1UkilJ4DUHO8Xz' +
    'ck0LcFKC3fyv/3vXFGEc+3x1PnH/R9Wm/3WtDP2fghuGduINAAAAAAAAAAAAAAA4tTdyiRE/ACgAAA==',
  'base64',
);

describe('readZipEntry', () => {
  it.each([
    ['bin/tool', 'tool '.repeat(40)],
    ['bin/plain', 'plain'],
    ['bin/', ''],
  ])('reads %s', (name, content) => {
    expect(readZipEntry(ZIP, name).toString()).toBe(content);
  });

  it('says what is missing or broken', () => {
    expect(() => readZipEntry(ZIP, 'tool')).toThrow('the zip archive has no tool');
    expect(() => readZipEntry(Buffer.from('PK'), 'tool')).toThrow('not a zip archive');
    const damaged = Buffer.from(ZIP);
    damaged.write('PLAIN', damaged.indexOf('plainplain') + 5);
    expect(() => readZipEntry(damaged, 'bin/plain')).toThrow('the zip entry is damaged (CRC-32)');
  });
});

describe('readTarEntry', () => {
  it('reads an entry behind others', () => {
    expect(readTarEntry(TAR, 'package/lib/tool.zip').toString()).toBe('inner');
    expect(readTarEntry(TAR, 'package/a.txt').toString()).toBe('x'.repeat(700));
  });

  it('says what is missing', () => {
    expect(() => readTarEntry(TAR, 'package/b.txt')).toThrow('the tar archive has no package/b.txt');
  });
});
