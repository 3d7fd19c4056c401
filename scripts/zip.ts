/** Reads one file out of a .zip or a .tar.gz held in memory: enough to unpack a tool where no unzip is installed. */
import { crc32, gunzipSync, inflateRawSync } from 'node:zlib';

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_ENTRY = 0x04034b50;
const MAX_COMMENT = 65_535;

/** PKWARE APPNOTE 4.3; stored and deflated entries only. Throws when the entry is missing or its CRC is wrong. */
export function readZipEntry(archive: Buffer, wanted: string): Buffer {
  const end = findEnd(archive);
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left -= 1) {
    if (archive.readUInt32LE(at) !== DIRECTORY_ENTRY) throw new Error('the zip archive has a broken directory');
    const nameLength = archive.readUInt16LE(at + 28);
    if (archive.toString('utf8', at + 46, at + 46 + nameLength) === wanted) return extract(archive, at);
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  throw new Error(`the zip archive has no ${wanted}`);
}

function findEnd(archive: Buffer): number {
  const first = Math.max(0, archive.length - 22 - MAX_COMMENT);
  for (let at = archive.length - 22; at >= first; at -= 1) {
    if (archive.readUInt32LE(at) === END_OF_DIRECTORY) return at;
  }
  throw new Error('not a zip archive');
}

function extract(archive: Buffer, entry: number): Buffer {
  const method = archive.readUInt16LE(entry + 10);
  const size = archive.readUInt32LE(entry + 20);
  const local = archive.readUInt32LE(entry + 42);
  if (archive.readUInt32LE(local) !== LOCAL_ENTRY) throw new Error('the zip archive has a broken entry');
  // The local header repeats the lengths of name and extra field, and may differ from the directory in the second.
  const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
  const bytes = archive.subarray(start, start + size);
  if (method !== 0 && method !== 8) throw new Error(`the zip entry has compression method ${method}`);
  const content = method === 8 ? inflateRawSync(bytes) : bytes;
  if (crc32(content) !== archive.readUInt32LE(entry + 16)) throw new Error('the zip entry is damaged (CRC-32)');
  return content;
}

/** POSIX.1-1988 (ustar) headers, as npm packs them; names of at most 100 bytes. */
export function readTarEntry(archive: Buffer, wanted: string): Buffer {
  const tar = gunzipSync(archive);
  for (let at = 0; at + 512 <= tar.length; ) {
    const name = cString(tar, at, 100);
    const size = Number.parseInt(cString(tar, at + 124, 12).trim() || '0', 8);
    if (name === wanted) return tar.subarray(at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  throw new Error(`the tar archive has no ${wanted}`);
}

function cString(bytes: Buffer, start: number, length: number): string {
  return bytes.toString('utf8', start, start + length).split('\0', 1)[0] ?? '';
}
